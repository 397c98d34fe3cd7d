"""Does the neuron separate the two classes in running text that people have tagged?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.evidence.gold_words import GoldWords, check_enough, gold_words, named, separation
from core.evidence.rules import by_interval
from core.evidence.subject import Subject
from core.evidence.text_baselines import baselines
from core.progress import Progress, part_of, unwatched
from core.records import CLEAR_AUC, UPOS, Finding, GoldActivations
from core.report.readable import readable_auc
from core.stats.threshold import best_threshold

PLACE = 100
TITLE = "Running text with gold tags"
QUESTION = "Does the neuron separate the two classes in running text whose words were tagged by people?"
RULE = (
    f"Holds if the 95% interval of the AUC for its own class in the text is at or above {CLEAR_AUC}; does not hold if "
    "it is below; else unclear."
)
VALUE = "AUC"
LIMITS = (
    "The text is of a few genres, and each sentence is read alone. Only two classes are compared, and VERB has no "
    "auxiliaries. A high AUC may come from what goes along with the classes: compare it with the simple baselines."
)

_N_BINS = 40
_MAX_GENRES = 12
_IN_RANGE = (0.5, 99.5)  # percentiles: the few values beyond go to the first and the last bin


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Compare the neuron at words tagged as its own class and as the other one, such as NOUN against VERB.

    AUC: the share of pairs of an own and an other word in which the own one is higher. Interval: percentiles of 1,000
    draws of whole sentences with replacement (``core.stats.cluster_bootstrap``).

    Returns
    -------
    Finding
        ``value`` is the AUC for its own class, ``interval`` its 95% interval. ``figures``:

        ``text``
            The SHA-256 of the tagged text (``GoldText.digest``).
        ``own_tags``, ``other_tags``
            The tags that were compared.
        ``n_own``, ``n_other``, ``n_sentences``, ``n_read``, ``notes``
            Words of each class, the sentences that have them, all words that were read, and what was left out.
        ``whole``
            ``auc``, ``low`` and ``high`` of all these words: the value and its interval.
        ``threshold``
            ``value``, the best one for the words of the lists (``core.stats.threshold``), their ``balanced_accuracy``,
            and with this threshold in the text: ``precision``, the share of own words among those above it, and
            ``recall``, the share of own words that are above it.
        ``groups``, ``genres``
            Parts of the words: ``name``, ``n_own``, ``n_other``, ``auc``, ``low``, ``high`` (None with fewer than 10
            words of a class), ``recall``, and ``false_alarms``, the share of other words above the threshold (None
            without such words). The first word of a sentence is the first one that is no PUNCT.
        ``baselines``
            See ``core.evidence.text_baselines``.
        ``histogram``
            ``edges`` (41) of the bins, and for each tag the ``counts`` (40) of its words. Edges reach from the 0.5th to
            the 99.5th percentile; values beyond are in the first and the last bin.
    """
    own, other = subject.tags(subject.own), subject.tags(subject.other)
    seed = subject.spec.seed
    gold = subject.read_gold(part_of(progress, 0.0, 0.6))
    words = gold_words(subject, gold, own, other)
    check_enough(words, own, other)
    found = separation(words, seed)
    threshold = _threshold(subject, words)
    figures: dict[str, Any] = {
        "text": subject.gold.digest,
        "own_tags": own,
        "other_tags": other,
        **{name: found[name] for name in ("n_own", "n_other")},
        "whole": {name: found[name] for name in ("auc", "low", "high")},
        "n_sentences": len(np.unique(words.sentence)),
        "n_read": len(gold.words),
        "notes": gold.notes,
        "threshold": threshold,
        "histogram": _histogram(gold, subject),
    }
    for name, masks in (("groups", _groups(subject, gold, words)), ("genres", _genres(gold, words))):
        figures[name] = []
        for part, chosen in masks:
            progress(0.7 if name == "groups" else 0.8, f"Comparing parts of the text: {part}")
            figures[name].append({"name": part, **_part(words.among(chosen), threshold["value"], seed)})
    progress(0.9, "Comparing with letters and neighbours")
    figures["baselines"] = baselines(subject, gold, words)
    low, high = found["low"], found["high"]
    return Finding(by_interval(low, high), RULE, _sentence(found, figures), found["auc"], (low, high), figures)


