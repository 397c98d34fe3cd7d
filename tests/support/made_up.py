"""A subject whose values were made up: the words and the model of a real one, and neurons that we know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.comparison import compare_neurons, correct, measure_effects
from core.evidence import Subject
from core.experiment import conclude
from core.records import BothSides, ContrastSpec, WordActivations

N_NEURONS = 40


def with_values(subject: Subject, target: np.ndarray, baseline: np.ndarray, neuron: int, **changes: object) -> Subject:
    """The subject with other values: float32 (n_layers, n_words, n_neurons) of each class, before the nonlinearity.

    ``changes`` are those of its spec; they do not change the words.
    """
    spec: ContrastSpec = subject.spec.changed(**changes)
    old = subject.activations
    sides = [_sides(values) for values in (target, baseline)]
    activations = WordActivations(old.words, old.layers, *sides, spec.hook_side, old.target_tokens, old.baseline_tokens)
    tests = compare_neurons(spec, activations)
    adjusted = correct(spec, tests, activations)
    effects = measure_effects(spec, activations)
    result = conclude(spec, subject.lm.info, activations, tests, adjusted, effects=effects)
    return replace(subject, neuron=neuron, result=result, activations=activations, tests=tests)


def noise(subject: Subject, seed: int = 0, n_neurons: int = N_NEURONS) -> tuple[np.ndarray, np.ndarray]:
    """Normal values for each word of both classes, which say nothing about the class."""
    rng = np.random.default_rng(seed)
    words = subject.result.words
    shapes = [(len(subject.activations.layers), len(its), n_neurons) for its in (words.target, words.baseline)]
    target, baseline = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return target, baseline


def planted(subject: Subject, shift: float, neuron: int = 7, seed: int = 0, **changes: object) -> Subject:
    """Noise, but one neuron of the spec's layer is ``shift`` standard deviations higher for the target."""
    target, baseline = noise(subject, seed)
    target[subject.activations.layers.index(subject.layer), :, neuron] += shift
    return with_values(subject, target, baseline, neuron, **changes)


def _sides(values: np.ndarray) -> BothSides:
    return BothSides(values, values[:, :0], np.array([], np.int64), np.tanh)
