"""core.stats.proportion against statsmodels and a hand-worked case."""

from __future__ import annotations

import math

import pytest
from statsmodels.stats.proportion import proportion_confint

from core.stats.proportion import wilson


@pytest.mark.parametrize(("k", "n"), [(7, 10), (0, 4), (4, 4), (58, 100)])
def test_wilson_vs_statsmodels(k, n):
    found = wilson(k, n)
    assert (found.n_right, found.n, found.share) == (k, n, k / n)
    # statsmodels may give a limit of -1e-18 where the true one is 0.
    assert (found.low, found.high) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)


def test_wilson_by_hand():
    """7 of 10: (0.7 + z2/20 ± z sqrt(0.021 + z2/400)) / (1 + z2/10), with z = 1.96."""
    z = 1.959964
    half = z * math.sqrt(0.7 * 0.3 / 10 + z * z / 400)
    found = wilson(7, 10)
    assert found.low == pytest.approx((0.7 + z * z / 20 - half) / (1 + z * z / 10), abs=1e-6)
    assert (found.side_of(0.5), found.side_of(0.3), found.side_of(0.95)) == (0, 1, -1)


def test_of_none_there_is_no_share_and_more_than_all_is_a_mistake():
    assert math.isnan(wilson(0, 0).share) and wilson(0, 0).side_of(0.5) == 0
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)
