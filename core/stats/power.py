"""The power of a design, from the values themselves: differences are planted in them, and counted where found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.stats.mann_whitney import mann_whitney_z
from core.stats.named import named, record_of_test

DRAWS = 1000
_LARGEST = 10.0  # SD: no larger difference is looked for
_BLOCK = 5_000_000  # numbers of a block of draws in memory

Power = Callable[[float], float]


def planted_power(
    own: np.ndarray, other: np.ndarray, test: str, critical: float, *, draws: int = DRAWS, seed: int = 0
) -> Power | None:
    """How often a test finds a difference that is planted in these values.

    In each draw, as many values as there are in each class are drawn from it with replacement, after the class's mean
    was taken from them; for the paired test, pairs are drawn, after the mean difference was taken. Deviations are
    multiplied by sqrt(n / (n - 1)), so that the values drawn from have the variance that was estimated with n - 1. A
    difference of d SD is added to ``own``, SD being the square root of both classes' mean variance, as in Cohen's
    d_av. It counts as found if the test's statistic is at least ``critical``, in its direction. All d have the same
    draws.

    Parameters
    ----------
    own, other : ndarray of shape (n_own,) and (n_other,)
        The values of the class that is to be higher, and of the other one; for the paired test as many, in order.
    test : str
        One of ``core.records.TESTS``.
    critical : float
        The statistic from which a test is significant, after the correction over its family; NaN if it has none.
    draws, seed : int

    Returns
    -------
    callable or None
        From d in SD to the share of draws in which it is found. None if that is not known: the test's record names no
        function for it, or the statistic has no threshold.

    Notes
    -----
    Found are differences in the planted direction alone, so d = 0 gives half of the corrected alpha. A draw that does
    not vary finds nothing.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 25. Cohen (1988), chapter 2, has the formula
    for normal values.

    Examples
    --------
    >>> values = np.random.default_rng(0).standard_normal(100)
    >>> power = planted_power(values, values[::-1], "welch", critical=1.97)
    >>> power(0.0) < 0.05, 0.75 < power(0.4) < 0.87, power(1.0)  # 0.80 for normal values
    (True, True, 1.0)
    """
    record = record_of_test(test)
    if not record.power or np.isnan(critical):
        return None
    found_by: Callable[[int, np.random.Generator, list[np.ndarray], float], Power] = named(record.power)
    own, other = np.asarray(own, np.float64), np.asarray(other, np.float64)
    sd = float(np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / 2))
    if not sd > 0 or not np.isfinite(critical):
        return lambda d: 0.0
    rng = np.random.default_rng(seed)
    groups = [own - other] if record.paired else [own, other]
    return found_by(draws, rng, [_centred(group, sd) for group in groups], critical)


def smallest_found(power: Power, share: float = 0.8) -> float:
    """The smallest difference that a design finds in a share of draws, in SD to 0.001; NaN if it is above 10.

    Examples
    --------
    >>> smallest_found(lambda d: min(d, 1.0), 0.8)
    0.8
    """
    low, high = 0.0, _LARGEST
    if power(high) < share:
        return float("nan")
    while high - low > 5e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= share else (middle, high)
    return round(high, 3)


def _centred(values: np.ndarray, sd: float) -> np.ndarray:
    """The deviations of values (n,) from their mean in units of ``sd``, stretched as in ``planted_power``."""
    return (values - values.mean()) / sd * np.sqrt(len(values) / (len(values) - 1))


def _counts(rng: np.random.Generator, draws: int, n: int) -> np.ndarray:
    """How often each of n values is drawn when n are drawn with replacement: float64 (draws, n)."""
    drawn = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)


def _blocks(draws: int, n: int) -> list[int]:
    """The numbers of draws in blocks that fit into memory."""
    size = max(1, min(draws, _BLOCK // n))
    return [min(size, draws - at) for at in range(0, draws, size)]


def by_t(draws: int, rng: np.random.Generator, groups: list[np.ndarray], critical: float) -> Power:
    """Of a t test: the difference of the means of two groups, or the mean of one group of differences."""
    means, errors = np.zeros(draws), np.zeros(draws)
    for sign, group in zip((1, -1), groups, strict=False):
        n, sums = len(group), []
        for size in _blocks(draws, len(group)):
            sums.append(_counts(rng, size, n) @ np.stack([group, group**2], axis=1))  # [size, n] @ [n, 2]
        total, squares = np.concatenate(sums).T  # [draws] each
        means += sign * total / n
        errors += (squares - total**2 / n) / (n - 1) / n  # deviations are near 0, so this loses no digits
    errors = np.sqrt(np.maximum(errors, 0))
    varies = errors > 1e-12
    return lambda d: float(np.mean(varies & (means + d >= critical * errors)))


def by_rank(draws: int, rng: np.random.Generator, groups: list[np.ndarray], critical: float) -> Power:
    """Of the Mann-Whitney test. A draw is how often each distinct value of both groups is drawn."""
    (own, of_own), (other, of_other) = (np.unique(group, return_inverse=True) for group in groups)
    n_own, n_other = len(of_own), len(of_other)
    blocks = []
    for size in _blocks(draws, n_own + n_other):
        one = _of_distinct(_counts(rng, size, n_own), of_own)
        two = _of_distinct(_counts(rng, size, n_other), of_other)
        below = np.concatenate([np.zeros((size, 1)), two.cumsum(axis=1)], axis=1)  # [size, n_distinct + 1]
        ties = (one**3).sum(axis=1) + (two**3).sum(axis=1) - n_own - n_other
        blocks.append((one, two, below, ties))

    def power(d: float) -> float:
        left, right = other.searchsorted(own + d, "left"), other.searchsorted(own + d, "right")
        equal = np.flatnonzero(left < right)
        found = 0
        for one, two, below, ties in blocks:
            u = np.vecdot(one, below[:, left] + below[:, right]) / 2
            a, b = one[:, equal], two[:, left[equal]]
            z = mann_whitney_z(u, ties + 3 * (a * b * (a + b)).sum(axis=1), n_own, n_other)
            found += int(np.count_nonzero(z >= critical))  # NaN finds nothing
        return found / draws

    return power


def _of_distinct(counts: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Counts of values (draws, n), added for equal ones: (draws, n_distinct)."""
    order = np.argsort(position, kind="stable")
    starts = np.searchsorted(position[order], np.arange(position.max() + 1))
    return np.add.reduceat(counts[:, order], starts, axis=1)
