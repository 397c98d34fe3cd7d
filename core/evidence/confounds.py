"""Do plainer properties of the words explain the difference?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from core.errors import UserError
from core.evidence.subject import Subject
from core.progress import Progress, unwatched
from core.records import FAILS, HOLDS, UNCLEAR, Finding
from core.report.readable import above_or_below, readable_auc, readable_number
from core.report.sentences import capitalised
from core.stats.effect_intervals import effect_sizes
from core.stats.effect_size import auc
from core.stats.matching import match_pairs
from core.stats.regression import LeastSquares, independent_columns, interval_95, least_squares

SUFFIXES = ("ed", "ing", "s")
CONFOUNDS = ("tokens", "characters", "rank", *(f"ends in -{suffix}" for suffix in SUFFIXES), "capital letter")
_TOKENS, _CHARACTERS, _RANK = range(3)
# Matched words differ by at most one character, and by at most a factor of two in rank.
_CALIPER = np.array([1.0, np.log10(2.0)])
# So many more words than columns: with fewer, a regression fits almost anything, and its intervals are too narrow.
_FREE = 10

PLACE = 80
TITLE = "Other properties of the words"
QUESTION = "Do length, frequency or a suffix of the words explain the difference between the classes?"
RULE = (
    "Holds if the 95% interval of the adjusted difference is above zero, the adjusted difference is at least half the "
    "raw one, and the neuron's AUC is above that of every other property; does not hold if the interval includes zero, "
    "the sign turns, another property determines the class, or the neuron is not significant in the experiment (of "
    "many neurons, chance gives some such an interval); else unclear."
)
VALUE = "adjusted difference (SD)"
LIMITS = (
    "Only properties that are listed here are adjusted for, and only linearly. Meaning, how concrete a word is, and "
    "what it usually stands beside are not among them."
)


class _Words(NamedTuple):
    """The words of both classes, the own class first: arrays (n_words,) and ``properties`` (n_words, n_confounds)."""

    values: np.ndarray
    is_own: np.ndarray
    lemmas: np.ndarray
    properties: np.ndarray
    texts: tuple[str, ...]


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """The difference of words, adjusted for their other properties by regression and by matching.

    The properties are the numbers of tokens and characters, the logarithm (base 10) of the rank in the word's list,
    the suffixes -ed, -ing and -s, and a capital letter at the beginning. Words are the units.

    Returns
    -------
    Finding
        ``value`` is the difference for the own class after adjustment, in SD of the words (the square root of both
        classes' mean variance), and ``interval`` its 95% interval, clustered by lemma (CR1). ``figures``:

        ``confounds``
            For each property: ``name``, ``mean_own``, ``mean_other``, ``auc`` (of the better direction), ``adjusted``
            (whether it is in the regression), and ``matched_auc``, after matching.
        ``neuron_auc``, ``raw``, ``raw_interval``
            Of the neuron; the difference without adjustment, its interval clustered by lemma.
        ``adjusted``, ``clustered``, ``hc3``
            The adjusted difference, and its intervals clustered by lemma and by HC3; None if it is not known.
        ``n_pairs``, ``matched_auc``, ``matched_interval``, ``matched``, ``matched_lemmas``
            Pairs of words with the same number of tokens, suffix and capital letter, at most one character and a
            factor of two in rank apart; the neuron's AUC between them (None for fewer than two pairs), the words
            (``target``, ``baseline``), and their lemmas.
        ``notes``
            Sentences about properties that were left out.
    """
    progress(0.0, "Comparing properties of the words")
    words = _words(subject)
    neuron_auc = _auc(words.values, words.is_own)
    aucs = [_better(_auc(column, words.is_own)) for column in words.properties.T]
    progress(0.3, "Adjusting for them")
    regressions = _regressions(words)
    progress(0.5, "Pairing like words")
    pairs = _pairs(words)
    figures: dict[str, Any] = {
        "confounds": _table(words, aucs, regressions["kept"], pairs),
        "neuron_auc": neuron_auc,
        **{name: regressions[name] for name in ("raw", "raw_interval", "adjusted", "clustered", "hc3")},
        **_matched(subject, words, pairs),
        "notes": regressions["notes"],
    }
    adjusted, interval = figures["adjusted"], figures["clustered"]
    verdict = FAILS
    if subject.result.significant[subject.neuron]:
        verdict = _verdict(figures["raw"], adjusted, interval, neuron_auc > max(aucs))
    return Finding(verdict, RULE, _sentence(subject, figures), adjusted, interval, figures)


def _words(subject: Subject) -> _Words:
    """Values and properties of the words; the values in SD."""
    result = subject.result
    target, baseline = zip(
        subject.values(unit="word"),
        (result.words.target, result.words.baseline),
        subject.lemmas,
        (result.target_tokens, result.baseline_tokens),
        (result.words.target_list.words, result.words.baseline_list.words),
        strict=True,
    )
    own, other = subject.oriented((target, baseline))
    values = [side[0].astype(np.float64) for side in (own, other)]
    sd = np.sqrt((values[0].var(ddof=1) + values[1].var(ddof=1)) / 2)
    if not sd > 0:
        raise UserError("The neuron has one value for all words of a class, so its difference has no unit.")
    return _Words(
        np.concatenate(values) / sd,
        np.repeat([1.0, 0.0], [len(values[0]), len(values[1])]),
        np.concatenate([np.array(side[2]) for side in (own, other)]),
        np.concatenate([_properties(texts, tokens, all_words) for _, texts, _, tokens, all_words in (own, other)]),
        (*own[1], *other[1]),
    )


def _properties(texts: tuple[str, ...], tokens: np.ndarray, all_words: tuple[str, ...]) -> np.ndarray:
    """The ``CONFOUNDS`` of the words of one class: float64 (n_words, n_confounds)."""
    rank = {word: at for at, word in enumerate(all_words, start=1)}
    return np.array(
        [
            [
                n_tokens,
                len(text),
                np.log10(rank[text]),
                *(text.lower().endswith(suffix) for suffix in SUFFIXES),
                text[:1].isupper(),
            ]
            for text, n_tokens in zip(texts, tokens, strict=True)
        ],
        dtype=np.float64,
    )


def _auc(values: np.ndarray, is_own: np.ndarray) -> float:
    return float(auc(values[is_own == 1, None], values[is_own == 0, None])[0])


def _better(one: float) -> float:
    return max(one, 1 - one)


def _regressions(words: _Words) -> dict[str, Any]:
    """The raw and the adjusted difference with their intervals, which properties are ``kept``, and notes."""
    kept = independent_columns(words.properties)
    needed = len(kept) + 2 + _FREE  # a constant and the class are columns too
    if len(words.values) < needed:
        raise UserError(
            f"{len(words.values)} words are too few to adjust for {len(kept)} properties; at least {needed} are needed."
        )
    # If the class follows from the properties, nothing can be told apart.
    known = len(independent_columns(np.column_stack([words.properties[:, kept], words.is_own]))) > len(kept)
    raw = _fit(words, [])
    found: dict[str, Any] = {
        "kept": kept,
        "raw": float(raw.coefficients[1]),
        "raw_interval": _clustered(raw, words.lemmas),
        "adjusted": None,
        "clustered": None,
        "hc3": None,
        "notes": [f"“{name}” is left out: {why}." for name, why in _left_out(words.properties, kept)],
    }
    if not known:
        found["notes"].append("The other properties determine the class of each word, so nothing can be adjusted.")
        return found
    fit = _fit(words, kept)
    found["adjusted"] = adjusted = float(fit.coefficients[1])
    found["clustered"] = _clustered(fit, words.lemmas)
    found["hc3"] = interval_95(adjusted, fit.hc3()[1, 1], len(words.values) - fit.design.shape[1])
    return found


def _fit(words: _Words, kept: list[int]) -> LeastSquares:
    """The values by a constant, the class, and some properties in units of their SD."""
    columns = words.properties[:, kept]
    scaled = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return least_squares(words.values, np.column_stack([np.ones_like(words.is_own), words.is_own, scaled]))


def _clustered(fit: LeastSquares, lemmas: np.ndarray) -> tuple[float, float]:
    return interval_95(float(fit.coefficients[1]), fit.clustered(lemmas)[1, 1], len(np.unique(lemmas)) - 1)


def _left_out(properties: np.ndarray, kept: list[int]) -> list[tuple[str, str]]:
    return [
        (name, "it does not vary" if np.ptp(properties[:, at]) == 0 else "it follows from the others")
        for at, name in enumerate(CONFOUNDS)
        if at not in kept
    ]


def _pairs(words: _Words) -> np.ndarray:
    """Like words of both classes: positions (n_pairs, 2) in the own and in the other class."""
    n_own = int(words.is_own.sum())
    close = words.properties[:, [_CHARACTERS, _RANK]]
    equal = np.delete(words.properties, [_CHARACTERS, _RANK], axis=1)
    _, strata = np.unique(equal, axis=0, return_inverse=True)
    return match_pairs(close[:n_own], close[n_own:], strata[:n_own], strata[n_own:], _CALIPER)


def _table(words: _Words, aucs: list[float], kept: list[int], pairs: np.ndarray) -> list[dict[str, Any]]:
    own, other = words.properties[words.is_own == 1], words.properties[words.is_own == 0]
    return [
        {
            "name": name,
            "mean_own": own[:, at].mean(),
            "mean_other": other[:, at].mean(),
            "auc": aucs[at],
            "adjusted": at in kept,
            "matched_auc": _better(float(auc(own[pairs[:, 0], at, None], other[pairs[:, 1], at, None])[0]))
            if len(pairs)
            else None,
        }
        for at, name in enumerate(CONFOUNDS)
    ]


def _matched(subject: Subject, words: _Words, pairs: np.ndarray) -> dict[str, Any]:
    """The neuron's AUC between matched words, and the words."""
    n_own = int(words.is_own.sum())
    sides = (pairs[:, 0], n_own + pairs[:, 1])
    found, interval = None, None
    if len(pairs) >= 2:
        groups = [words.values[side, None] for side in sides]
        sizes = effect_sizes(groups[0], groups[1], paired=False)
        found, interval = float(auc(*groups)[0]), (sizes.auc_low[0], sizes.auc_high[0])
    target, baseline = subject.oriented(sides)  # turned back
    order = np.argsort(target)
    by_name = {"target": target[order].tolist(), "baseline": baseline[order].tolist()}
    return {
        "n_pairs": len(pairs),
        "matched_auc": found,
        "matched_interval": interval,
        "matched": {name: [words.texts[at] for at in side] for name, side in by_name.items()},
        "matched_lemmas": {name: words.lemmas[side].tolist() for name, side in by_name.items()},
    }


def _verdict(raw: float, adjusted: float | None, interval: tuple[float, float] | None, above_all: bool) -> str:
    if adjusted is None or interval is None or not (raw > 0 and interval[0] > 0):  # the adjusted one is in its interval
        return FAILS
    return HOLDS if adjusted >= raw / 2 and above_all else UNCLEAR


def _sentence(subject: Subject, figures: dict[str, Any]) -> str:
    own, other = subject.own, subject.other
    strongest = max(figures["confounds"], key=lambda row: row["auc"])
    if figures["adjusted"] is None:
        adjusted = "the other properties of the words determine their class, so nothing can be adjusted for them"
    else:
        low, high = map(readable_number, figures["clustered"])
        adjusted = (
            f"with the other properties of the words held equal, {readable_number(figures['adjusted'])} (95% interval "
            f"{low} to {high})"
        )
    return (
        f"{capitalised(own)} are {above_or_below(figures['raw'])} {other}; {adjusted}. "
        f"The neuron's AUC is {readable_auc(figures['neuron_auc'])}; that of the strongest other property "
        f"({strongest['name']}) is {readable_auc(strongest['auc'])}."
    )
