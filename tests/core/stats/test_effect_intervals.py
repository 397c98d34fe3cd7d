"""core.stats.effect_intervals against the definitions, written as loops, and the coverage of its intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from core.errors import UserError
from core.stats.effect_intervals import effect_sizes
from core.stats.effect_moments import hedges_correction
from core.stats.mann_whitney import mann_whitney_test
from core.stats.ranks import midranks, placement_squares
from core.stats.ttest import paired_ttest, welch_ttest
from tests.support.neuron_values import activations, with_dead_neurons

pytestmark = pytest.mark.filterwarnings("error")

NAMES = ("hedges_g", "hedges_g_low", "hedges_g_high", "auc_low", "auc_high")


def groups(n_target: int, n_baseline: int, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """12 neurons: as they are, with many zeros, and of a few whole numbers."""
    target, baseline = activations(n_target, 12, 1, dtype), activations(n_baseline, 12, 2, dtype)
    target += 2 * target.std(axis=0)
    target[:, 1::3], baseline[:, 1::3] = np.maximum(target[:, 1::3], 0), np.maximum(baseline[:, 1::3], 0)
    for column in range(2, 12, 3):
        spread = target[:, column].std()
        target[:, column], baseline[:, column] = (np.round(g[:, column] / spread) for g in (target, baseline))
    return target, baseline


def j(df: float) -> float:
    return math.gamma(df / 2) / (math.sqrt(df / 2) * math.gamma((df - 1) / 2))


# --- Hedges' g ---


@pytest.mark.parametrize("df", [2.0, 7.3, 50.0, 300.0])
def test_hedges_correction_vs_its_definition(df):
    assert hedges_correction(np.array([df])) == pytest.approx([j(df)], rel=1e-12, abs=0)
    assert hedges_correction(np.array([df])) == pytest.approx([1 - 3 / (4 * df - 1)], rel=0.06)  # Hedges' approximation


@pytest.mark.parametrize("n_target, n_baseline", [(30, 30), (7, 40), (4, 3)])
def test_g_of_groups_vs_the_definition(n_target, n_baseline):
    target, baseline = groups(n_target, n_baseline)
    got, tests = effect_sizes(target, baseline, paired=False), welch_ttest(target, baseline)
    for column in np.flatnonzero(~np.isnan(tests.cohens_d)):
        x, y = target[:, column].astype("f8"), baseline[:, column].astype("f8")
        v1, v2, d = x.var(ddof=1), y.var(ddof=1), tests.cohens_d[column]
        # Delacre et al. (2021)
        df = (n_target - 1) * (n_baseline - 1) * (v1 + v2) ** 2 / ((n_baseline - 1) * v1**2 + (n_target - 1) * v2**2)
        g = d * j(df) if df > 1 else math.nan
        s2 = (v1 + v2) / 2
        variance = 0.0
        for sign, values, v in ((1, x, v1), (-1, y, v2)):
            influence = [
                sign * (a - values.mean()) / s2**0.5 - d / 4 * ((a - values.mean()) ** 2 - v) / s2 for a in values
            ]
            variance += sum(a**2 for a in influence) / (len(values) - 1) / len(values)
        half = stats.t.ppf(0.975, tests.degrees_of_freedom[column]) * variance**0.5
        for name, expected in zip(NAMES, (g, g - half, g + half), strict=False):
            assert getattr(got, name)[column] == pytest.approx(expected, rel=1e-9, abs=0, nan_ok=True), name


def test_g_of_pairs_vs_the_definition():
    n = 25
    target, baseline = groups(n, n)
    got, tests = effect_sizes(target, baseline, paired=True), paired_ttest(target, baseline)
    for column in range(12):
        x = target[:, column].astype("f8") - baseline[:, column].astype("f8")
        g = tests.cohens_d[column] * j(n - 1)
        z = (x - x.mean()) / x.std(ddof=1)
        influence = z - tests.cohens_d[column] / 2 * (z**2 - 1)
        half = stats.t.ppf(0.975, n - 1) * math.sqrt(sum(influence**2) / (n - 1) / n)
        for name, expected in zip(NAMES, (g, g - half, g + half), strict=False):
            assert getattr(got, name)[column] == pytest.approx(expected, rel=1e-9, abs=0), name


def test_the_variance_of_g_is_bonetts_for_normal_values():
    # With the skewness and kurtosis of the normal distribution, the delta method gives Bonett's (2008) variance.
    rng = np.random.default_rng(0)
    x, y = 1 + 2 * rng.standard_normal((200_000, 1)), rng.standard_normal((100_000, 1))
    got, d = effect_sizes(x, y, paired=False), welch_ttest(x, y).cohens_d
    v1, v2 = x.var(ddof=1), y.var(ddof=1)
    s2 = (v1 + v2) / 2
    bonett = d**2 / (8 * s2**2) * (v1**2 / 199_999 + v2**2 / 99_999) + (v1 / 199_999 + v2 / 99_999) / s2
    assert got.hedges_g_high - got.hedges_g_low == pytest.approx(2 * 1.959964 * np.sqrt(bonett), rel=0.005)


@pytest.mark.parametrize("n_target, n_baseline, paired", [(6, 6, False), (4, 12, False), (6, 6, True)])
def test_g_has_no_bias_where_d_has(n_target, n_baseline, paired):
    rng = np.random.default_rng(1)
    target, baseline = rng.standard_normal((n_target, 20_000)) + 1.0, rng.standard_normal((n_baseline, 20_000))
    true = 1 / np.sqrt(2) if paired else 1.0  # the differences' sd is sqrt(2)
    g = effect_sizes(target, baseline, paired=paired).hedges_g
    d = (paired_ttest if paired else welch_ttest)(target, baseline).cohens_d
    error = g.std() / np.sqrt(g.size)
    assert abs(g.mean() - true) < 0.01 + 3 * error  # df of d_av are estimated: a last bias of about 0.01 stays
    assert d.mean() - true > 0.06


# --- The AUC ---


def newcombe(auc: float, n1: int, n2: int) -> tuple[float, float]:
    """Newcombe's method 5 by a root finder."""
    z, half = stats.norm.ppf(0.975), (n1 + n2) / 2

    def distance(theta: float) -> float:
        model = 1 + (half - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (theta - auc) ** 2 - z**2 * theta * (1 - theta) * model / (n1 * n2)

    low = optimize.brentq(distance, 1e-12, auc - 1e-12) if auc > 0 else 0.0
    return low, optimize.brentq(distance, auc + 1e-12, 1 - 1e-12) if auc < 1 else 1.0


def delong(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """The AUC and DeLong's limits on the logit scale, pair by pair."""
    won = (x[:, None] > y[None]) + 0.5 * (x[:, None] == y[None])
    auc = won.mean()
    error = math.sqrt(won.mean(1).var(ddof=1) / len(x) + won.mean(0).var(ddof=1) / len(y))
    half = stats.norm.ppf(0.975) * error / (auc * (1 - auc))
    logit = math.log(auc / (1 - auc))
    return auc, 1 / (1 + math.exp(half - logit)), 1 / (1 + math.exp(-half - logit))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_target, n_baseline", [(30, 30), (5, 60), (50, 8)])
def test_auc_limits_vs_delong_pair_by_pair_and_newcombe(dtype, n_target, n_baseline):
    target, baseline = groups(n_target, n_baseline, dtype)
    auc = mann_whitney_test(target, baseline).auc
    assert np.sum((auc > 0) & (auc < 1)) >= 4
    for paired in (False, True) if n_target == n_baseline else (False,):
        got = effect_sizes(target, baseline, paired=paired)
        for column in range(12):
            if np.ptp(np.concatenate([target[:, column], baseline[:, column]])) == 0:
                assert np.isnan(got.auc_low[column])
                continue
            low, high = newcombe(auc[column], n_target, n_baseline)
            if 0 < auc[column] < 1:
                _, delong_low, delong_high = delong(target[:, column], baseline[:, column])
                low, high = min(low, delong_low), max(high, delong_high)
            assert got.auc_low[column] == pytest.approx(low, abs=1e-9)
            assert got.auc_high[column] == pytest.approx(high, abs=1e-9)
            assert 0 <= got.auc_low[column] <= auc[column] <= got.auc_high[column] <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_placement_squares_vs_every_pair(dtype):
    rng = np.random.default_rng(2)
    rows = np.concatenate([rng.standard_normal((6, 40)), rng.integers(0, 4, (6, 40)), np.ones((1, 40))]).astype(dtype)
    rows[2, 3], rows[2, 33] = 1.0, np.nextafter(rows.dtype.type(1), rows.dtype.type(2))  # differ in the last bit
    won = (rows[:, :15, None] > rows[:, None, 15:]) + 0.5 * (rows[:, :15, None] == rows[:, None, 15:])
    expected = won.sum((1, 2)), (won.sum(2) ** 2).sum(1), (won.sum(1) ** 2).sum(1)
    np.testing.assert_array_equal(placement_squares(rows, 15), expected)
    np.testing.assert_array_equal(midranks(rows), stats.rankdata(rows, axis=1))


@pytest.mark.parametrize("n_target, n_baseline", [(3, 3), (20, 20), (5, 100), (500, 500)])
def test_an_auc_of_one_still_has_an_interval(n_target, n_baseline):
    target, baseline = 10 + np.arange(1.0, n_target + 1)[:, None], -np.arange(float(n_baseline))[:, None]
    got, mirrored = effect_sizes(target, baseline, paired=False), effect_sizes(baseline, target, paired=False)
    assert got.auc_high == [1.0] and mirrored.auc_low == [0.0]
    assert got.auc_low == pytest.approx(1 - mirrored.auc_high, rel=1e-12)
    # With an AUC at the limit, all pairs would be won with a chance of a few percent at most, by simulation.
    rng = np.random.default_rng(0)
    shift = math.sqrt(2) * stats.norm.ppf(got.auc_low[0])
    lowest = shift + rng.standard_normal((20_000, n_target)).min(axis=1)
    assert np.mean(lowest > rng.standard_normal((20_000, n_baseline)).max(axis=1)) < 0.06
    assert 1 / max(n_target, n_baseline) < 1 - got.auc_low < 4 / min(n_target, n_baseline)


# --- Coverage: 95%, and how far from it ---

REPLICATES = 2_000
KINDS = {
    "normal": lambda rng, n: rng.standard_normal((n, REPLICATES)),
    "exponential": lambda rng, n: rng.exponential(size=(n, REPLICATES)) - 1,
}


def covered(low: np.ndarray, true: float, high: np.ndarray) -> float:
    return float(np.mean((low <= true) & (true <= high)))


@pytest.mark.parametrize("kind, n_target, n_baseline, least", [
    ("normal", 20, 20, 0.935), ("normal", 20, 100, 0.925), ("normal", 100, 100, 0.935),
    ("exponential", 100, 100, 0.90), ("exponential", 400, 400, 0.925),
])  # fmt: skip
def test_coverage_of_g_of_groups(kind, n_target, n_baseline, least):
    rng = np.random.default_rng(4)
    for d in (0.0, 0.5, 1.0, 2.0):
        target, baseline = KINDS[kind](rng, n_target) + d, KINDS[kind](rng, n_baseline)
        sizes = effect_sizes(target, baseline, paired=False)
        # The standard error of the share is 0.005.
        assert least <= covered(sizes.hedges_g_low, d, sizes.hedges_g_high) <= 0.97, d


@pytest.mark.parametrize("n, least", [(20, 0.915), (100, 0.925)])
def test_coverage_of_g_of_pairs(n, least):
    rng = np.random.default_rng(5)
    for d in (0.0, 0.5, 1.0, 2.0):
        sizes = effect_sizes(KINDS["normal"](rng, n) + d, np.zeros((n, REPLICATES)), paired=True)
        assert least <= covered(sizes.hedges_g_low, d, sizes.hedges_g_high) <= 0.975, d


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_target, n_baseline", [(20, 20), (5, 100), (100, 100)])
def test_coverage_of_the_auc(kind, n_target, n_baseline):
    rng = np.random.default_rng(6)
    for auc in (0.5, 0.9, 0.99, 0.999):
        target, baseline = KINDS[kind](rng, n_target), KINDS[kind](rng, n_baseline)
        if kind == "normal":
            target += math.sqrt(2) * stats.norm.ppf(auc)
        else:  # of two exponential variables, P(X > Y) is mean X / (mean X + mean Y)
            target, baseline = (target + 1) * auc / (1 - auc), baseline + 1
        sizes = effect_sizes(target, baseline, paired=False)
        assert covered(sizes.auc_low, auc, sizes.auc_high) >= 0.93, auc
        if auc == 0.5:
            assert covered(sizes.auc_low, auc, sizes.auc_high) <= 0.975


# --- Dead neurons, mistakes ---


@pytest.mark.parametrize("paired", [False, True])
def test_dead_neurons_are_nan_and_their_neighbours_are_not(paired):
    target, baseline = with_dead_neurons(40, 40)
    sizes = effect_sizes(target, baseline, paired=paired)
    for name in NAMES[:3]:
        np.testing.assert_array_equal(np.isnan(getattr(sizes, name)), np.isin(np.arange(10), [2, 5]), err_msg=name)
    for name in NAMES[3:]:  # 5 is constant in each group, at different values: its AUC is 1
        np.testing.assert_array_equal(np.isnan(getattr(sizes, name)), np.arange(10) == 2, err_msg=name)


def test_two_pairs_have_no_g_and_no_warning():
    sizes = effect_sizes(np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]]), paired=True)
    assert np.isnan(sizes.hedges_g).all() and np.isfinite(sizes.auc_low).all()


def test_pairs_need_equal_groups():
    with pytest.raises(UserError, match="got 5 and 6"):
        effect_sizes(np.zeros((5, 2)), np.zeros((6, 2)), paired=True)
