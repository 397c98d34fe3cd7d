"""Two one-sided tests against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttost_ind

from core.stats.equivalence import equivalence_test


@pytest.mark.parametrize("shift", [0.0, 0.1, -0.3, 2.0])
def test_it_vs_statsmodels(shift: float) -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=300) + shift, 2 * rng.exponential(size=170)
    sd = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    p, (low, high) = equivalence_test(one, other, 0.2)
    assert p == pytest.approx(ttost_ind(one, other, -0.2 * sd, 0.2 * sd, usevar="unequal")[0], rel=1e-9)
    expected = CompareMeans(DescrStatsW(one), DescrStatsW(other)).tconfint_diff(alpha=0.1, usevar="unequal")
    np.testing.assert_allclose([low * sd, high * sd], expected, rtol=1e-9)
    assert (p < 0.05) == (low > -0.2 and high < 0.2)


def test_values_that_do_not_vary_have_no_answer() -> None:
    p, interval = equivalence_test(np.ones(3), np.ones(4), 0.2)
    assert np.isnan([p, *interval]).all()
