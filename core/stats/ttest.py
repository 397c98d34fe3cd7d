"""Two-sample t-tests for every neuron: arrays in, arrays out.

Activations are float32, in memory or in a mapped file, and are read one block of neurons at a time
(``core.stats.neuron_blocks``). All arithmetic is float64. Only ``scipy.special`` is imported: to import
``scipy.stats`` would delay the app's start by more than half a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
from scipy.special import stdtr, stdtrit

from core.records import NeuronTests
from core.stats.checks import check_groups
from core.stats.effect_size import auc_of_rows, cohens_d_av, cohens_d_z, nan_for_zero
from core.stats.moments import mean_and_variance
from core.stats.neuron_blocks import Columns, by_block


def paired_ttest(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Test, for each neuron, whether the mean paired difference is zero.

    The differences d_i = target_i - baseline_i are float64, and t = mean(d) / (sd(d) / sqrt(n)) with n - 1 degrees of
    freedom. ``scipy.stats.ttest_rel``, and ``ttest_1samp`` on the differences, compute the same.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word, in the units of the hook point. Row i of one is paired with row i of the other.

    Returns
    -------
    NeuronTests
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons). ``statistic`` is positive if the target is
        higher; p-values are two-sided. ``cohens_d`` is ``cohens_d_z``; ``auc`` ignores the pairing. A neuron whose
        differences do not vary has NaN for statistic, p-value and d, and is not in the family. Its mean difference
        and AUC are still valid.

    Raises
    ------
    UserError (a ValueError)
        The shapes differ, there are fewer than two words, or some values are not finite. The sentence has the shapes
        or numbers that it got.

    References
    ----------
    Student (1908), Biometrika 6:1-25. The course notebook's Exercise 4.

    Examples
    --------
    Three words of each class and two neurons, the second of which does not vary:

    >>> tests = paired_ttest(np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]]), np.zeros((3, 2)))
    >>> tests.statistic.round(2), tests.p_value.round(2), tests.mean_difference.round(2)
    (array([2.65,  nan]), array([0.12,  nan]), array([2.33, 5.  ]))
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2, paired=True)
    return _tests_by_block(_paired_rows, target, baseline)


def welch_ttest(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Test, for each neuron, whether two independent groups of words have the same mean. Variances may differ.

    t = (m1 - m2) / sqrt(s1^2/n1 + s2^2/n2), with the Welch-Satterthwaite degrees of freedom.
    ``scipy.stats.ttest_ind(equal_var=False)`` computes the same.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word, in the units of the hook point. The numbers of words may differ.

    Returns
    -------
    NeuronTests
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons). ``statistic`` is positive if the target is
        higher; p-values are two-sided. ``cohens_d`` is ``cohens_d_av``. A neuron that varies in neither group has NaN
        for statistic, p-value, degrees of freedom and d, and is not in the family. Its mean difference and AUC are
        still valid. A neuron that varies in only one group is tested.

    Raises
    ------
    UserError (a ValueError)
        The numbers of neurons or layers differ, a group has fewer than two words, or some values are not finite. The
        sentence has the shapes or numbers that it got.

    References
    ----------
    Welch (1947), Biometrika 34:28-35. Satterthwaite (1946), Biometrics Bulletin 2:110-114.

    Examples
    --------
    Two target words, three baseline words, one neuron:

    >>> tests = welch_ttest(np.array([[4.0], [6.0]]), np.array([[1.0], [2.0], [3.0]]))
    >>> tests.statistic.round(2), tests.degrees_of_freedom.round(2), tests.cohens_d.round(2), tests.auc
    (array([2.6]), array([1.68]), array([2.45]), array([1.]))
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2)
    return _tests_by_block(_welch_rows, target, baseline)


def t_threshold(p: float | np.ndarray, degrees_of_freedom: float | np.ndarray) -> np.ndarray:
    """The |t| at which the two-sided p-value equals ``p``.

    Parameters
    ----------
    p, degrees_of_freedom : float or ndarray
        Any shapes that broadcast. Small p keep their precision, down to 1e-300. Infinite degrees of freedom give the
        normal distribution's |z|.

    Returns
    -------
    ndarray
        float64 of the common shape (a NumPy scalar for two numbers): 0 for p = 1, infinite for p = 0, NaN for NaN.

    Examples
    --------
    >>> t_threshold(np.array([0.05, 0.01]), 99).round(4)
    array([1.9842, 2.6264])
    """
    # The quantile of the *lower* tail, because 1 - p/2 would round to 1 for small p. For p = 0 it is +inf or -inf.
    return np.abs(stdtrit(degrees_of_freedom, np.asarray(p, dtype=np.float64) / 2))


def _tests_by_block(
    row_test: Callable[[np.ndarray, np.ndarray], Columns], target: np.ndarray, baseline: np.ndarray
) -> NeuronTests:
    """Run ``row_test`` and the AUC over all layers and neurons."""
    n_target = target.shape[-2]

    def compute(rows: np.ndarray) -> Columns:
        # The AUC first: its memory is free again before the float64 copy is made.
        auc = auc_of_rows(rows, n_target)
        wide = rows.astype(np.float64)
        # [n_block, n_words] -> [n_block, n_target] and [n_block, n_baseline]
        return {**row_test(wide[:, :n_target], wide[:, n_target:]), "auc": auc}

    return NeuronTests(**by_block(compute, [field.name for field in fields(NeuronTests)], target, baseline))


# --- One block of neurons, one row per neuron: (n_block, n_words) -> (n_block,) ---


def _paired_rows(target: np.ndarray, baseline: np.ndarray) -> Columns:
    """The paired test of float64 rows, (n_block, n_words) twice, without the AUC."""
    n_words = target.shape[1]
    mean, variance = mean_and_variance(target - baseline)
    degrees_of_freedom = np.full_like(mean, n_words - 1)
    sd = np.sqrt(variance)
    statistic = mean / (nan_for_zero(sd) / np.sqrt(n_words))
    return {
        "statistic": statistic,
        "p_value": _two_sided_p(statistic, degrees_of_freedom),
        "degrees_of_freedom": degrees_of_freedom,
        "mean_difference": mean,
        "cohens_d": cohens_d_z(mean, sd),
    }


def _welch_rows(target: np.ndarray, baseline: np.ndarray) -> Columns:
    """Welch's test of float64 rows, (n_block, n_target) and (n_block, n_baseline), without the AUC."""
    n_target, n_baseline = target.shape[1], baseline.shape[1]
    mean_target, variance_target = mean_and_variance(target)
    mean_baseline, variance_baseline = mean_and_variance(baseline)
    mean_difference = mean_target - mean_baseline
    squared_error = nan_for_zero(variance_target / n_target + variance_baseline / n_baseline)
    statistic = mean_difference / np.sqrt(squared_error)
    # Welch-Satterthwaite, written with the target's share of the squared error: fourth powers could underflow.
    share = variance_target / n_target / squared_error
    degrees_of_freedom = 1 / (share**2 / (n_target - 1) + (1 - share) ** 2 / (n_baseline - 1))
    return {
        "statistic": statistic,
        "p_value": _two_sided_p(statistic, degrees_of_freedom),
        "degrees_of_freedom": degrees_of_freedom,
        "mean_difference": mean_difference,
        "cohens_d": cohens_d_av(mean_difference, variance_target, variance_baseline),
    }


def _two_sided_p(statistic: np.ndarray, degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Twice the lower tail at -|t|. Unlike 1 - CDF, this is precise down to the smallest float64."""
    return np.minimum(2 * stdtr(degrees_of_freedom, -np.abs(statistic)), 1.0)
