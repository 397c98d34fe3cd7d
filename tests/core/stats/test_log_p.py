"""core.stats.log_p and adjust_log10 against mpmath with 50 digits, SciPy, and the adjusted p-values themselves."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import stats

from core.errors import UserError
from core.stats.correction import adjust, adjust_log10
from core.stats.log_p import log10_p
from core.stats.ttest import welch_ttest
from tests.support.neuron_values import activations

pytestmark = pytest.mark.filterwarnings("error")

T = (1e-12, 1e-6, 0.01, 0.3, 0.67, 1.0, 2.1, 5.0, 10.0, 30.0, 36.0, 37.0, 37.7, 38.5, 40.0, 60.0, 200.0, 1e4, 1e6, 1e50)
DF = (1.0, 1.7, 2.0, 5.0, 9.3, 50.0, 198.0, 999.0, 5e3, 1e5)
BY_P = ("none", "bonferroni", "sidak", "holm", "fdr_bh", "fdr_by")


def exact_log10_p(t: float, df: float) -> float:
    """The log10 of the two-sided p by mpmath."""
    with mpmath.workdps(50):
        if np.isinf(df):
            return float(mpmath.log10(mpmath.erfc(mpmath.mpf(t) / mpmath.sqrt(2))))
        a, half, t = mpmath.mpf(df) / 2, mpmath.mpf(1) / 2, mpmath.mpf(t)
        x = df / (df + t**2)
        if x > 0.9:
            return float(mpmath.log10(mpmath.betainc(a, half, 0, x, regularized=True)))
        log_beta = mpmath.loggamma(a) + mpmath.loggamma(half) - mpmath.loggamma(a + half)
        series = mpmath.hyp2f1(a + half, 1, a + 1, x)
        log_p = a * mpmath.log(x) + mpmath.log(1 - x) / 2 - mpmath.log(a) - log_beta + mpmath.log(series)
        return float(log_p / mpmath.log(10))


@pytest.mark.parametrize("df", [*DF, np.inf])
def test_log10_p_vs_mpmath(df):
    expected = [exact_log10_p(t, df) for t in T]
    np.testing.assert_allclose(log10_p(np.array(T), df), expected, rtol=1e-11, atol=0)
    np.testing.assert_array_equal(log10_p(-np.array(T), df), log10_p(np.array(T), df))


@pytest.mark.parametrize("df", [3.0, 98.4, 1998.0, 1e5, np.inf])
def test_log10_p_has_no_step_where_the_formula_changes(df):
    # Where p passes 1e-290, and where it passes 0.5.
    for p in (1e-290, 0.5):
        middle = (stats.norm.isf(p / 2) if np.isinf(df) else stats.t.isf(p / 2, df)) * (1 + np.linspace(-1e-4, 1e-4, 9))
        expected = [exact_log10_p(t, df) for t in middle]
        np.testing.assert_allclose(log10_p(middle, df), expected, rtol=1e-11, atol=0)


def test_log10_p_vs_the_tests_own_p_values():
    tests = welch_ttest(activations(40, 30, 1), activations(70, 30, 2))
    got = log10_p(tests.statistic, tests.degrees_of_freedom)
    np.testing.assert_allclose(got, np.log10(tests.p_value), rtol=1e-9)


def test_log10_p_at_the_ends_and_over_shapes():
    got = log10_p(np.array([[0.0, np.inf, -np.inf, np.nan]] * 2), np.array([[7.0], [np.inf]]))
    np.testing.assert_array_equal(got, [[0.0, -np.inf, -np.inf, np.nan]] * 2)
    assert not np.signbit(got[0, 0])
    np.testing.assert_array_equal(log10_p(np.array([2.0, np.nan]), np.array([np.nan, np.nan])), [np.nan, np.nan])
    assert log10_p(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)
    assert log10_p(1e200, np.inf) == -np.inf  # p = 10^(-2e399)
    assert log10_p(1e300, 4.0) == pytest.approx(exact_log10_p(1e300, 4.0), rel=1e-12, abs=0)


@pytest.mark.parametrize("method", BY_P)
def test_adjust_log10_vs_adjust(method):
    rng = np.random.default_rng(0)
    p = 10.0 ** rng.uniform(-280, 0, (4, 100))
    p[:, ::3] = rng.uniform(size=p[:, ::3].shape)
    p[1, :5], p[0, 7], p[2, 9] = 0.02, 1.0, np.nan
    np.testing.assert_allclose(adjust_log10(np.log10(p), method), np.log10(adjust(p, method)), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("method", BY_P)
def test_adjust_log10_below_the_least_float_vs_mpmath(method):
    """Three findings far below a float's least, by the definitions, with 60 digits."""
    log_p = np.array([-0.3, -2_000.0, -1_000.5, np.nan, -700.0])
    with mpmath.workdps(60):
        p = [mpmath.mpf(10) ** mpmath.mpf(value) for value in (-2_000.0, -1_000.5, -700.0, -0.3)]
        harmonic = mpmath.mpf(25) / 12
        with mpmath.workdps(2_100):
            sidak = [1 - (1 - value) ** 4 for value in p]
        adjusted = {
            "none": p,
            "bonferroni": [value * 4 for value in p],
            "sidak": sidak,
            "holm": [p[0] * 4, p[1] * 3, p[2] * 2, p[3]],
            "fdr_bh": [p[0] * 4, p[1] * 2, p[2] * 4 / 3, p[3]],
            "fdr_by": [p[0] * 4 * harmonic, p[1] * 2 * harmonic, p[2] * 4 / 3 * harmonic, p[3] * harmonic],
        }[method]
        low, middle, high, most = (min(float(mpmath.log10(value)), 0.0) for value in adjusted)
    np.testing.assert_allclose(adjust_log10(log_p, method), [most, low, middle, np.nan, high], rtol=1e-14)


@pytest.mark.parametrize("method", BY_P)
def test_adjust_log10_of_p_zero_and_of_nothing(method):
    np.testing.assert_array_equal(adjust_log10(np.array([-np.inf, 0.0]), method), [-np.inf, 0.0])
    assert adjust_log10(np.zeros((0, 3)), method).shape == (0, 3)
    assert np.isnan(adjust_log10(np.full(3, np.nan), method)).all()


def test_a_logarithm_above_zero_is_no_p_value():
    with pytest.raises(UserError, match=r"at most 0: 2 of 4 are not, the highest 0\.5"):
        adjust_log10(np.array([-1.0, 0.5, np.nan, 0.1]), "holm")