def _threshold(subject: Subject, words: GoldWords) -> dict[str, Any]:
    value, accuracy = best_threshold(*subject.oriented(subject.values(unit="word")))
    above = words.values > value
    hits, n_above = int((above & words.is_own).sum()), int(above.sum())
    return {
        "value": value,
        "balanced_accuracy": accuracy,
        "precision": hits / n_above if n_above else None,
        "recall": hits / words.n_of_each[0],
    }


def _part(words: GoldWords, threshold: float, seed: int) -> dict[str, Any]:
    """The numbers of some of the words."""
    above, (n_own, n_other) = words.values > threshold, words.n_of_each
    return {
        **separation(words, seed),
        "recall": float(above[words.is_own].mean()) if n_own else None,
        "false_alarms": float(above[~words.is_own].mean()) if n_other else None,
    }


def _groups(subject: Subject, gold: GoldActivations, words: GoldWords) -> Iterator[tuple[str, np.ndarray]]:
    """Parts of the words, each with a mask (n,)."""
    forms = np.array([gold.words[k].form.lower() for k in words.place])
    first, after_determiner = (np.array(each) for each in zip(*(_where(gold, k) for k in words.place), strict=True))
    listed = np.isin(forms, [form.lower() for form in (*subject.result.words.target, *subject.result.words.baseline)])
    yield "not the first word of a sentence", ~first
    yield "the first word of a sentence", first
    yield "form in the word lists", listed
    yield "form not in the word lists", ~listed
    yield "ends in -ing", np.char.endswith(forms, "ing") & (np.char.str_len(forms) > 4)
    yield "directly after a determiner", after_determiner


def _where(gold: GoldActivations, place: int) -> tuple[bool, bool]:
    """Whether a word is the first one of its sentence, and whether it is directly after a determiner."""
    before = gold.text.sentences[gold.sentence[place]].words[: gold.word[place]]
    return all(word.upos == "PUNCT" for word in before), bool(before) and before[-1].upos == "DET"


def _genres(gold: GoldActivations, words: GoldWords) -> Iterator[tuple[str, np.ndarray]]:
    """The genres with most words, with masks; none if the file names none."""
    genre = np.array([gold.text.sentences[sentence].genre for sentence in words.sentence])
    for name, _ in Counter(genre[genre != ""].tolist()).most_common(_MAX_GENRES):
        yield name, genre == name


def _histogram(gold: GoldActivations, subject: Subject) -> dict[str, Any]:
    values = subject.spec.tested_by.compared(gold.at(subject.side)[:, subject.neuron]).astype(np.float64)
    low, high = np.percentile(values, _IN_RANGE)
    edges = np.linspace(low, high, _N_BINS + 1) if low < high else np.linspace(low - 0.5, low + 0.5, _N_BINS + 1)
    within = np.clip(values, edges[0], edges[-1])
    return {"edges": edges, "counts": {tag: np.histogram(within[gold.tags == tag], edges)[0] for tag in UPOS}}


def _sentence(found: dict[str, Any], figures: dict[str, Any]) -> str:
    own, other = named(figures["own_tags"]), named(figures["other_tags"])
    return (
        f"At {found['n_own']:,} words tagged {own} and {found['n_other']:,} tagged {other}, the AUC for {own} is "
        f"{readable_auc(found['auc'])} (95% interval {readable_auc(found['low'])} to {readable_auc(found['high'])}). "
        f"{_compared(figures['baselines'])}"
    )


def _compared(baselines: list[dict[str, Any]]) -> str:
    best = max(baselines, key=lambda each: each["auc"])
    low, high = best["difference_low"], best["difference_high"]
    standing = "above" if low > 0 else "below" if high < 0 else "neither clearly above nor below"
    return (
        f"It is {standing} the best simple baseline, {best['name']} (counted in {best['counted_in']}), which reaches "
        f"{readable_auc(best['auc'])} on the same words."
    )
