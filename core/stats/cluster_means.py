"""Means over tokens that come in sentences, and differences of two such means, with errors that respect the sentences.

Tokens of one sentence are not independent. Let u_g be what sentence g adds to the deviation of the estimate: the sum of
(x - m) / n over its tokens, for a difference minus that of the other group. Then V = c sum u_g^2, with c = G / (G - 1)
times (N - 1) / (N - k): G sentences, N tokens, k means. It is the variance that a regression on group membership has by
the cluster-robust ("sandwich") estimator. Intervals are those of Student's t with G - 1 degrees of freedom.
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from core.errors import UserError


def cluster_mean(values: np.ndarray, cluster: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each column, and its standard error.

    Parameters
    ----------
    values : ndarray of shape (n_tokens, n_columns)
    cluster : ndarray of shape (n_tokens,)
        The sentence of each token.

    Returns
    -------
    mean, standard_error : ndarray of shape (n_columns,)
        float64.

    Raises
    ------
    UserError (a ValueError)
        There are fewer than two clusters or tokens.

    References
    ----------
    Liang & Zeger (1986), Biometrika 73:13-22. Cameron & Miller (2015), Journal of Human Resources 50:317-372.

    Examples
    --------
    >>> mean, error = cluster_mean(np.array([[1.0], [2.0], [6.0]]), np.array([0, 0, 1]))
    >>> float(mean[0]), float(error[0].round(4))
    (3.0, 2.0)
    """
    return _estimate([np.asarray(values, dtype=np.float64)], [np.asarray(cluster)])


def cluster_difference(
    first: np.ndarray, second: np.ndarray, first_cluster: np.ndarray, second_cluster: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each column in a first group minus that in a second one, and its standard error.

    A cluster may have tokens of both groups, which then are not independent either.

    Parameters
    ----------
    first, second : ndarray of shape (n_first, n_columns) and (n_second, n_columns)
    first_cluster, second_cluster : ndarray of shape (n_first,) and (n_second,)
        The sentence of each token, by the same numbers in both.

    Returns
    -------
    difference, standard_error : ndarray of shape (n_columns,)
        float64.

    Raises
    ------
    UserError (a ValueError)
        A group has no token; there are fewer than two clusters, or three tokens.

    References
    ----------
    As ``cluster_mean``. statsmodels' ``OLS(x, [1, is_first]).fit(cov_type="cluster")`` computes the same.

    Examples
    --------
    >>> first, second = np.array([[3.0], [5.0]]), np.array([[1.0], [2.0]])
    >>> difference, error = cluster_difference(first, second, np.array([0, 1]), np.array([0, 1]))
    >>> float(difference[0]), float(error[0].round(4))
    (2.5, 0.6124)
    """
    groups = [np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)]
    return _estimate(groups, [np.asarray(first_cluster), np.asarray(second_cluster)])


def t_interval(
    estimate: np.ndarray, standard_error: np.ndarray, n_clusters: int, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Both limits of an interval by Student's t with ``n_clusters - 1`` degrees of freedom.

    Examples
    --------
    >>> low, high = t_interval(np.array([1.0]), np.array([0.5]), 11, 0.95)
    >>> float(low[0].round(3)), float(high[0].round(3))
    (-0.114, 2.114)
    """
    half = stdtrit(n_clusters - 1, (1 + level) / 2) * standard_error
    return estimate - half, estimate + half


def _estimate(groups: list[np.ndarray], clusters: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The first group's mean, minus the second's if there is one, and the standard error: (n_columns,) each."""
    names, number = np.unique(np.concatenate(clusters), return_inverse=True)
    sizes = [len(group) for group in groups]
    if min(sizes) == 0 or sum(sizes) <= len(sizes) or len(names) < 2:
        got = " and ".join(f"{size:,}" for size in sizes)
        raise UserError(f"A mean needs several tokens, of two sentences or more: got {got}, of {len(names):,}.")
    number = number.reshape(-1)
    estimate, added, place = np.zeros(groups[0].shape[1]), np.zeros((len(names), groups[0].shape[1])), 0
    for sign, group in zip((1, -1), groups, strict=False):
        mean = group.mean(axis=0)
        estimate += sign * mean
        np.add.at(added, number[place : place + len(group)], sign * (group - mean) / len(group))
        place += len(group)
    correction = len(names) / (len(names) - 1) * (place - 1) / (place - len(groups))
    return estimate, np.sqrt(correction * (added**2).sum(axis=0))
