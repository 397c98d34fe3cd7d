"""The paired test under other pairings: which target word stands beside which baseline word is arbitrary."""

from __future__ import annotations

import numpy as np

from core.progress import Progress, unwatched
from core.stats.checks import check_finite, check_groups
from core.stats.effect_size import nan_for_zero
from core.stats.moments import mean_and_variance

# If the variance of the differences is less than this share of both groups', it is 0 but for rounding.
_NO_VARIANCE = 1e-12


def random_pairings(n_pairs: int, n: int, seed: int) -> np.ndarray:
    """Random pairings: row k of the result has the baseline word that stands beside each target word.

    Parameters
    ----------
    n_pairs : int
        The number of words of each class.
    n : int
        How many pairings.
    seed : int
        The same seed gives the same pairings. The first ones do not depend on ``n``.

    Returns
    -------
    ndarray of shape (n, n_pairs)
        int64: each row is a permutation of 0 to n_pairs - 1.

    Examples
    --------
    >>> np.sort(random_pairings(3, 2, seed=0), axis=1)
    array([[0, 1, 2],
           [0, 1, 2]])
    """
    return np.random.default_rng(seed).permuted(np.tile(np.arange(n_pairs), (n, 1)), axis=1)


def within_pair_correlation(target: np.ndarray, baseline: np.ndarray) -> float:
    """Pearson's correlation of the two words of a pair, for one neuron; NaN if a class does not vary.

    The paired test gains over Welch's only if it is positive: Var(d) = s1^2 + s2^2 - 2 r s1 s2.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_pairs,)

    Examples
    --------
    >>> within_pair_correlation(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    1.0
    """
    rows = np.stack([target, baseline]).astype(np.float64)
    mean, variance = mean_and_variance(rows)
    if not variance.all():
        return float("nan")
    z = (rows - mean[:, None]) / np.sqrt(variance)[:, None]
    return float(np.clip(z[0] @ z[1] / (rows.shape[1] - 1), -1.0, 1.0))


def repaired_t(
    target: np.ndarray, baseline: np.ndarray, pairings: np.ndarray, progress: Progress = unwatched
) -> np.ndarray:
    """The paired t of every neuron under each pairing.

    The mean difference m1 - m2 is the same in all of them. Only the covariance c of the pairs changes:
    t = (m1 - m2) / sqrt((s1^2 + s2^2 - 2 c) / n).

    Parameters
    ----------
    target, baseline : ndarray of shape (n_pairs, n_neurons)
        One row per word, in the units of the hook point.
    pairings : ndarray of shape (n_pairings, n_pairs)
        The row of ``baseline`` that stands beside each row of ``target``, as from ``random_pairings``.
    progress : callable
        Called with the share of the pairings. If it raises, the work stops.

    Returns
    -------
    ndarray of shape (n_pairings, n_neurons)
        float64, positive if the target is higher; NaN where the differences do not vary.

    Raises
    ------
    UserError (a ValueError)
        The shapes differ, there are fewer than two words, or some values are not finite.

    References
    ----------
    Student (1908), Biometrika 6:1-25. ``core.stats.ttest.paired_ttest`` with a reordered baseline computes the same.

    Examples
    --------
    >>> target, baseline = np.array([[3.0], [5.0], [8.0]]), np.array([[1.0], [2.0], [4.0]])
    >>> repaired_t(target, baseline, np.array([[0, 1, 2], [2, 1, 0]])).round(2)
    array([[5.2],
           [1.3]])
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2, paired=True)
    check_finite(target, baseline)
    n = len(target)
    centred, means, variances = [], [], []
    for values in (target, baseline):
        rows = np.ascontiguousarray(values.T, dtype=np.float64)  # [n_pairs, n_neurons] -> [n_neurons, n_pairs]
        mean, variance = mean_and_variance(rows)
        centred.append((rows - mean[:, None]).T.copy())  # [n_neurons, n_pairs] -> [n_pairs, n_neurons]
        means.append(mean)
        variances.append(variance)
    difference, together = means[0] - means[1], variances[0] + variances[1]
    t = np.empty((len(pairings), target.shape[1]))
    for k, pairing in enumerate(pairings):
        if k % 20 == 0:
            progress(k / len(pairings), f"Pairing the words anew: {k:,} of {len(pairings):,}")
        covariance = np.einsum("ij,ij->j", centred[0], centred[1][pairing]) / (n - 1)
        variance = together - 2 * covariance
        variance[variance <= _NO_VARIANCE * together] = 0.0
        t[k] = difference / np.sqrt(nan_for_zero(variance) / n)
    return t
