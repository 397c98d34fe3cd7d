"""Does the neuron separate the words however they are given to the model?"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from core.activations import read_both_sides
from core.comparison import units_of_pair
from core.evidence.rules import CLEAR_AUC
from core.evidence.subject import Subject
from core.progress import Progress, unwatched
from core.records import FAILS, HOLDS, POOLINGS, UNCLEAR, Finding
from core.stats.effect_size import auc

TITLE = "How the words are read"
QUESTION = "Does the neuron separate the words with and without a prefix, a leading space, or the mean over tokens?"
RULE = (
    f"Holds if the AUC for its own class is at least {CLEAR_AUC} in all ways of reading; does not hold if it is below "
    "0.5 in one of them, or reaches it in less than half; else unclear."
)
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
    settings = list(product(prefixes, (False, True), POOLINGS))
    ways = []
    for k, (prefix, leading_space, pooling) in enumerate(settings):
        progress(k / len(settings), f"Reading the words: way {k + 1} of {len(settings)}")
        found = _auc(subject, prefix, leading_space, pooling)
        ways.append({"prefix": prefix, "leading_space": leading_space, "pooling": pooling, "auc": found})
    aucs = np.array([way["auc"] for way in ways])
    clear = int((aucs >= CLEAR_AUC).sum())
    verdict = HOLDS if clear == len(ways) else FAILS if aucs.min() < 0.5 or clear < len(ways) / 2 else UNCLEAR
    sentence = (
        f"In {clear} of {len(ways)} ways of reading the words, a random word of {subject.own} is above one of "
        f"{subject.other} in at least {CLEAR_AUC:.0%} of pairs; the lowest share is {aucs.min():.0%}."
    )
    return Finding(verdict, RULE, sentence, aucs.min(), (aucs.min(), aucs.max()), {"ways": ways})


def _auc(subject: Subject, prefix: bool, leading_space: bool, pooling: str) -> float:
    """The AUC of the neuron for its own class, in one way of reading."""
    words, values = subject.result.words, []
    units = units_of_pair(subject.spec, words)
    for its_units, its_words in zip(units, (words.target, words.baseline), strict=True):
        how: dict[str, Any] = {"pooling": pooling, "leading_space": leading_space, "prefix": prefix}
        sides = read_both_sides(subject.lm, its_words, [subject.layer], gate=subject.gate, **how)
        # [1, n_words] -> [n_words, 1] -> [n_units, 1]
        values.append(its_units.mean(sides.column(subject.side, subject.neuron).T))
    return float(subject.toward(auc(*values)[0]))
