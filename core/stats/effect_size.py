"""Signed effect sizes: how large a difference is. Positive if the target is higher.

===================  =============================================  ================================================
mean difference      m1 - m2                                        in the units of the hook point
Cohen's d_z          mean(d) / sd(d), d the paired differences      ``cohens_d`` of ``paired_ttest``
Cohen's d_av         (m1 - m2) / sqrt((s1^2 + s2^2) / 2)            ``cohens_d`` of the Welch and Mann-Whitney tests
Hedges' g            Cohen's d times J(df)                          ``hedges_g`` of ``effect_intervals``
J(df)                gamma(df/2) / (sqrt(df/2) gamma((df-1)/2))     removes d's bias: about 1 - 3 / (4 df - 1)
df in g, for d_z     n - 1
df in g, for d_av    (s1^2 + s2^2)^2 / (s1^4/(n1-1) + s2^4/(n2-1))  lower, if the variances differ
AUC                  U / (n1 n2), the share of pairs won            ``auc`` of all three; a tie counts one half
===================  =============================================  ================================================

m, s^2 and n are a group's mean, variance (with n - 1) and number of words; 1 is the target, 2 the baseline. All but the
AUC use distances. Intervals are in ``core.stats.effect_intervals``.
"""

from __future__ import annotations

import numpy as np

from core.stats.checks import check_groups
from core.stats.neuron_blocks import by_block
from core.stats.ranks import u_statistic


def cohens_d_z(mean_difference: np.ndarray, sd_of_differences: np.ndarray) -> np.ndarray:
    """Cohen's d of paired differences: their mean in units of their standard deviation.

    It equals t / sqrt(n). Its unit is the standard deviation of the differences, so do not compare it with
    ``cohens_d_av``.

    Parameters
    ----------
    mean_difference, sd_of_differences : ndarray of one shape
        Moments of the differences, the standard deviation with n - 1.

    Returns
    -------
    ndarray
        float64 of that shape; NaN if the differences do not vary.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, 2nd ed., section 2.3.5.

    Examples
    --------
    >>> cohens_d_z(np.array([2.0, 2.0]), np.array([4.0, 0.0]))
    array([0.5, nan])
    """
    return mean_difference / nan_for_zero(sd_of_differences)


def cohens_d_av(mean_difference: np.ndarray, variance_target: np.ndarray, variance_baseline: np.ndarray) -> np.ndarray:
    """Cohen's d of two independent groups, in units of the square root of their mean variance.

    Parameters
    ----------
    mean_difference, variance_target, variance_baseline : ndarray of one shape
        Moments of the groups, the variances with n - 1.

    Returns
    -------
    ndarray
        float64 of that shape; NaN if neither group varies.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, 2nd ed., eq. 2.3.2 (unequal variances).

    Examples
    --------
    >>> cohens_d_av(np.array([3.0]), np.array([1.0]), np.array([17.0]))
    array([1.])
    """
    return mean_difference / np.sqrt(nan_for_zero((variance_target + variance_baseline) / 2))


def auc(target: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The probability, for each neuron, that a random target word is above a random baseline word.

    A tie counts one half, so this is exactly Mann and Whitney's U / (n_target * n_baseline). It is 0.5 if a neuron
    does not separate the groups, 1 if every target word is above every baseline word, and 0 if every one is below.
    Unlike t, it does not depend on the distance.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word. The values are compared without conversion or rounding.

    Returns
    -------
    ndarray
        float64 of shape (n_neurons,) or (n_layers, n_neurons).

    Raises
    ------
    UserError (a ValueError)
        The numbers of neurons or layers differ, a group has no words, or some values are not finite.

    References
    ----------
    Mann & Whitney (1947), Annals of Mathematical Statistics 18:50-60. Hanley & McNeil (1982), Radiology 143:29-36.

    Examples
    --------
    The first neuron separates the groups; of the second neuron's four pairs, one is won and one is a tie:

    >>> auc(np.array([[5.0, 1.0], [6.0, 2.0]]), np.array([[3.0, 1.0], [4.0, 3.0]]))
    array([1.   , 0.375])
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=1)
    n_target = target.shape[-2]
    return by_block(lambda rows: {"auc": auc_of_rows(rows, n_target)}, ["auc"], target, baseline)["auc"]


def auc_of_rows(rows: np.ndarray, n_target: int) -> np.ndarray:
    """The AUC of every row of values (n_block, n_words), target words first: float64 (n_block,).

    Examples
    --------
    >>> auc_of_rows(np.array([[1.0, 3.0, 2.0]]), n_target=2)
    array([0.5])
    """
    return u_statistic(rows, n_target) / (n_target * (rows.shape[1] - n_target))


def nan_for_zero(scale: np.ndarray) -> np.ndarray:
    """Replace zero by NaN, so that a division by it gives NaN without a warning, not infinity.

    Examples
    --------
    >>> nan_for_zero(np.array([2.0, 0.0]))
    array([ 2., nan])
    """
    return np.where(scale > 0, scale, np.nan)
