"""A subject whose neuron has other values: planted, shuffled, or tied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.evidence import Subject
from core.records import BothSides


def with_values(subject: Subject, target: np.ndarray, baseline: np.ndarray) -> Subject:
    """The same words, with these pre-activations (n_words,) of the neuron."""

    def changed(sides: BothSides, values: np.ndarray) -> BothSides:
        pre_activation = sides.pre_activation.copy()
        pre_activation[:, subject.neuron] = values
        return replace(sides, pre_activation=pre_activation)

    result = subject.result
    sides = changed(result.target_sides, target), changed(result.baseline_sides, baseline)
    return replace(subject, result=replace(result, target_sides=sides[0], baseline_sides=sides[1]))


def shuffled(subject: Subject, seed: int = 0) -> Subject:
    """The neuron's own values, dealt out to the words of both classes at random."""
    target, baseline = subject.values(unit="word")
    mixed = np.random.default_rng(seed).permutation(np.concatenate([target, baseline]))
    return with_values(subject, mixed[: len(target)], mixed[len(target) :])
