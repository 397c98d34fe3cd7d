"""core.stats.mann_whitney against scipy.stats neuron by neuron, with ties, dead neurons and unequal groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.errors import UserError
from core.stats.mann_whitney import mann_whitney_test
from core.stats.ranks import tie_term
from core.stats.ttest import t_threshold, welch_ttest
from tests.support.neuron_values import activations, assert_identical, auc_by_pairs, with_dead_neurons

pytestmark = pytest.mark.filterwarnings("error")


def tied(values: np.ndarray) -> np.ndarray:
    """Some neurons as they are, some with zeros for what is negative, some rounded to whole numbers."""
    values = values.copy()
    values[:, 1::3] = np.maximum(values[:, 1::3], 0)
    values[:, 2::3] = np.sign(values[:, 2::3] - np.median(values[:, 2::3])) + (values[:, 2::3] > 1)
    return values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_target, n_baseline", [(60, 60), (2, 2), (5, 100), (70, 8)])
def test_mann_whitney_test_vs_scipy(dtype, n_target, n_baseline):
    target = tied(activations(n_target, 30, 1, dtype))
    baseline = tied(activations(n_baseline, 30, 2, dtype))
    tests = mann_whitney_test(target, baseline)
    n = n_target + n_baseline
    for j in range(30):
        pooled = np.concatenate([target[:, j], baseline[:, j]])
        if np.ptp(pooled) == 0:  # SciPy divides by zero
            assert np.isnan(tests.statistic[j]) and np.isnan(tests.p_value[j])
            continue
        # In float64: of float32 SciPy would compute in float32.
        reference = stats.mannwhitneyu(target[:, j].astype("f8"), baseline[:, j].astype("f8"), method="asymptotic")
        assert tests.p_value[j] == pytest.approx(reference.pvalue, rel=1e-12, abs=0)
        sd = np.sqrt(n_target * n_baseline * (n + 1) / 12 * stats.tiecorrect(stats.rankdata(pooled)))
        distance = reference.statistic - n_target * n_baseline / 2
        z = np.sign(distance) * max(abs(distance) - 0.5, 0) / sd
        assert tests.statistic[j] == pytest.approx(z, rel=1e-12, abs=0)
    np.testing.assert_array_equal(tests.auc, auc_by_pairs(target, baseline))
    np.testing.assert_array_equal(tests.degrees_of_freedom, np.inf)
    welch = welch_ttest(target, baseline)
    np.testing.assert_allclose(tests.mean_difference, welch.mean_difference, rtol=1e-12)
    np.testing.assert_allclose(tests.cohens_d, welch.cohens_d, rtol=1e-12)


def test_mann_whitney_test_by_hand():
    # 4, 6 against 1, 2, 3, 5: U = 3 + 4 = 7, mean 4, variance 8 * 7 / 12, z = (3 - 0.5) / sqrt(14 / 3).
    tests = mann_whitney_test(np.array([[4.0], [6.0]]), np.array([[1.0], [2.0], [3.0], [5.0]]))
    assert tests.statistic == pytest.approx([2.5 / np.sqrt(14 / 3)])
    assert tests.auc == [7 / 8]


def test_a_u_at_its_mean_or_half_beside_it_has_no_evidence():
    target, baseline = np.array([[1.0, 1.0], [4.0, 3.0]]), np.array([[2.0, 1.0], [3.0, 2.0]])
    tests = mann_whitney_test(target, baseline)
    np.testing.assert_array_equal(tests.auc, [0.5, 0.625])
    np.testing.assert_array_equal(tests.statistic, [0.0, 0.0])
    np.testing.assert_array_equal(tests.p_value, [1.0, 1.0])


def test_only_a_neuron_with_one_value_is_dead():
    target, baseline = with_dead_neurons(40, 30)
    tests = mann_whitney_test(target, baseline)
    np.testing.assert_array_equal(np.isnan(tests.p_value), np.arange(10) == 2)
    np.testing.assert_array_equal(np.isnan(tests.cohens_d), np.isin(np.arange(10), [2, 5]))
    assert (tests.auc[2], tests.auc[5], tests.mean_difference[2]) == (0.5, 1.0, 0.0)
    reference = stats.mannwhitneyu(target[:, 5].astype("f8"), baseline[:, 5].astype("f8"), method="asymptotic")
    assert tests.p_value[5] == pytest.approx(reference.pvalue, rel=1e-12, abs=0)


def test_a_stack_of_layers_is_each_layer_by_itself():
    target = np.stack([tied(activations(20, 7, seed)) for seed in (1, 2, 3)])
    baseline = np.stack([tied(activations(25, 7, seed)) for seed in (4, 5, 6)])
    tests = mann_whitney_test(target, baseline)
    for layer in range(3):
        assert_identical(tests.layer(layer), mann_whitney_test(target[layer], baseline[layer]))


def test_swapping_the_classes_changes_every_sign():
    target, baseline = tied(activations(30, 12, 1)), tied(activations(20, 12, 2))
    one, other = mann_whitney_test(target, baseline), mann_whitney_test(baseline, target)
    np.testing.assert_array_equal(one.statistic, -other.statistic)
    np.testing.assert_array_equal(one.p_value, other.p_value)
    np.testing.assert_allclose(one.auc, 1 - other.auc, rtol=1e-15)


def test_one_word_is_too_few():
    with pytest.raises(UserError, match="at least 2 target and 2 baseline words: got 1 and 5"):
        mann_whitney_test(np.zeros((1, 3)), np.zeros((5, 3)))


def test_tie_term_vs_unique():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.integers(0, high, (6, 23)) for high in (1, 2, 5, 30, 10_000)]).astype("f4")
    rows[rows == 0] *= rng.choice([-1, 1], np.sum(rows == 0))  # both zeros are equal
    expected = [sum(c**3 - c for c in np.unique(row, return_counts=True)[1].tolist()) for row in rows]
    np.testing.assert_array_equal(tie_term(rows), expected)


@pytest.mark.parametrize("p", [1.0, 0.5, 0.05, 1e-5, 1e-20, 1e-100, 1e-300])
def test_t_threshold_with_infinite_degrees_of_freedom_is_the_normal_quantile(p):
    assert t_threshold(p, np.inf) == pytest.approx(stats.norm.isf(p / 2), rel=1e-12, abs=0)
