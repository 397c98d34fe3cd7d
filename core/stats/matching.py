"""Pairs of like words of two classes, each word in one pair at most."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

# Words of each class in one stratum. The assignment takes n^3 steps at worst; the first words of a list come first.
MAX_STRATUM = 1000


def match_pairs(
    target: np.ndarray,
    baseline: np.ndarray,
    target_strata: np.ndarray,
    baseline_strata: np.ndarray,
    caliper: np.ndarray,
) -> np.ndarray:
    """Pair the words of two classes one to one, so that as many as possible are paired and distances are small.

    Words are paired only within a stratum, and only if no covariate differs by more than its caliper. Among all such
    ways to pair most words, the one is taken whose sum of distances is least; a distance is the sum over covariates of
    the difference in units of its caliper.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_target, n_covariates) and (n_baseline, n_covariates)
    target_strata, baseline_strata : ndarray of shape (n_target,) and (n_baseline,)
        What must be equal.
    caliper : ndarray of shape (n_covariates,)
        Above 0, in the units of the covariates.

    Returns
    -------
    ndarray of int64, shape (n_pairs, 2)
        Positions in the target and in the baseline, in the order of the target. In a stratum, the first
        ``MAX_STRATUM`` words of each class are looked at.

    References
    ----------
    Rosenbaum (1989), Journal of the American Statistical Association 84:1024-1032 (optimal matching). Crouse (2016),
    IEEE Transactions on Aerospace and Electronic Systems 52:1679-1696 (SciPy's algorithm).

    Examples
    --------
    The third word of the target is too far from all:

    >>> one, other = np.array([[1.0], [2.0], [9.0]]), np.array([[2.2], [1.1]])
    >>> match_pairs(one, other, np.zeros(3), np.zeros(2), caliper=np.array([0.5])).tolist()
    [[0, 1], [1, 0]]
    """
    pairs = [np.empty((0, 2), np.int64)]
    for stratum in np.intersect1d(target_strata, baseline_strata):
        rows, columns = (np.flatnonzero(strata == stratum)[:MAX_STRATUM] for strata in (target_strata, baseline_strata))
        apart = np.zeros((len(rows), len(columns)))
        allowed = np.ones(apart.shape, bool)
        for covariate, width in enumerate(caliper):
            steps = np.abs(target[rows, covariate][:, None] - baseline[columns, covariate]) / width
            allowed &= steps <= 1 + 1e-9
            apart += steps
        # One pair that is not allowed costs more than all distances together, so as few as possible are taken.
        apart[~allowed] = len(caliper) * (min(apart.shape) + 1)
        one, other = linear_sum_assignment(apart)
        kept = allowed[one, other]
        pairs.append(np.stack([rows[one[kept]], columns[other[kept]]], axis=1))
    found = np.concatenate(pairs)
    return found[np.argsort(found[:, 0], kind="stable")]
