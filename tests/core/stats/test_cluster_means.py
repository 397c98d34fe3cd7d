"""Means and differences with clustered errors, against statsmodels' regressions."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t

from core.errors import UserError
from core.stats.cluster_means import cluster_difference, cluster_mean, t_interval


def draw(seed: int, n: int, n_clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, 3) that share something within a cluster, and clusters (n,) of different sizes."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, n_clusters, n) ** 2 % (n_clusters + 3)
    return rng.normal(size=(n, 3)) + rng.normal(size=(n_clusters + 3, 3))[cluster], cluster


@pytest.mark.parametrize(("n_first", "n_second", "n_clusters"), [(40, 60, 9), (7, 200, 30), (3, 4, 4)])
def test_a_difference_is_statsmodels_coefficient(n_first: int, n_second: int, n_clusters: int) -> None:
    values, cluster = draw(n_first, n_first + n_second, n_clusters)
    is_first = np.arange(len(values)) < n_first
    found = cluster_difference(values[is_first], values[~is_first], cluster[is_first], cluster[~is_first])
    for column, difference, error in zip(values.T, *found, strict=True):
        fit = sm.OLS(column, sm.add_constant(is_first.astype(float))).fit(
            cov_type="cluster", cov_kwds={"groups": cluster}
        )
        assert difference == pytest.approx(fit.params[1], rel=1e-9)
        assert error == pytest.approx(fit.bse[1], rel=1e-9)


def test_a_mean_is_statsmodels_constant() -> None:
    values, cluster = draw(1, 50, 8)
    for column, mean, error in zip(values.T, *cluster_mean(values, cluster), strict=True):
        fit = sm.OLS(column, np.ones(len(column))).fit(cov_type="cluster", cov_kwds={"groups": cluster})
        assert (mean, error) == (pytest.approx(fit.params[0], rel=1e-9), pytest.approx(fit.bse[0], rel=1e-9))


def test_an_interval_is_students() -> None:
    low, high = t_interval(np.array([0.3]), np.array([0.2]), 20, 0.975)
    assert (low[0], high[0]) == pytest.approx(t.interval(0.975, 19, loc=0.3, scale=0.2))


def test_it_covers_in_simulations() -> None:
    """True differences of 0, half the variance between clusters: 95% intervals miss about one in twenty."""
    rng, missed = np.random.default_rng(0), []
    for _ in range(400):
        shared = rng.normal(size=(40, 1))
        first, second = (np.repeat(shared, 3, axis=0) + rng.normal(size=(120, 1)) for _ in range(2))
        cluster = np.repeat(np.arange(40), 3)
        low, high = t_interval(*cluster_difference(first, second, cluster, cluster), 40, 0.95)
        missed.append(not low[0] <= 0 <= high[0])
    assert 0.02 < np.mean(missed) < 0.08


@pytest.mark.parametrize(("n", "clusters"), [(0, []), (3, [5, 5, 5])])
def test_too_little_is_one_sentence(n: int, clusters: list[int]) -> None:
    with pytest.raises(UserError, match="two sentences or more"):
        cluster_mean(np.zeros((n, 2)), np.array(clusters))
