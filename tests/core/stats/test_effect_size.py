"""core.stats.effect_size: the AUC against SciPy's U and every pair, Cohen's d by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from core.stats.effect_size import auc, cohens_d_av, cohens_d_z
from tests.support.neuron_values import activations, auc_by_pairs

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("n_target, n_baseline", [(40, 40), (25, 40)])
@pytest.mark.parametrize("levels", [2, 5, None])
def test_auc_with_and_without_ties_vs_scipy_and_every_pair(n_target, n_baseline, levels):
    target, baseline = activations(n_target, 30, 3), activations(n_baseline, 30, 4)
    if levels:  # whole numbers only, so that most pairs tie
        target, baseline = np.abs(target) // 1 % levels, np.abs(baseline) // 1 % levels
    got = auc(target, baseline)
    # SciPy answers in the precision that it is given.
    u = stats.mannwhitneyu(target.astype("f8"), baseline.astype("f8"), axis=0, method="asymptotic").statistic
    np.testing.assert_allclose(got, u / (n_target * n_baseline), rtol=1e-12)
    np.testing.assert_array_equal(got, auc_by_pairs(target, baseline))


# Few values, so that hypothesis finds ties: signed zeros, the least and the greatest numbers, neighbours.
TRICKY = [0.0, 3 * 2.0**-149, 2.0**-126, 1.0, 1.0 + 2.0**-23, 1.0 + 2.0**-22, 3.4028234663852886e38]
SUBNORMAL = [2.0**exponent for exponent in range(-149, -126)]
FLOAT32 = st.sampled_from([sign * v for v in TRICKY + SUBNORMAL for sign in (1, -1)]) | st.floats(-2, 2, width=32)
# The same kinds in float64, where neighbours of 1 are one float32.
TRICKY64 = [0.0, 5e-324, 1e-323, 2.0**-1022, 1.0, 1.0 + 2.0**-52, 1.0 + 2.0**-51, 1.7976931348623157e308]
FLOAT64 = st.sampled_from([sign * v for v in TRICKY64 for sign in (1, -1)]) | st.floats(-2, 2)


def groups(dtype: str, values: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Target and baseline, (1 to 6 words, 1 to 4 neurons)."""
    sizes = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))
    return sizes.flatmap(
        lambda n: st.tuples(arrays(dtype, (n[0], n[2]), elements=values), arrays(dtype, (n[1], n[2]), elements=values))
    )


@settings(deadline=None)  # a busy machine is no mistake
@given(groups("float32", FLOAT32) | groups("float64", FLOAT64))
def test_auc_vs_every_pair(pair):
    expected = auc_by_pairs(*pair)
    np.testing.assert_array_equal(auc(*pair), expected)
    np.testing.assert_array_equal(auc(pair[0].astype("f8"), pair[1].astype("f8")), expected)


@settings(deadline=None)
@given(groups("float32", FLOAT32), st.randoms(use_true_random=False))
def test_auc_depends_neither_on_the_order_of_the_words_nor_on_a_rising_function(pair, random):
    target, baseline = pair
    expected = auc(target, baseline)
    order = random.sample(range(len(target)), len(target))
    np.testing.assert_array_equal(auc(target[order], baseline), expected)
    # Ranks from 0 of all values that occur are a rising function of them.
    levels = np.unique(np.concatenate(pair))
    ranked = [np.searchsorted(levels, group).astype("f4") for group in pair]
    np.testing.assert_array_equal(auc(*ranked), expected)


@pytest.mark.parametrize("largest", [1.5, 3.0, 2.0**60, 2.0**127, 3.4028234663852886e38])
@pytest.mark.parametrize("small", [2.0**-149, 2.0**-126, 2.0**-100, 2.0**-60, 1.0, 2.0, 3.9999])
def test_auc_of_small_neighbours_beside_the_largest_numbers_vs_every_pair(largest, small):
    low = np.float32(small)
    high = np.nextafter(low, np.float32(np.inf))
    target, baseline = np.array([[high], [-low], [largest]], "f4"), np.array([[low], [-high], [-largest]], "f4")
    assert auc(target, baseline)[0] == auc_by_pairs(target, baseline)[0]


