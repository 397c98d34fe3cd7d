"""Pooling against statsmodels, a published example, an independent optimiser of the likelihood, and plain cases."""

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.proportion import proportion_confint

from core.errors import UserError
from core.stats.effect_moments import g_with_variance
from core.stats.meta_analysis import pool, pool_of_one_size, sign_agreement

# Thirteen trials of a vaccine against tuberculosis (Colditz et al. 1994): cases and others, vaccinated and not.
_TRIALS = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ]
)


def _log_risk_ratios():
    a, b, c, d = _TRIALS.T
    return np.log((a / (a + b)) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def _made(k, tau, seed):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.05, 0.4, k)
    return rng.normal(0.8, np.sqrt(v + tau**2)), v


def test_the_published_example_of_thirteen_trials():
    """The figures that Viechtbauer (2010), Journal of Statistical Software 36(3), section 4, prints of them."""
    found = pool(*_log_risk_ratios())
    assert (round(found.estimate, 4), round(found.tau2, 4)) == (-0.7145, 0.3132)
    assert (round(100 * found.i2, 2), round(found.q, 4)) == (92.22, 152.2330)
    assert found.q_p < 0.0001
    assert round(pool(*_log_risk_ratios(), "dl").tau2, 4) == 0.3088


@pytest.mark.parametrize(("seed", "tau"), [(3, 0.0), (3, 0.6), (5, 0.6), (6, 0.6)])
def test_moments_and_intervals_vs_statsmodels(seed, tau):
    y, v = _made(12, tau, seed)
    found, theirs = pool(y, v, "dl"), combine_effects(y, v, method_re="chi2", use_t=True)
    # Theirs may have a variance below zero: then ours is zero, and the estimate that of equal true effects.
    equal = theirs.tau2 < 0
    estimate = theirs.mean_effect_fe if equal else theirs.mean_effect_re
    np.testing.assert_allclose([found.tau2, found.estimate, found.q], [max(0, theirs.tau2), estimate, theirs.q])
    # Theirs is Hartung and Knapp's as it is; ours is never narrower than the usual one.
    usual = np.sqrt(1 / (1 / (v + found.tau2)).sum())
    error = max(usual, theirs.sd_eff_w_fe_hksj if equal else theirs.sd_eff_w_re_hksj)
    half, reach = stats.t.ppf(0.975, 11) * error, stats.t.ppf(0.975, 10) * np.sqrt(found.tau2 + error**2)
    np.testing.assert_allclose([found.low, found.high], [estimate - half, estimate + half])
    np.testing.assert_allclose(found.prediction, (estimate - reach, estimate + reach))
    assert found.q_p == pytest.approx(stats.chi2.sf(found.q, 11))


def _minus_restricted(tau2, y, v):
    """The restricted likelihood by its definition: the density of y over all means, as a determinant."""
    cov, ones = np.diag(v + tau2), np.ones((len(y), 1))
    inverse = np.linalg.inv(cov)
    projection = inverse - inverse @ ones @ np.linalg.inv(ones.T @ inverse @ ones) @ ones.T @ inverse
    return (np.linalg.slogdet(cov)[1] + np.linalg.slogdet(ones.T @ inverse @ ones)[1] + y @ projection @ y) / 2


@pytest.mark.parametrize(("k", "tau"), [(2, 1.5), (5, 0.0), (8, 0.4), (60, 0.3), (30, 5.0)])
def test_reml_vs_an_optimiser_of_the_likelihood(k, tau):
    y, v = _made(k, tau, seed=k)
    best = optimize.minimize_scalar(
        _minus_restricted, bounds=(0, 100), args=(y, v), method="bounded", options={"xatol": 1e-10}
    )
    ours = pool(y, v).tau2
    assert ours == pytest.approx(best.x, rel=1e-4, abs=1e-5)
    assert _minus_restricted(ours, y, v) <= min(best.fun, _minus_restricted(0.0, y, v)) + 1e-10


