"""core.stats.ranks: U against every pair and SciPy, above all where the one sort cannot decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from core.stats import ranks
from core.stats.ranks import u_statistic

# Any 32 bits that are a finite float32: all exponents, both signs, neighbours that differ in the last bit.
BITS = st.integers(0, 2**31 - 2**23 - 1).flatmap(lambda size: st.sampled_from([size, size ^ 1, size - 2**31]))


def u_by_pairs(rows: np.ndarray, n_target: int) -> np.ndarray:
    target, baseline = rows[:, :n_target, None], rows[:, None, n_target:]
    return ((target > baseline) + 0.5 * (target == baseline)).sum((1, 2))


@settings(deadline=None)
@given(arrays("int32", (3, 7), elements=BITS), st.integers(1, 6))
def test_u_statistic_of_any_bits_vs_every_pair(bits, n_target):
    rows = bits.view("float32")
    np.testing.assert_array_equal(u_statistic(rows, n_target), u_by_pairs(rows, n_target))
    np.testing.assert_array_equal(u_statistic(rows.astype("f8"), n_target), u_by_pairs(rows, n_target))


@pytest.mark.parametrize("n_target, n_baseline", [(1, 1), (100, 100), (30, 700)])
def test_u_statistic_vs_scipy(n_target, n_baseline):
    rows = np.random.default_rng(0).standard_normal((20, n_target + n_baseline), dtype="float32")
    rows[::2] = np.maximum(rows[::2], 0)  # hundreds of ties in every second row
    expected = stats.mannwhitneyu(
        rows[:, :n_target].astype("f8"), rows[:, n_target:].astype("f8"), axis=1, method="asymptotic"
    ).statistic
    np.testing.assert_array_equal(u_statistic(rows, n_target), expected)


def test_one_sort_leaves_only_ties_and_last_bits_to_the_search():
    one = np.float32(1)
    above = np.nextafter(one, np.float32(2))  # differs from 1 in the last bit
    rows = np.array(
        [
            [one, 3, 2, 4],  # all values differ
            [one, one, 2, 2],  # ties, but within a group only
            [one, 3, one, 4],  # a tie between the groups
            [one, 3, above, 4],  # neighbours in different groups
            [one, above, 2, 4],  # neighbours in the same group
            [0.0, 3, -0.0, 4],  # zeros are equal
        ],
        "float32",
    )
    u, undecided = ranks._u_by_one_sort(rows, 2)
    np.testing.assert_array_equal(undecided, [False, False, True, True, False, True])
    np.testing.assert_array_equal(u[~undecided], u_by_pairs(rows, 2)[~undecided])
    np.testing.assert_array_equal(u_statistic(rows, 2), u_by_pairs(rows, 2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_u_statistic_leaves_its_rows_as_they_were(dtype):
    rows = np.random.default_rng(1).integers(-9, 9, (5, 20)).astype(dtype)
    before = rows.copy()
    u_statistic(rows, 8)
    np.testing.assert_array_equal(rows, before)
