"""Planted power against SciPy's tests run draw by draw, and against the noncentral t where values are normal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.stats.power import planted_power, smallest_found


def by_scipy(own: np.ndarray, other: np.ndarray, test: str, critical: float, d: float) -> float:
    """The same 200 draws, one by one."""
    draws, rng = 200, np.random.default_rng(5)
    sd = np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / 2)

    def stretched(values: np.ndarray) -> np.ndarray:
        return (values - values.mean()) * np.sqrt(len(values) / (len(values) - 1)) / sd

    def statistics(one: np.ndarray, two: np.ndarray) -> float:
        if test == "welch":
            return stats.ttest_ind(one + d, two, equal_var=False).statistic
        u = stats.mannwhitneyu(one + d, two, method="asymptotic")
        return np.sign(u.statistic - len(one) * len(two) / 2) * stats.norm.isf(u.pvalue / 2)

    if test == "paired":
        differences = stretched(own - other)
        rows = differences[rng.integers(len(own), size=(draws, len(own)))]
        return float(np.mean(stats.ttest_1samp(rows + d, 0, axis=1).statistic >= critical))
    one = stretched(own)[rng.integers(len(own), size=(draws, len(own)))]
    two = stretched(other)[rng.integers(len(other), size=(draws, len(other)))]
    return float(np.mean([statistics(*pair) >= critical for pair in zip(one, two, strict=True)]))


@pytest.mark.parametrize("test", ["welch", "paired", "mannwhitney"])
@pytest.mark.parametrize("d", [0.0, 0.4, 1.0])
def test_every_draw_is_judged_as_by_scipy(test: str, d: float) -> None:
    rng = np.random.default_rng(3)
    own, other = rng.exponential(size=40), rng.normal(size=40 if test == "paired" else 27)
    got = planted_power(own, other, test, 2.5, draws=200, seed=5)(d)
    assert got == pytest.approx(by_scipy(own, other, test, 2.5, d), abs=1e-12)


def test_ties_within_and_across_classes_are_judged_as_by_scipy() -> None:
    rng = np.random.default_rng(6)
    own = rng.integers(0, 4, 30).astype(float)
    other = own[::-1].copy()  # equal means and SD, so that values tie across the classes too
    for d in (0.0, 0.5):
        got = planted_power(own, other, "mannwhitney", 1.0, draws=200, seed=5)(d)
        assert got == pytest.approx(by_scipy(own, other, "mannwhitney", 1.0, d), abs=1e-12)


@pytest.mark.parametrize(("test", "df"), [("welch", 198), ("paired", 99)])
def test_normal_values_have_the_power_of_the_noncentral_t(test: str, df: int) -> None:
    own = stats.norm.ppf((np.arange(100) + 0.5) / 100)
    other = np.random.default_rng(1).permutation(own)
    # The differences of the two means, and of pairs, in units of their standard deviation
    spread = np.sqrt(2) if test == "welch" else np.std(own - other, ddof=1) / own.std(ddof=1)
    critical = stats.t.isf(0.025 / 3072, df)
    power = planted_power(own, other, test, critical, draws=4000)
    for d in (0.5, 0.7):
        assert power(d) == pytest.approx(stats.nct.sf(critical, df, d * 10 / spread), abs=0.03)


def test_no_spread_or_no_threshold_finds_nothing() -> None:
    values = np.arange(5.0)
    assert planted_power(np.ones(5), np.ones(5), "welch", 2.0)(3.0) == 0
    assert planted_power(values, values, "welch", float("inf"))(3.0) == 0
    assert np.isnan(smallest_found(planted_power(values, values, "mannwhitney", 50.0)))
    # Differences that do not vary have no t
    assert planted_power(values, values + 1, "paired", 2.0)(3.0) == 0


def test_the_smallest_found_is_where_the_curve_crosses() -> None:
    rng = np.random.default_rng(0)
    power = planted_power(rng.normal(size=60), rng.normal(size=50), "welch", 3.0)
    smallest = smallest_found(power)
    assert power(smallest - 0.002) < 0.8 <= power(smallest + 0.001)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same draws, whatever fits into memory: for one group of differences they are the same numbers in a row."""
    import core.stats.power as module

    values = np.random.default_rng(0).exponential(size=50)
    whole = planted_power(values, np.zeros(50), "paired", 2.0, draws=300)(0.4)
    monkeypatch.setattr(module, "_BLOCK", 50 * 7)
    assert planted_power(values, np.zeros(50), "paired", 2.0, draws=300)(0.4) == whole