def test_one_two_and_equal_effects():
    one = pool(np.array([0.7]), np.array([0.2]))
    assert (one.n, one.estimate, one.prediction) == (1, 0.7, None) and np.isnan([one.low, one.tau2, one.i2]).all()
    two = pool(np.array([0.2, 0.6]), np.array([0.1, 0.1]))
    assert two.estimate == pytest.approx(0.4) and two.prediction is None and two.low < 0 < two.high
    same = pool(np.full(9, 1.3), np.full(9, 0.25))
    assert (same.tau2, same.i2, same.q, same.q_p) == (0.0, 0.0, 0.0, 1.0)
    # By hand: t with 8 degrees of freedom, and a standard error of 0.5 / 3.
    assert same.high - same.estimate == pytest.approx(2.306004 * 0.5 / 3, abs=1e-6)


def test_the_scale_of_effects_does_not_matter():
    y, v = _made(10, 0.5, seed=1)
    plain, large = pool(y, v), pool(1e6 * y, 1e12 * v)
    np.testing.assert_allclose(
        [large.estimate, large.tau2, large.i2, large.high],
        [1e6 * plain.estimate, 1e12 * plain.tau2, plain.i2, 1e6 * plain.high],
    )


@pytest.mark.parametrize("agree", [0, 1, 30, 59, 60])
def test_sign_agreement_vs_statsmodels(agree):
    effects = np.array([1.0] * agree + [-0.5] * (60 - agree))
    found = sign_agreement(effects, 0.9)
    assert (found.agree, found.n) == (agree, 60)
    np.testing.assert_allclose((found.low, found.high), proportion_confint(agree, 60, method="wilson"), atol=1e-12)


def test_an_effect_of_zero_has_no_sign():
    assert sign_agreement(np.array([0.0, -1.0]), -0.5).agree == 1


@pytest.mark.parametrize(
    ("effects", "variances", "method", "said"),
    [
        ([1.0], [0.0], "reml", "above zero"),
        ([1.0, 2.0], [0.1, np.nan], "reml", "above zero"),
        ([np.inf], [1.0], "dl", "not a finite number"),
        ([], [], "dl", "at least one"),
        ([1.0], [1.0, 2.0], "dl", "one variance for each"),
        ([1.0], [1.0], "fixed", "allowed are reml, dl"),
    ],
)
def test_what_cannot_be_pooled_gets_a_sentence(effects, variances, method, said):
    with pytest.raises(UserError, match=said):
        pool(np.array(effects), np.array(variances), method)


def test_effects_of_one_size_vs_statsmodels_and_both_methods_agree():
    y, v = _made(12, 0.6, seed=3)
    found, same = pool_of_one_size(y, v), np.full(12, v.mean())
    theirs = combine_effects(y, same, method_re="chi2", use_t=True)
    np.testing.assert_allclose(
        [found.estimate, found.tau2, found.q], [theirs.mean_effect_re, theirs.tau2, theirs.q], rtol=1e-9
    )
    assert found.estimate == pytest.approx(y.mean()) and found.tau2 == pytest.approx(y.var(ddof=1) - v.mean())
    assert pool(y, same, "reml").tau2 == pytest.approx(found.tau2)
    with pytest.raises(UserError, match="above zero"):  # a mean would hide it
        pool_of_one_size(np.array([1.0, 2.0]), np.array([0.0, 0.5]))


@pytest.mark.parametrize(
    ("draw", "true", "bias", "covered"),
    [
        ("normal", 0.0, 0.00, 0.94),
        ("normal", 2.0, 0.00, 0.94),
        ("normal", 3.0, 0.00, 0.96),
        ("exponential", 1.0, 0.07, 0.83),
        ("exponential", 2.0, 0.14, 0.70),
    ],
)
def test_the_coverage_that_the_methods_name(draw, true, bias, covered):
    """60 seats of 12 words of each class, pooled 400 times: how often the interval has the true effect."""
    rng = np.random.default_rng(7)
    values = (rng.normal if draw == "normal" else rng.exponential)(size=(2, 12, 24_000))
    g, variance = (each.reshape(400, 60) for each in g_with_variance(values[0] + true, values[1], paired=False))
    pooled = [pool_of_one_size(*both) for both in zip(g, variance, strict=True)]
    assert np.mean([each.estimate for each in pooled]) - true == pytest.approx(bias, abs=0.03)
    assert np.mean([each.low <= true <= each.high for each in pooled]) == pytest.approx(covered, abs=0.04)
