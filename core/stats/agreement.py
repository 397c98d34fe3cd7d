"""How far two sets of numbers agree: correlations, quantiles against quantiles."""

from __future__ import annotations

import numpy as np

from core.records.agreement import QuantilePairs
from core.stats.ranks import midranks


def pearson(a: np.ndarray, b: np.ndarray) -> float | None:
    """Pearson's correlation of two arrays (n,) of finite numbers; None if n < 2 or one of them does not vary.

    Examples
    --------
    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    1.0
    >>> pearson(np.array([1.0, 1.0]), np.array([1.0, 2.0])) is None
    True
    """
    if a.size < 2 or a.min() == a.max() or b.min() == b.max():
        return None
    centred = [(each - each.mean()) / np.abs(each - each.mean()).max() for each in (a.astype(float), b.astype(float))]
    x, y = (each / np.linalg.norm(each) for each in centred)
    if np.array_equal(x, y) or np.array_equal(x, -y):  # rounding must not make it 0.9999999999999998
        return 1.0 if np.array_equal(x, y) else -1.0
    return float(np.clip(x @ y, -1.0, 1.0))


def spearman(a: np.ndarray, b: np.ndarray) -> float | None:
    """Spearman's rank correlation of two arrays (n,): Pearson's of their ranks, ties with the mean of theirs.

    None as of ``pearson``.

    References
    ----------
    Spearman (1904), American Journal of Psychology 15:72-101.

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 30.0]), np.array([3.0, 2.0, -9.0]))
    -1.0
    """
    if a.size < 2:
        return None
    ranks = midranks(np.stack([a, b]))  # [2, n]
    return pearson(ranks[0], ranks[1])


def quantile_pairs(a: np.ndarray, b: np.ndarray, most: int = 1_000) -> QuantilePairs:
    """Two arrays (n_a,) and (n_b,) at the same quantiles, from the smallest to the largest of each.

    There are as many points as the shorter one has values, but at most ``most``. With as many values in both, and not
    more than ``most``, the points are the sorted values; else they are interpolated linearly. Empty arrays have none.

    References
    ----------
    Wilk & Gnanadesikan (1968), Biometrika 55:1-17.

    Examples
    --------
    >>> quantile_pairs(np.array([3.0, 1.0, 2.0]), np.array([10.0, 40.0, 20.0, 30.0, 50.0])).b
    array([10., 30., 50.])
    """
    n = min(a.size, b.size, most)
    if n == 0:
        return QuantilePairs(np.empty(0), np.empty(0), np.empty(0))
    at = np.linspace(0.0, 1.0, n) if n > 1 else np.array([0.5])
    if n == a.size == b.size:
        return QuantilePairs(at, np.sort(a), np.sort(b))
    return QuantilePairs(at, np.quantile(a, at), np.quantile(b, at))
