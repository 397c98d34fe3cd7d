"""The Mann-Whitney test for every neuron: arrays in, arrays out. It compares ranks, not means."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from scipy.special import ndtr

from core.records import NeuronTests
from core.stats.checks import check_groups
from core.stats.effect_size import cohens_d_av, nan_for_zero
from core.stats.moments import mean_and_variance
from core.stats.neuron_blocks import Columns, by_block
from core.stats.ranks import tie_term, u_statistic


def mann_whitney_test(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Test, for each neuron, whether the values of one group tend to be higher than those of the other.

    U is the number of target-baseline pairs in which the target is higher; a tie counts one half. With n words in all,
    without a difference its mean is n1 n2 / 2, and its variance n1 n2 / 12 * (n + 1 - sum(c^3 - c) / (n (n - 1))),
    where c is the number of words that share a value. z is the distance of U from its mean, less 0.5 for continuity,
    over the standard deviation. The p-value is that of the normal distribution.
    ``scipy.stats.mannwhitneyu(method="asymptotic")`` computes the same.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word, in the units of the hook point. The numbers of words may differ.

    Returns
    -------
    NeuronTests
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons). ``statistic`` is z, positive if the target is
        higher; p-values are two-sided; the degrees of freedom are infinite, as z is normal. ``cohens_d`` is
        ``cohens_d_av``. If all values of a neuron are equal, it has NaN for statistic, p-value and d, and is not in
        the family. If both groups are constant at different values, only d is NaN.

    Raises
    ------
    UserError (a ValueError)
        The numbers of neurons or layers differ, a group has fewer than two words, or some values are not finite. The
        sentence has the shapes or numbers that it got.

    References
    ----------
    Mann & Whitney (1947), Annals of Mathematical Statistics 18:50-60. Lehmann (1975), Nonparametrics, section 1.2
    (normal approximation) and 1.4 (ties).

    Examples
    --------
    Three words of each class; the second neuron does not vary:

    >>> tests = mann_whitney_test(np.array([[4.0, 1.0], [5.0, 1.0], [6.0, 1.0]]), np.array([[1.0, 1.0]] * 3))
    >>> tests.statistic.round(2), tests.p_value.round(3), tests.auc
    (array([1.85,  nan]), array([0.064,   nan]), array([1. , 0.5]))
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2)
    n_target, n_baseline = target.shape[-2], baseline.shape[-2]

    def compute(rows: np.ndarray) -> Columns:
        u = u_statistic(rows, n_target)
        statistic = mann_whitney_z(u, tie_term(rows), n_target, n_baseline)
        wide = rows.astype(np.float64)
        # [n_block, n_words] -> [n_block, n_target] and [n_block, n_baseline]
        mean_target, variance_target = mean_and_variance(wide[:, :n_target])
        mean_baseline, variance_baseline = mean_and_variance(wide[:, n_target:])
        mean_difference = mean_target - mean_baseline
        return {
            "statistic": statistic,
            "p_value": np.minimum(2 * ndtr(-np.abs(statistic)), 1.0),
            "degrees_of_freedom": np.full_like(statistic, np.inf),
            "mean_difference": mean_difference,
            "cohens_d": cohens_d_av(mean_difference, variance_target, variance_baseline),
            "auc": u / (n_target * n_baseline),
        }

    return NeuronTests(**by_block(compute, [field.name for field in fields(NeuronTests)], target, baseline))


def mann_whitney_z(u: np.ndarray, ties: np.ndarray, n_target: int, n_baseline: int) -> np.ndarray:
    """The z of Mann and Whitney's U, corrected for continuity and ties; NaN where all values are equal.

    Parameters
    ----------
    u, ties : ndarray of one shape
        U, and sum(c^3 - c) over the numbers c of words that share a value (``core.stats.ranks.tie_term``).
    n_target, n_baseline : int
        The numbers of words.

    Returns
    -------
    ndarray
        float64 of that shape.

    Examples
    --------
    >>> mann_whitney_z(np.array([9.0, 4.5]), np.array([0.0, 210.0]), 3, 3).round(2)
    array([1.75,  nan])
    """
    distance = u - n_target * n_baseline / 2
    sd = mann_whitney_sd(ties, n_target, n_baseline)
    return np.sign(distance) * np.maximum(np.abs(distance) - 0.5, 0.0) / nan_for_zero(sd)


def mann_whitney_sd(ties: np.ndarray, n_target: int, n_baseline: int) -> np.ndarray:
    """The standard deviation of U without a difference, by the sum of c^3 - c over ties: float64 like ``ties``.

    Examples
    --------
    >>> mann_whitney_sd(np.array([0.0, 210.0]), 3, 3).round(3)
    array([2.291, 0.   ])
    """
    n = n_target + n_baseline
    return np.sqrt(n_target * n_baseline / 12 * (n + 1 - ties / (n * (n - 1))))