def test_auc_where_some_neurons_tie_and_others_do_not_vs_every_pair():
    target, baseline = activations(50, 60, 3), activations(40, 60, 4)
    target[:7, 1::3] = baseline[3:10, 1::3]  # seven pairs
    target[:20, 2::3] = baseline[:30, 2::3] = baseline[0, 2::3]  # twenty against thirty, and single pairs
    target[20:25, 2::3] = baseline[35:, 2::3]
    target[:, 5], baseline[:, 5] = 0.0, -0.0
    target[::2, 8], baseline[::2, 8] = -0.0, 0.0
    target[:, 11] = baseline[:, 11] = -1.5
    got = auc(target, baseline)
    np.testing.assert_array_equal(got, auc_by_pairs(target, baseline))
    u = stats.mannwhitneyu(target.astype("f8"), baseline.astype("f8"), axis=0, method="asymptotic").statistic
    np.testing.assert_allclose(got, u / (50 * 40), rtol=1e-12)


@pytest.mark.parametrize("n_target, n_baseline", [(1000, 1000), (257, 257), (3, 1500)])
def test_auc_of_many_words_vs_scipy(n_target, n_baseline):
    target, baseline = activations(n_target, 12, 3), activations(n_baseline, 12, 4)
    target[:, 1::3], baseline[:, 1::3] = np.round(target[:, 1::3], 1), np.round(baseline[:, 1::3], 1)  # some ties
    target[:, 2::3], baseline[:, 2::3] = np.maximum(target[:, 2::3], 0), np.maximum(baseline[:, 2::3], 0)  # hundreds
    got = auc(target, baseline)
    u = stats.mannwhitneyu(target.astype("f8"), baseline.astype("f8"), axis=0, method="asymptotic").statistic
    np.testing.assert_allclose(got, u / (n_target * n_baseline), rtol=1e-12)


@pytest.mark.parametrize("n_words", [65_536, 65_537])
def test_auc_where_the_sum_of_ranks_does_not_fit_in_32_bits_vs_scipy(n_words):
    # No two alike but the last ten, which are the baseline's and above all others.
    order = np.random.default_rng(5).permutation(n_words - 10)
    target = order[: n_words // 2, None].astype("f4")
    baseline = np.concatenate([order[n_words // 2 :], np.full(10, n_words)])[:, None].astype("f4")
    ranks = stats.rankdata(np.concatenate([target, baseline]))
    won = ranks[: len(target)].sum() - len(target) * (len(target) + 1) / 2
    assert auc(target, baseline) == [won / (len(target) * len(baseline))]
    assert auc(np.full((40_000, 1), 2.0, "f4"), np.full((30_000, 1), 1.0, "f4")) == [1.0]  # the largest sum


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("zeros", [(0.0, -0.0), (-0.0, 0.0)])
def test_auc_takes_both_zeros_as_equal_between_the_smallest_numbers(dtype, zeros):
    tiny = np.finfo(dtype).smallest_subnormal
    here, there = np.array(zeros, dtype)
    target = np.array([[here, here, here], [here, here, there]], dtype)
    baseline = np.array([[there, tiny, -tiny], [here, tiny, -tiny]], dtype)
    np.testing.assert_array_equal(auc(target, baseline), [0.5, 0.0, 1.0])


def test_auc_of_neighbouring_floats_and_of_both_zeros():
    one = np.float32(1)
    target = np.array([[one, 0.0], [np.nextafter(one, np.float32(2)), -0.0]], dtype="float32")
    baseline = np.array([[one, -0.0], [one, 0.0]], dtype="float32")
    np.testing.assert_array_equal(auc(target, baseline), [0.75, 0.5])
    # Two float64 that are one float32: they must not be rounded together.
    assert auc(np.array([[1.0 + 1e-12]]), np.array([[1.0]])) == [1.0]


def test_auc_by_hand():
    # Pairs of {1, 2} with {1, 3}: a tie, a loss, a win, a loss.
    assert auc(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]])) == pytest.approx([1.5 / 4])


def test_cohens_d_by_hand():
    # Differences of mean 3 and sd 2; groups with variances 1 and 7, whose mean is 4.
    assert cohens_d_z(np.array([3.0]), np.array([2.0])) == [1.5]
    assert cohens_d_av(np.array([-3.0]), np.array([1.0]), np.array([7.0])) == [-1.5]


def test_cohens_d_without_spread_is_nan():
    zero = np.zeros(2)
    assert np.isnan(cohens_d_z(np.array([3.0, 0.0]), zero)).all()
    assert np.isnan(cohens_d_av(np.array([3.0, 0.0]), zero, zero)).all()
    assert cohens_d_av(np.array([3.0]), np.array([0.0]), np.array([18.0])) == [1.0]
