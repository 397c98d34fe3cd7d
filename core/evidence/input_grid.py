"""Does the neuron separate the words however they are given to the model?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from core.activations import token_counts, word_activations
from core.comparison import units_of_pair
from core.evidence.subject import Subject
from core.progress import Progress, part_of, unwatched
from core.records import CLEAR_AUC, FAILS, HOLDS, POOLINGS, UNCLEAR, Finding
from core.report.readable import as_chosen, readable_share
from core.stats.effect_size import auc

PLACE = 90
TITLE = "How the words are read"
QUESTION = "Does the neuron separate the words with and without a prefix, a leading space, or the mean over tokens?"
RULE = (
    f"Holds if the AUC for its own class is at least {CLEAR_AUC} in all ways of reading; does not hold if it is below "
    "0.5 in one of them, or reaches it in less than half; else unclear."
)
VALUE = "lowest AUC"
LIMITS = "All ways read single words, and a model hardly ever sees a word alone: only running text can show its use."


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Read the words in every combination of {no prefix, prefix} x {bare, leading space} x {mean, last token}.

    Returns
    -------
    Finding
        ``value`` is the lowest AUC of the ways, for the neuron's own class, and ``interval`` their range. ``figures``
        has ``ways``: for each one, ``prefix``, ``leading_space``, ``pooling`` and its ``auc``. A model without a
        beginning-of-text token has half of them.
    """
    prefixes = (False, True) if subject.lm.start_token is not None else (False,)
    readings = list(product(prefixes, (False, True)))
    ways = []
    for k, (prefix, leading_space) in enumerate(readings):
        watch = part_of(progress, k / len(readings), (k + 1) / len(readings))
        for pooling, found in _aucs(subject, prefix, leading_space, watch).items():
            ways.append({"prefix": prefix, "leading_space": leading_space, "pooling": pooling, "auc": found})
    aucs = np.array([way["auc"] for way in ways])
    clear = int((aucs >= CLEAR_AUC).sum())
    verdict = HOLDS if clear == len(ways) else FAILS if aucs.min() < 0.5 or clear < len(ways) / 2 else UNCLEAR
    lowest = readable_share(float(aucs.min()))
    sentence = (
        f"In {clear} of {len(ways)} ways of reading the words, a random word of {subject.own} is above one of "
        f"{subject.other} in at least {as_chosen(100 * CLEAR_AUC)}% of pairs; the lowest share is {lowest}."
    )
    return Finding(verdict, RULE, sentence, aucs.min(), (aucs.min(), aucs.max()), {"ways": ways})


def _aucs(subject: Subject, prefix: bool, leading_space: bool, progress: Progress) -> dict[str, float]:
    """The AUC of the neuron for its own class in one way of reading, for each pooling."""
    words = subject.result.words
    classes = (words.target, words.baseline)
    texts = [*words.target, *words.baseline]
    n_tokens = token_counts(subject.lm, texts, leading_space=leading_space)
    how: dict[str, Any] = {"prefix": prefix, "leading_space": leading_space, "progress": progress}
    pooled = {"mean": _column(subject, texts, pooling="mean", **how)}
    pooled["last"] = pooled["mean"].copy()
    # The mean over one token is that token: only longer words are read again.
    longer = np.flatnonzero(n_tokens > 1)
    if len(longer):
        again = [texts[i] for i in longer]
        pooled["last"][longer] = _column(subject, again, pooling="last", **how)
    units, ends = units_of_pair(subject.spec, words), (0, len(classes[0]), len(texts))
    found = {}
    for pooling in POOLINGS:
        # [n_words] -> [n_words, 1] -> [n_units, 1]
        target, baseline = (
            its.mean(pooled[pooling][first:last, None])
            for its, (first, last) in zip(units, pairwise(ends), strict=True)
        )
        found[pooling] = float(subject.toward(auc(target, baseline)[0]))
    return found


def _column(subject: Subject, words: Sequence[str], **how: Any) -> np.ndarray:
    """The neuron's values at the spec's side for some words: float32 (n_words,)."""
    values = word_activations(subject.lm, words, [subject.layer], side=subject.side, gate=subject.gate, **how)
    return values[0, :, subject.neuron].copy()  # [1, n_words, d_mlp] -> [n_words], without the other neurons
