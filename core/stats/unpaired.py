"""A test of two groups from its statistic alone: the helper for tests that are added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np

from core.records import NeuronTests
from core.stats.checks import check_groups
from core.stats.effect_size import auc_of_rows, cohens_d_av
from core.stats.moments import mean_and_variance
from core.stats.neuron_blocks import Columns, by_block

# From the values of some neurons, float64 (n_block, n_target) and (n_block, n_baseline), to the statistic, the
# two-sided p-value and the degrees of freedom (infinite if it has none) of each: arrays (n_block,), or one number.
RowTest = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray | float, np.ndarray | float, np.ndarray | float]]


def unpaired_test(row_test: RowTest, target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Run a test of two groups on every neuron, and add its mean difference, Cohen's d_av and AUC.

    Parameters
    ----------
    row_test : callable
        From the values of some neurons, one row per neuron, to statistic, p-value and degrees of freedom. The statistic
        is positive where the target is higher. It is called in several threads, for a few dozen neurons at a time.
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word. The numbers of words may differ.

    Returns
    -------
    NeuronTests
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons). A neuron that varies in neither group, or whose
        statistic is not known, has NaN for statistic and p-value, and is not in the family.

    Raises
    ------
    UserError (a ValueError)
        As ``core.stats.ttest.welch_ttest``.

    Examples
    --------
    >>> from scipy import stats
    >>> def students_t(target, baseline):
    ...     found = stats.ttest_ind(target, baseline, axis=1)
    ...     return found.statistic, found.pvalue, found.df
    >>> found = unpaired_test(students_t, np.array([[4.0], [5.0], [7.0]]), np.array([[1.0], [2.0], [2.0]]))
    >>> found.statistic.round(2), found.degrees_of_freedom, found.auc
    (array([3.89]), array([4.]), array([1.]))
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2)
    n_target = target.shape[-2]

    def compute(rows: np.ndarray) -> Columns:
        auc = auc_of_rows(rows, n_target)
        wide = rows.astype(np.float64)
        # [n_block, n_words] -> [n_block, n_target] and [n_block, n_baseline]
        one, other = wide[:, :n_target], wide[:, n_target:]
        with np.errstate(all="ignore"):  # neurons that do not vary
            statistic, p_value, df = (np.broadcast_to(found, len(wide)) for found in row_test(one, other))
        constant = (one == one[:, :1]).all(axis=1) & (other == other[:, :1]).all(axis=1)
        unknown = constant | np.isnan(statistic) | np.isnan(p_value)
        (mean_one, variance_one), (mean_other, variance_other) = mean_and_variance(one), mean_and_variance(other)
        difference = mean_one - mean_other
        return {
            "statistic": np.where(unknown, np.nan, statistic),
            "p_value": np.where(unknown, np.nan, p_value),
            "degrees_of_freedom": np.array(df, np.float64),
            "mean_difference": difference,
            "cohens_d": cohens_d_av(difference, variance_one, variance_other),
            "auc": auc,
        }

    return NeuronTests(**by_block(compute, [field.name for field in fields(NeuronTests)], target, baseline))
