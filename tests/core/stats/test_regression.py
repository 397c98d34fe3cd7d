"""Least squares and its robust errors against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from core.errors import UserError
from core.stats.regression import independent_columns, interval_95, least_squares


def made(seed: int, n: int = 80, k: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values that depend on the columns, with variances that differ, and clusters of unequal sizes."""
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.exponential(50, n), rng.normal(size=(n, k - 3))])
    clusters = rng.integers(0, 25, n)
    values = design @ rng.normal(size=k) + rng.normal(size=25)[clusters] + rng.normal(size=n) * (1 + design[:, 1])
    return values, design, np.array([f"lemma {cluster}" for cluster in clusters])


@pytest.mark.parametrize("seed", range(5))
def test_coefficients_hc3_and_clustered_errors_vs_statsmodels(seed: int) -> None:
    values, design, clusters = made(seed)
    fit, model = least_squares(values, design), sm.OLS(values, design)
    expected = model.fit(cov_type="HC3")
    np.testing.assert_allclose(fit.coefficients, expected.params, rtol=1e-8)
    np.testing.assert_allclose(fit.hc3(), expected.cov_params(), rtol=1e-8, atol=1e-12)
    _, groups = np.unique(clusters, return_inverse=True)
    expected = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    np.testing.assert_allclose(fit.clustered(clusters), expected.cov_params(), rtol=1e-8, atol=1e-12)
    n_clusters = len(set(clusters))
    limits = interval_95(fit.coefficients[1], fit.clustered(clusters)[1, 1], n_clusters - 1)
    np.testing.assert_allclose(limits, expected.conf_int()[1], rtol=1e-8)


def test_clusters_of_one_row_vs_statsmodels_hc1() -> None:
    values, design, _ = made(9)
    fit, n = least_squares(values, design), len(values)
    # With G = n, CR1's n / (n - 1) * (n - 1) / (n - k) is HC1's n / (n - k)
    expected = sm.OLS(values, design).fit(cov_type="HC1").cov_params()
    np.testing.assert_allclose(fit.clustered(np.arange(n)), expected, rtol=1e-8, atol=1e-12)


def test_a_row_with_a_column_of_its_own_changes_nothing_else() -> None:
    values, design, _ = made(3)
    own = np.zeros(len(values))
    own[7] = 1
    fit = least_squares(values, np.column_stack([design, own]))
    without = sm.OLS(np.delete(values, 7), np.delete(design, 7, axis=0)).fit(cov_type="HC3")
    np.testing.assert_allclose(fit.coefficients[:-1], without.params, rtol=1e-8)
    np.testing.assert_allclose(fit.hc3()[:-1, :-1], without.cov_params(), rtol=1e-8, atol=1e-12)


def test_independent_columns_have_the_rank_of_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        base = rng.integers(0, 3, size=(12, 4)).astype(float)
        columns = np.column_stack([base, base @ rng.integers(-2, 3, size=(4, 3)), np.full(12, 7.0)])
        kept = independent_columns(columns)
        with_constant = np.column_stack([np.ones(12), columns])
        assert len(kept) + 1 == np.linalg.matrix_rank(with_constant)
        assert np.linalg.matrix_rank(np.column_stack([np.ones(12), columns[:, kept]])) == len(kept) + 1


def test_too_few_rows_or_clusters_are_refused() -> None:
    with pytest.raises(UserError, match="more than 3 words; got 3"):
        least_squares(np.zeros(3), np.eye(3))
    with pytest.raises(UserError, match="at least two clusters; got 1"):
        least_squares(np.arange(4.0), np.ones((4, 1))).clustered(np.zeros(4))
