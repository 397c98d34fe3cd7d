"""Is the neuron high for its own class, or only low for the other one?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.evidence.gold_words import GoldWords, check_enough, gold_words, named, separation
from core.evidence.subject import Subject
from core.progress import Progress, part_of, unwatched
from core.records import CLEAR_AUC, FAILS, HOLDS, UNCLEAR, UPOS, Finding
from core.report.readable import readable_auc
from core.stats.cluster_bootstrap import auc_draws, percentile_interval

PLACE = 110
TITLE = "Its own class against all others"
QUESTION = (
    "Is the neuron higher for its own class than for every other one, or only lower for the class it was compared with?"
)
_SINGLE = ("NOUN", "VERB", "PROPN", "ADJ", "DET", "AUX", "PRON", "ADV", "ADP")
_MIN_SINGLE = 20  # words of a single class, from which on it counts for the verdict
RULE = (
    f"Holds if the 95% interval of the AUC for its own class against all other words is at or above {CLEAR_AUC}, and "
    f"the AUC against each of {', '.join(_SINGLE)} (with at least {_MIN_SINGLE} words) is at least {CLEAR_AUC}; does "
    f"not hold if the interval against all other words, or against one of these classes, is below; else unclear."
)
VALUE = "AUC against the rest"
LIMITS = (
    "The AUC against all others depends on how frequent each class is in the text. Classes that grammars count as one "
    "(NOUN and PROPN, VERB and AUX) are apart here."
)
_MARKS = ("PUNCT", "SYM")


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Compare the words tagged as the neuron's own class with all others, and with single classes.

    AUCs and intervals as in ``core.evidence.gold_text``. The mirrored reading compares how well the neuron, by low
    values, picks out the other class from all words: that neuron is rather "not VERB" than "NOUN", whose mirrored AUC
    is higher, by more than chance between draws of sentences.

    Returns
    -------
    Finding
        ``value`` is the AUC of the own class over all other words, ``interval`` its 95% interval. ``figures``:

        ``own_tags``, ``other_tags``
            The tags of both classes of the experiment.
        ``rest``, ``rest_without_marks``
            The own class against all other words, and against those that are not PUNCT or SYM: ``n_own``, ``n_other``,
            ``auc``, ``low``, ``high``.
        ``singles``
            The same for single classes, each with its ``tag``.
        ``mirrored``
            All words but the other class, over the other class: ``n_own`` (the number of these words), ``n_other``,
            ``auc``, ``low``, ``high``; and ``difference``, this AUC minus that of ``rest``, with ``difference_low`` and
            ``difference_high`` from the same draws of sentences.
    """
    own, other = subject.tags(subject.own), subject.tags(subject.other)
    gold = subject.read_gold(part_of(progress, 0.0, 0.6))
    not_own = [tag for tag in UPOS if tag not in own]
    words = gold_words(subject, gold, own, not_own)
    check_enough(words, own, not_own)
    seed = subject.spec.seed
    progress(0.6, f"Comparing {named(own)} with all other words")
    tags = gold.tags[words.place]
    rest, draws = _against(words, words.is_own, seed)
    progress(0.7, f"Comparing {named(other)} with all other words")
    mirrored, mirrored_draws = _against(words, ~np.isin(tags, other), seed)
    less, more = percentile_interval(mirrored_draws - draws)
    difference = {"difference": _minus(mirrored["auc"], rest["auc"]), "difference_low": less, "difference_high": more}
    singles = []
    for tag in (tag for tag in _SINGLE if tag not in own):
        progress(0.8, f"Comparing {named(own)} with {tag}")
        singles.append({"tag": tag, **separation(words.among(words.is_own | (tags == tag)), seed)})
    figures = {
        "own_tags": own,
        "other_tags": other,
        "rest": rest,
        "rest_without_marks": separation(words.among(~np.isin(tags, _MARKS)), seed),
        "singles": singles,
        "mirrored": {**mirrored, **difference},
    }
    sentence = _sentence(figures)
    return Finding(_verdict(rest, singles), RULE, sentence, rest["auc"], (rest["low"], rest["high"]), figures)


def _against(words: GoldWords, is_high: np.ndarray, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """The AUC of some words (n,) over all others, with its interval, and its draws; NaN without words of both."""
    n_high = int(is_high.sum())
    counts = {"n_own": n_high, "n_other": len(is_high) - n_high}
    if min(counts.values()) == 0:
        return {**counts, "auc": None, "low": None, "high": None}, np.array([np.nan])
    auc, draws = auc_draws(words.values, is_high, words.sentence, seed=seed)
    low, high = percentile_interval(draws)
    return {**counts, "auc": auc, "low": low, "high": high}, draws


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _counting(singles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The single classes with enough words of their own and of the neuron's class."""
    return [single for single in singles if single["auc"] is not None and single["n_other"] >= _MIN_SINGLE]


def _verdict(rest: dict[str, Any], singles: Sequence[dict[str, Any]]) -> str:
    counting = _counting(singles)
    if rest["low"] >= CLEAR_AUC and all(single["auc"] >= CLEAR_AUC for single in counting):
        return HOLDS
    if rest["high"] < CLEAR_AUC or any(single["high"] < CLEAR_AUC for single in counting):
        return FAILS
    return UNCLEAR


def _sentence(figures: dict[str, Any]) -> str:
    own, other = named(figures["own_tags"]), named(figures["other_tags"])
    rest, mirrored = figures["rest"], figures["mirrored"]
    low, high = (readable_auc(rest[name]) for name in ("low", "high"))
    sentence = (
        f"Against all other words, the AUC for {own} is {readable_auc(rest['auc'])} (95% interval {low} to {high})"
    )
    if counting := _counting(figures["singles"]):
        least = min(counting, key=lambda single: single["auc"])
        sentence += f"; of the single classes, it is lowest against {least['tag']}, {readable_auc(least['auc'])}"
    if mirrored["difference_low"] > 0 and mirrored["auc"] > 0.5:
        return (
            f"{sentence}. For all words but {other} over {other} it is {readable_auc(mirrored['auc'])}: the neuron is "
            f"rather “not {other}” than “{own}”."
        )
    return f"{sentence}."
