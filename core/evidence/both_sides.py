"""Does the neuron separate the classes both before and after the nonlinearity, on words and in running text?"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.evidence.gold_words import gold_words, separation
from core.evidence.rules import by_interval
from core.evidence.subject import Subject
from core.progress import Progress, part_of, unwatched
from core.records import CLEAR_AUC, HOOK_SIDES, Finding
from core.report.readable import readable_auc
from core.report.sentences import where
from core.stats.cluster_bootstrap import auc_interval

PLACE = 20
TITLE = "Before and after the nonlinearity"
QUESTION = "Does what the neuron passes on separate the classes too, on the words and in tagged running text?"
RULE = (
    "The AUC for its own class, that of the tested side, is computed before and after the nonlinearity, on the words "
    f"and in the text. Holds if all 95% intervals are at or above {CLEAR_AUC}; does not hold if one is below; else "
    "unclear."
)
VALUE = "lowest AUC"
LIMITS = (
    "Both sides are values of one neuron. What later layers make of its activation depends on its output weights, "
    "which this check does not see. Custom lists have no tagged text."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Compare the classes at both sides of the nonlinearity, on the words and in the text.

    In a gated model, the two sides are the gate's pre-activation, and the gated product: the nonlinearity of the gate
    times the other branch. AUC: Mann & Whitney (1947). Intervals: bootstrap of clusters (Field & Welsh 2007), which are
    lemmas for words and sentences for text.

    Returns
    -------
    Finding
        ``value`` is the lowest AUC of all readings, ``interval`` its 95% interval. ``figures`` has ``gated``, whether
        the model is; and ``readings``: for each one ``source`` ("words" or "text"), ``side``, ``tested`` (whether the
        side is the spec's), ``n_own``, ``n_other``, ``auc``, ``low`` and ``high`` (None in a text with fewer than 10
        words of a class). For custom lists and shuffled
        labels there is no text.
    """
    readings = []
    for side in HOOK_SIDES:
        progress(0.05, f"Comparing the words {where(side)}")
        readings.append({"source": "words", "side": side, **_on_words(subject, side)})
    if subject.has_tags:
        gold = subject.read_gold(part_of(progress, 0.1, 0.9))
        own, other = subject.tags(subject.own), subject.tags(subject.other)
        for side in HOOK_SIDES:
            progress(0.95, f"Comparing the text {where(side)}")
            found = separation(gold_words(subject, gold, own, other, side), subject.spec.seed)
            readings.append({"source": "text", "side": side, **found})
    readings = [{**reading, "tested": reading["side"] == subject.side} for reading in readings]
    known = [reading for reading in readings if reading["auc"] is not None]
    least = min(known, key=lambda reading: reading["auc"])
    verdict = by_interval(min(each["low"] for each in known), min(each["high"] for each in known))
    figures = {"gated": subject.lm.hook_points.nonlinearity is None, "readings": readings}
    return Finding(verdict, RULE, _sentence(subject, readings), least["auc"], (least["low"], least["high"]), figures)


def _on_words(subject: Subject, side: str) -> dict[str, Any]:
    """The AUC of the units of the word lists; forms of one lemma are drawn together."""
    target, baseline = subject.values(side)
    values = np.concatenate([target, baseline])
    is_own = (np.arange(len(values)) < len(target)) == subject.favours_target
    cluster = np.arange(len(values))
    if subject.spec.unit == "word":
        of_class = zip(("target", "baseline"), subject.lemmas, strict=True)
        cluster = np.array([f"{name} {lemma}" for name, lemmas in of_class for lemma in lemmas])
    auc, low, high = auc_interval(values, is_own, cluster, seed=subject.spec.seed)
    n_own = int(is_own.sum())
    return {"n_own": n_own, "n_other": len(values) - n_own, "auc": auc, "low": low, "high": high}


def _sentence(subject: Subject, readings: list[dict[str, Any]]) -> str:
    """The AUCs of both sides, and where the order is reversed."""
    known = [reading for reading in readings if reading["auc"] is not None]
    parts = []
    for side in HOOK_SIDES:
        found = {each["source"]: readable_auc(each["auc"]) for each in known if each["side"] == side}
        text = f" and {found['text']} in tagged text" if "text" in found else ""
        parts.append(f"{where(side)} it is {found['words']} on the words{text}")
    sentence = f"The AUC for {subject.own}: {', '.join(parts)}."
    reversed_at = [
        f"{where(each['side'])} {'on the words' if each['source'] == 'words' else 'in the text'}"
        for each in known
        if each["high"] < 0.5
    ]
    return f"{sentence} The order is reversed {' and '.join(reversed_at)}." if reversed_at else sentence
