"""Cohen's d and Hedges' g of blocks of neurons, with the variance from which their intervals follow.

The effect sizes of a layer (``core.stats.effect_intervals``) and the effect of a seat (``core.replication``) have the
same g and the same variance. Blocks are float64 (n_block, n_units); results are (n_block,).
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from core.stats.checks import check_groups
from core.stats.effect_size import cohens_d_av, cohens_d_z, nan_for_zero
from core.stats.moments import mean_and_variance


def g_with_variance(target: np.ndarray, baseline: np.ndarray, *, paired: bool) -> tuple[np.ndarray, np.ndarray]:
    """Hedges' g of every neuron, with its sampling variance.

    Parameters
    ----------
    target, baseline, paired
        As in ``core.stats.effect_intervals.effect_sizes``: arrays (n_units, n_neurons).

    Returns
    -------
    (ndarray, ndarray)
        float64 (n_neurons,). The variance is that of the interval of ``effect_sizes``. Both are NaN for a neuron that
        does not vary.

    Raises
    ------
    UserError (a ValueError)
        As ``effect_sizes``.

    Examples
    --------
    >>> target, baseline = np.array([[3.0], [4.0], [5.0], [6.0]]), np.array([[1.0], [2.0], [3.0], [5.0]])
    >>> [float(each[0].round(2)) for each in g_with_variance(target, baseline, paired=False)]
    [0.99, 0.61]
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2, paired=paired)
    # [n_units, n_neurons] -> [n_neurons, n_units]
    wide = (target.T.astype(np.float64), baseline.T.astype(np.float64))
    g, variance, _ = (g_of_pairs if paired else g_of_groups)(*wide)
    return g, variance


def hedges_correction(degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Hedges' J, the factor that removes the bias of Cohen's d: gamma(df/2) / (sqrt(df/2) gamma((df - 1)/2)).

    Parameters
    ----------
    degrees_of_freedom : ndarray of any shape
        n - 1 for d_z of n pairs. For d_av, those of s^2 = (s1^2 + s2^2) / 2: (s1^2 + s2^2)^2 / (s1^4 / (n1 - 1) +
        s2^4 / (n2 - 1)).

    Returns
    -------
    ndarray
        float64 of that shape, below 1; NaN below 2 degrees of freedom, where the factor falls to 0 and says nothing.

    References
    ----------
    Hedges (1981), Journal of Educational Statistics 6:107-128.

    Examples
    --------
    >>> hedges_correction(np.array([1.0, 10.0, 100.0])).round(4)
    array([   nan, 0.9227, 0.9925])
    """
    df = np.where(degrees_of_freedom >= 2, degrees_of_freedom, np.nan)
    return np.exp(gammaln(df / 2) - np.log(df / 2) / 2 - gammaln((df - 1) / 2))


# --- One block of neurons: (n_block, n_units) -> d and its degrees of freedom, both (n_block,) ---


def d_of_groups(target: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of independent groups, (n_block, n_target) and (n_block, n_baseline)."""
    n1, n2 = target.shape[1], baseline.shape[1]
    (mean1, variance1), (mean2, variance2) = mean_and_variance(target), mean_and_variance(baseline)
    # A share, because fourth powers could underflow.
    share = variance1 / nan_for_zero(variance1 + variance2)
    df = 1 / (share**2 / (n1 - 1) + (1 - share) ** 2 / (n2 - 1))
    return cohens_d_av(mean1 - mean2, variance1, variance2), df


def d_of_pairs(target: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of paired rows, (n_block, n_pairs) twice."""
    mean, variance = mean_and_variance(target - baseline)
    d = cohens_d_z(mean, np.sqrt(variance))
    return d, np.full_like(d, target.shape[1] - 1)


# --- One block of neurons: (n_block, n_units) -> g, its variance, and the degrees of freedom of its interval ---


def g_of_groups(target: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of independent groups, (n_block, n_target) and (n_block, n_baseline)."""
    n1, n2 = target.shape[1], baseline.shape[1]
    (mean1, variance1), (mean2, variance2) = mean_and_variance(target), mean_and_variance(baseline)
    d, df = d_of_groups(target, baseline)
    share = variance1 / nan_for_zero(variance1 + variance2)
    scale = np.sqrt(nan_for_zero((variance1 + variance2) / 2))
    of_d = _mean_square(target, mean1, variance1, scale, d / 4) / n1
    of_d += _mean_square(baseline, mean2, variance2, scale, -d / 4) / n2
    error_share = share / n1 / (share / n1 + (1 - share) / n2)
    welch_df = 1 / (error_share**2 / (n1 - 1) + (1 - error_share) ** 2 / (n2 - 1))
    return d * hedges_correction(df), of_d, welch_df


def g_of_pairs(target: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of paired rows, (n_block, n_pairs) twice."""
    n = target.shape[1]
    difference = target - baseline
    mean, variance = mean_and_variance(difference)
    scale = np.sqrt(variance)
    d, df = d_of_pairs(target, baseline)
    of_d = _mean_square(difference, mean, variance, nan_for_zero(scale), d / 2) / n
    return d * hedges_correction(df), of_d, np.full_like(d, n - 1)


def _mean_square(
    rows: np.ndarray, mean: np.ndarray, variance: np.ndarray, scale: np.ndarray, factor: np.ndarray
) -> np.ndarray:
    """The mean square (n - 1) of z - factor (z^2 - variance / scale^2), z the deviations in units of ``scale``."""
    z = (rows - mean[:, None]) / scale[:, None]  # [n_block, n_units] - [n_block, 1]
    influence = z**2
    influence -= (variance / scale**2)[:, None]
    influence *= -factor[:, None]
    influence += z
    return np.vecdot(influence, influence) / (rows.shape[1] - 1)
