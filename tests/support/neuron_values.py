"""Neurons' values to test, what tests of them must agree in, and the AUC counted pair by pair."""

from __future__ import annotations

import numpy as np

from core.records import NeuronTests

NAMES = tuple(NeuronTests.__dataclass_fields__)


def activations(n_words: int, n_neurons: int, seed: int, dtype: str = "float32") -> np.ndarray:
    """(n_words, n_neurons) of neurons with their own offsets and spreads, from tiny to large."""
    rng = np.random.default_rng(seed)
    offset, spread = rng.normal(0, 3, n_neurons), 10.0 ** rng.uniform(-3, 3, n_neurons)
    return (offset + spread * rng.standard_normal((n_words, n_neurons))).astype(dtype)


def with_dead_neurons(n_target: int, n_baseline: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten neurons; 2 does not vary at all, 5 is constant in each group at different values."""
    target, baseline = activations(n_target, 10, seed=1), activations(n_baseline, 10, seed=2)
    target[:, 2] = baseline[:, 2] = 0.1
    target[:, 5], baseline[:, 5] = 0.7, 0.1
    return target, baseline


def assert_same(left: NeuronTests, right: NeuronTests, rtol: float = 1e-12) -> None:
    for name in NAMES:
        np.testing.assert_allclose(getattr(left, name), getattr(right, name), rtol=rtol, err_msg=name)


def assert_identical(left: NeuronTests, right: NeuronTests) -> None:
    for name in NAMES:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def auc_by_pairs(target: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """(n_target, n_neurons) and (n_baseline, n_neurons) -> (n_neurons,): every pair looked at."""
    above, equal = target[:, None] > baseline[None], target[:, None] == baseline[None]
    return (above + 0.5 * equal).sum((0, 1)) / (len(target) * len(baseline))
