"""core.stats.ttest against scipy.stats column by column, high-precision constants, and cases worked by hand.

``abs=0`` throughout: pytest.approx would else forgive 1e-12, which is everything to a p-value of 1e-44.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from core.errors import UserError
from core.stats.effect_size import auc
from core.stats.ttest import paired_ttest, t_threshold, welch_ttest
from tests.support.neuron_values import activations, assert_same, auc_by_pairs, with_dead_neurons

ROOT = Path(__file__).parents[3]

# Dead neurons are an everyday case: they must not litter a class's terminal with NumPy warnings.
pytestmark = pytest.mark.filterwarnings("error")


# --- Against SciPy ---


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_paired_ttest_vs_scipy_and_the_notebook(dtype):
    target, baseline = activations(60, 40, 1, dtype), activations(60, 40, 2, dtype)
    tests = paired_ttest(target, baseline)
    for j in range(40):
        noun, verb = target[:, j].astype("float64"), baseline[:, j].astype("float64")
        for reference in (stats.ttest_rel(noun, verb), stats.ttest_1samp(noun - verb, 0)):
            assert tests.statistic[j] == pytest.approx(reference.statistic, rel=1e-9, abs=0)
            assert tests.p_value[j] == pytest.approx(reference.pvalue, rel=1e-9, abs=0)
            assert tests.degrees_of_freedom[j] == reference.df == 59
        assert tests.mean_difference[j] == pytest.approx(np.mean(noun - verb), rel=1e-9, abs=0)
        assert tests.cohens_d[j] == pytest.approx(reference.statistic / np.sqrt(60), rel=1e-9, abs=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_target, n_baseline", [(60, 60), (60, 35), (2, 50)])
def test_welch_ttest_vs_scipy(dtype, n_target, n_baseline):
    target, baseline = activations(n_target, 40, 1, dtype), activations(n_baseline, 40, 2, dtype)
    tests = welch_ttest(target, baseline)
    for j in range(40):
        noun, verb = target[:, j].astype("float64"), baseline[:, j].astype("float64")
        reference = stats.ttest_ind(noun, verb, equal_var=False)
        assert tests.statistic[j] == pytest.approx(reference.statistic, rel=1e-9, abs=0)
        assert tests.p_value[j] == pytest.approx(reference.pvalue, rel=1e-9, abs=0)
        assert tests.degrees_of_freedom[j] == pytest.approx(reference.df, rel=1e-9, abs=0)
        assert tests.mean_difference[j] == pytest.approx(noun.mean() - verb.mean(), rel=1e-9, abs=0)
        pooled = np.sqrt((noun.var(ddof=1) + verb.var(ddof=1)) / 2)
        assert tests.cohens_d[j] == pytest.approx((noun.mean() - verb.mean()) / pooled, rel=1e-9, abs=0)


def test_welch_ttest_of_subnormals_vs_scipy():
    powers = np.array([[2.0**exponent for exponent in range(-149, -126)]], "f4")
    np.testing.assert_array_equal(auc(powers[:, 1:], powers[:, :-1]), 1.0)
    np.testing.assert_array_equal(auc(powers, powers), 0.5)
    steps = np.random.default_rng(5).integers(-40, 40, (30, 12))  # whole multiples of the least float32
    values = steps.astype("f4") * np.float32(2.0**-149)
    assert np.abs(values).max() < np.finfo("f4").tiny
    target, baseline = values[:18], values[18:]
    tests = welch_ttest(target, baseline)
    np.testing.assert_array_equal(tests.auc, auc_by_pairs(steps[:18], steps[18:]))
    reference = stats.ttest_ind(steps[:18], steps[18:], equal_var=False)  # t does not depend on the unit
    np.testing.assert_allclose(tests.statistic, reference.statistic, rtol=1e-9)
    np.testing.assert_allclose(tests.p_value, reference.pvalue, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "int32", "int64", "uint64", "float16"])
def test_welch_ttest_of_any_dtype_vs_scipy(dtype):
    rng = np.random.default_rng(6)
    target, baseline = rng.integers(0, 60, (20, 15)).astype(dtype), rng.integers(20, 80, (25, 15)).astype(dtype)
    if dtype == "bool":
        target, baseline = rng.random((20, 15)) < 0.4, rng.random((25, 15)) < 0.6
    tests = welch_ttest(target, baseline)
    assert_same(tests, welch_ttest(target.astype("f8"), baseline.astype("f8")))
    reference = stats.ttest_ind(target.astype("f8"), baseline.astype("f8"), equal_var=False)
    np.testing.assert_allclose(tests.p_value, reference.pvalue, rtol=1e-9)
    np.testing.assert_array_equal(tests.auc, auc_by_pairs(target, baseline))


def test_welch_ttest_of_numbers_that_float32_would_round_together():
    big = 2**60
    assert auc(np.array([[big + 1]]), np.array([[big]])) == [1.0]
    assert auc(np.array([[2**24 + 1]], "int32"), np.array([[2**24]], "int32")) == [1.0]
    assert auc(np.array([[1]], "f4"), np.array([[1 - 2.0**-53]])) == [1.0]  # float32 against float64
    # As float32 these would all be 1. Their means are rounded to 1e-16, a millionth of a percent of their spread.
    close = 1 + 1e-8 * np.random.default_rng(7).uniform(-1, 1, (30, 5))
    tests = welch_ttest(close[:15], close[15:])
    reference = stats.ttest_ind(close[:15] - 1, close[15:] - 1, equal_var=False)
    np.testing.assert_allclose(tests.statistic, reference.statistic, rtol=1e-6)
    np.testing.assert_allclose(tests.p_value, reference.pvalue, rtol=1e-6)
    np.testing.assert_array_equal(tests.auc, auc_by_pairs(close[:15], close[15:]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_welch_ttest_of_a_small_spread_round_a_large_mean_vs_fractions(dtype):
    rng = np.random.default_rng(9)
    target = (1e6 + rng.integers(-8, 9, (200, 5)) / 8).astype(dtype)  # exact in float32
    baseline = (1e6 + rng.integers(-8, 9, (150, 5)) / 8).astype(dtype)
    tests = welch_ttest(target, baseline)
    for j in range(5):
        exact = [[Fraction(float(value)) for value in group[:, j]] for group in (target, baseline)]
        means = [sum(group) / len(group) for group in exact]
        variances = [sum((v - m) ** 2 for v in group) / (len(group) - 1) for group, m in zip(exact, means, strict=True)]
        error = variances[0] / 200 + variances[1] / 150
        # The means are rounded to float64, 1e-10 at 1e6; squares less a square would be off by 1e-4.
        assert tests.mean_difference[j] == pytest.approx(float(means[0] - means[1]), rel=0, abs=5e-10)
        assert tests.statistic[j] == pytest.approx(float(means[0] - means[1]) / float(error) ** 0.5, rel=0, abs=1e-8)
        df = error**2 / ((variances[0] / 200) ** 2 / 199 + (variances[1] / 150) ** 2 / 149)
        assert tests.degrees_of_freedom[j] == pytest.approx(float(df), rel=1e-9, abs=0)


@pytest.mark.parametrize("levels", [2, 3])
def test_both_ttests_of_tied_whole_numbers_vs_scipy(levels):
    rng = np.random.default_rng(8)
    target, baseline = rng.integers(0, levels, (30, 20)), rng.integers(0, levels, (30, 20))
    paired, welch = paired_ttest(target, baseline), welch_ttest(target, baseline)
    np.testing.assert_allclose(paired.p_value, stats.ttest_rel(target, baseline).pvalue, rtol=1e-9)
    np.testing.assert_allclose(welch.p_value, stats.ttest_ind(target, baseline, equal_var=False).pvalue, rtol=1e-9)


# --- Worked by hand ---


def test_paired_ttest_by_hand():
    # Differences 1, 2, 3: mean 2, sd 1, t = 2 sqrt(3); with 2 degrees of freedom p = 1 - t / sqrt(t^2 + 2).
    tests = paired_ttest(np.array([[3.0], [4.0], [5.0]]), np.array([[2.0], [2.0], [2.0]]))
    assert tests.mean_difference == pytest.approx([2.0])
    assert tests.statistic == pytest.approx([2 * np.sqrt(3)])
    assert tests.degrees_of_freedom == pytest.approx([2.0])
    assert tests.p_value == pytest.approx([1 - np.sqrt(12 / 14)])
    assert tests.cohens_d == pytest.approx([2.0])
    assert tests.auc == pytest.approx([1.0])


def test_welch_ttest_by_hand():
    # 4, 6 (mean 5, s^2 = 2) against 1, 2, 3 (mean 2, s^2 = 1): squared error 2/2 + 1/3 = 4/3, t = 3 / sqrt(4/3);
    # df = (4/3)^2 / (1^2/1 + (1/3)^2/2) = (16/9) / (19/18) = 32/19; d = 3 / sqrt(1.5).
    tests = welch_ttest(np.array([[4.0], [6.0]]), np.array([[1.0], [2.0], [3.0]]))
    assert tests.statistic == pytest.approx([3 / np.sqrt(4 / 3)])
    assert tests.degrees_of_freedom == pytest.approx([32 / 19])
    assert tests.mean_difference == pytest.approx([3.0])
    assert tests.cohens_d == pytest.approx([3 / np.sqrt(1.5)])
    assert tests.auc == pytest.approx([1.0])


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest])
def test_swapping_the_classes_changes_every_sign(test):
    target, baseline = activations(30, 12, 1), activations(30, 12, 2)
    one, other = test(target, baseline), test(baseline, target)
    for name in ("statistic", "mean_difference", "cohens_d"):
        np.testing.assert_allclose(getattr(one, name), -getattr(other, name), rtol=1e-12)
    np.testing.assert_allclose(one.auc, 1 - other.auc, rtol=1e-12)
    np.testing.assert_allclose(one.p_value, other.p_value, rtol=1e-12)
    higher = target.mean(0, dtype="float64") > baseline.mean(0, dtype="float64")
    np.testing.assert_array_equal(one.statistic > 0, higher)


# --- Neurons that do not vary ---


def test_paired_dead_neurons_are_nan_and_their_neighbours_are_not():
    target, baseline = with_dead_neurons(100, 100)
    tests = paired_ttest(target, baseline)
    dead = np.isin(np.arange(10), [2, 5])
    for name in ("statistic", "p_value", "cohens_d"):
        np.testing.assert_array_equal(np.isnan(getattr(tests, name)), dead, err_msg=name)
    np.testing.assert_array_equal(tests.degrees_of_freedom, 99.0)
    assert tests.mean_difference[2] == 0
    assert tests.mean_difference[5] == np.float64(np.float32(0.7)) - np.float64(np.float32(0.1))
    assert (tests.auc[2], tests.auc[5]) == (0.5, 1.0)


def test_paired_neuron_whose_differences_do_not_vary_is_dead_though_it_varies():
    baseline = np.arange(20.0)[:, None]
    tests = paired_ttest(baseline + 3, baseline)
    assert np.isnan(tests.statistic).all() and np.isnan(tests.p_value).all()
    assert tests.mean_difference == [3.0]


def test_welch_dead_neurons_are_nan_and_their_neighbours_are_not():
    target, baseline = with_dead_neurons(100, 80)
    tests = welch_ttest(target, baseline)
    dead = np.isin(np.arange(10), [2, 5])
    for name in ("statistic", "p_value", "cohens_d", "degrees_of_freedom"):
        np.testing.assert_array_equal(np.isnan(getattr(tests, name)), dead, err_msg=name)
    assert tests.mean_difference[2] == 0
    assert tests.mean_difference[5] == np.float64(np.float32(0.7)) - np.float64(np.float32(0.1))
    assert (tests.auc[2], tests.auc[5]) == (0.5, 1.0)


@pytest.mark.parametrize("value", [0.1, 0.3, 1e-7, 123.456, -2 / 3])
@pytest.mark.parametrize("n_words", [3, 49, 100, 997])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_of_the_mean_never_revives_a_constant_neuron(value, n_words, dtype):
    target = np.full((n_words, 3), value, dtype)
    baseline = np.zeros((n_words, 3), dtype)
    for test in (paired_ttest, welch_ttest):
        tests = test(target, baseline)
        assert np.isnan(tests.statistic).all()
        np.testing.assert_array_equal(tests.mean_difference, np.float64(target[0, 0]))


def test_a_neuron_whose_first_and_last_words_agree_is_not_constant():
    target, baseline = activations(30, 4, 1), activations(30, 4, 2)
    target[-1], baseline[-1] = target[0], baseline[0]
    for tests, reference in (
        (paired_ttest(target, baseline), stats.ttest_rel(target.astype("f8"), baseline.astype("f8"))),
        (welch_ttest(target, baseline), stats.ttest_ind(target.astype("f8"), baseline.astype("f8"), equal_var=False)),
    ):
        np.testing.assert_allclose(tests.statistic, reference.statistic, rtol=1e-9)
        np.testing.assert_allclose(tests.p_value, reference.pvalue, rtol=1e-9)


@pytest.mark.parametrize("constant", ["target", "baseline"])
def test_welch_still_tests_a_neuron_that_varies_in_one_group_only(constant):
    target, baseline = activations(30, 4, 1), activations(20, 4, 2)
    (target if constant == "target" else baseline)[:] = 0.1
    tests = welch_ttest(target, baseline)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy warns of the constant group
        reference = stats.ttest_ind(target.astype("f8"), baseline.astype("f8"), equal_var=False)
    np.testing.assert_allclose(tests.statistic, reference.statistic, rtol=1e-9)
    np.testing.assert_allclose(tests.p_value, reference.pvalue, rtol=1e-9)
    np.testing.assert_allclose(tests.degrees_of_freedom, 19 if constant == "target" else 29)


# --- Extreme statistics ---


# Two-sided p by mpmath with 40 digits: betainc(df/2, 1/2, 0, df/(df + t^2), regularized=True).
EXTREME = [
    (99, 25, 1.4493044898916565016e-44),
    (198, 60, 5.7342781219406127133e-129),
    (500, 60, 1.3393541267264357096e-230),
    (999, 50, 3.6127632476763507547e-274),
]


@pytest.mark.parametrize("df, t, p", EXTREME)
def test_extreme_statistics_keep_their_p_value(df, t, p):
    # Differences t / sqrt(n) + z with mean(z) = 0 and sd(z) = 1 have exactly this t, up to rounding.
    n = df + 1
    z = np.random.default_rng(0).standard_normal(n)
    z = (z - z.mean()) / z.std(ddof=1)
    tests = paired_ttest((z + t / np.sqrt(n))[:, None], np.zeros((n, 1)))
    assert tests.statistic[0] == pytest.approx(t, rel=1e-12, abs=0)
    assert tests.p_value[0] == pytest.approx(p, rel=1e-9, abs=0)


@pytest.mark.parametrize("df, t, p", [*EXTREME, (17.5, 60, 1.0367480126324169536e-21)])
def test_t_threshold_against_high_precision(df, t, p):
    assert t_threshold(p, df) == pytest.approx(t, rel=1e-12, abs=0)


def test_t_threshold_at_the_ends_and_over_arrays():
    assert t_threshold(1.0, 50) == 0
    assert t_threshold(0.0, 50) == np.inf
    assert np.isnan(t_threshold(np.nan, 50)) and np.isnan(t_threshold(0.05, np.nan))
    df = np.array([1.0, 2.0, 60.5])
    np.testing.assert_allclose(t_threshold(0.05, df), stats.t.isf(0.025, df), rtol=1e-12)
    np.testing.assert_allclose(t_threshold(np.array([0.05, 1e-6]), 99), stats.t.isf([0.025, 5e-7], 99), rtol=1e-12)


# --- Mistakes ---


def test_paired_needs_pairs_and_says_so():
    with pytest.raises(UserError) as error:
        paired_ttest(np.zeros((100, 4)), np.zeros((80, 4)))
    assert str(error.value) == (
        "The paired test pairs word i with word i, so it needs as many target as baseline words: got 100 and 80."
    )


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest, auc])
@pytest.mark.parametrize(
    "target, baseline, sentence",
    [
        ((9, 4), (9, 5), "the same neurons: got 4 and 5 neurons"),
        ((3, 9, 4), (2, 9, 4), r"the same layers: got arrays of shape \(3, 9, 4\) and \(2, 9, 4\)"),
        ((3, 9, 4), (9, 4), r"the same layers: got arrays of shape \(3, 9, 4\) and \(9, 4\)"),
        ((9,), (9, 4), r"The target activations must .* shape \(9,\)"),
        ((9, 4), (), r"The baseline activations must .* shape \(\)"),
        ((0, 4), (0, 4), "got 0 and 0"),
    ],
)
def test_shapes_that_cannot_be_compared(test, target, baseline, sentence):
    with pytest.raises(UserError, match=sentence):
        test(np.zeros(target), np.zeros(baseline))


@pytest.mark.parametrize(
    "test, n_target, n_baseline", [(paired_ttest, 1, 1), (welch_ttest, 1, 50), (welch_ttest, 50, 1)]
)
def test_fewer_than_two_words(test, n_target, n_baseline):
    with pytest.raises(UserError, match=f"at least 2 target and 2 baseline words: got {n_target} and {n_baseline}"):
        test(np.zeros((n_target, 4)), np.zeros((n_baseline, 4)))


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest, auc])
def test_values_that_are_not_finite_are_counted(test):
    target, baseline = np.zeros((2, 10, 4)), np.zeros((2, 10, 4))
    baseline[0, 3, 1], baseline[1, 4, :2] = np.nan, (np.inf, -np.inf)
    with pytest.raises(ValueError, match="3 of the 80 baseline activations are not finite"):
        test(target, baseline)


def test_import_stays_light():
    heavy = "('scipy.stats', 'torch')"
    code = f"import sys, core.stats.ttest, core.stats.correction; print([m for m in {heavy} if m in sys.modules])"
    got = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "[]"
