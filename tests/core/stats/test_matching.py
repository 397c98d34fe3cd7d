"""Matching against every possible way to pair a few words."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from core.stats.matching import match_pairs

CALIPER = np.array([1.0, 0.5])


def best_of_all(target: np.ndarray, baseline: np.ndarray, strata: tuple[np.ndarray, np.ndarray]) -> tuple[int, float]:
    """The largest number of pairs, and the least sum of distances with that many."""
    n = len(target)
    padded = [*range(len(baseline)), *[None] * n]
    best = (0, 0.0)
    for chosen in set(permutations(padded, n)):
        steps = [
            np.abs(target[i] - baseline[j]) / CALIPER
            for i, j in enumerate(chosen)
            if j is not None and strata[0][i] == strata[1][j]
        ]
        if len(steps) != sum(j is not None for j in chosen) or any((step > 1).any() for step in steps):
            continue
        total = float(np.sum(steps))
        if len(steps) > best[0] or (len(steps) == best[0] and total < best[1]):
            best = (len(steps), total)
    return best


def test_it_pairs_as_many_as_possible_as_closely_as_possible() -> None:
    rng = np.random.default_rng(0)
    for _ in range(15):
        target, baseline = rng.uniform(0, 2, (4, 2)), rng.uniform(0, 2, (4, 2))
        strata = rng.integers(0, 2, 4), rng.integers(0, 2, 4)
        pairs = match_pairs(target, baseline, *strata, CALIPER)
        apart = np.abs(target[pairs[:, 0]] - baseline[pairs[:, 1]]) / CALIPER
        assert (apart <= 1).all() and (strata[0][pairs[:, 0]] == strata[1][pairs[:, 1]]).all()
        assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
        n, total = best_of_all(target, baseline, strata)
        assert len(pairs) == n
        np.testing.assert_allclose(apart.sum(), total)


def test_nothing_alike_gives_no_pair() -> None:
    far = match_pairs(np.zeros((3, 2)), np.full((2, 2), 9.0), np.zeros(3), np.zeros(2), CALIPER)
    apart = match_pairs(np.zeros((3, 2)), np.zeros((2, 2)), np.zeros(3), np.ones(2), CALIPER)
    assert far.shape == apart.shape == (0, 2)
