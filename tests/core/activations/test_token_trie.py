"""The tree of distinct prefixes, against sets of tuples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.activations.token_trie import chunks, levels

ROWS = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=30)


@given(ROWS)
def test_a_level_holds_each_prefix_of_its_length_once(rows: list[list[int]]) -> None:
    """Spelled out through their parents, a level's prefixes are those that brute force finds."""
    above: list[tuple[int, ...]] = [()]
    for depth, level in enumerate(levels(rows)):
        spelled = [above[parent] + (token,) for parent, token in zip(level.parents, level.token_ids, strict=True)]
        assert len(spelled) == len(set(spelled))
        assert set(spelled) == {tuple(row[: depth + 1]) for row in rows if len(row) > depth}
        assert [spelled[end] for end in level.ends] == [tuple(rows[row]) for row in level.rows]
        assert set(level.rows) == {index for index, row in enumerate(rows) if len(row) == depth + 1}
        above = [spelled[index] for index in level.inner]
        assert set(above) == {tuple(row[: depth + 1]) for row in rows if len(row) > depth + 1}
    assert above == []


def test_a_worked_tree() -> None:
    """Four rows, two of them equal: five prefixes on two levels and a third."""
    first, second, third = levels([[7, 8], [7], [7, 8], [9, 1, 2]])
    assert first.token_ids.tolist() == [7, 9] and first.inner.tolist() == [0, 1]
    assert (first.rows.tolist(), first.ends.tolist()) == ([1], [0])
    assert (second.token_ids.tolist(), second.parents.tolist(), second.inner.tolist()) == ([8, 1], [0, 1], [1])
    assert (second.rows.tolist(), second.ends.tolist()) == ([0, 2], [0, 0])
    assert (third.token_ids.tolist(), third.parents.tolist(), third.rows.tolist()) == ([2], [0], [3])


@given(ROWS, st.integers(1, 20))
def test_chunks_hold_each_row_once_within_the_bound(rows: list[list[int]], most: int) -> None:
    """Sorted by tokens; a chunk costs its distinct prefixes that go on; above the bound is one row by itself."""
    found = list(chunks(rows, float, most))
    assert sorted(index for chunk in found for index in chunk) == list(range(len(rows)))
    costs = [
        sum(len(prefix) for prefix in {tuple(rows[i][:end]) for i in chunk for end in range(1, len(rows[i]))})
        for chunk in found
    ]
    assert all(cost <= most or len(chunk) == 1 for cost, chunk in zip(costs, found, strict=True))
    for cost, after in zip(costs, found[1:], strict=False):  # no cut came too early
        assert cost + sum(range(1, len(rows[after[0]]))) > most
    in_order = [rows[index] for chunk in found for index in chunk]
    assert in_order == sorted(rows)


@pytest.mark.parametrize("largest", [50_256, 2**31 - 1])
def test_large_token_ids(largest: int) -> None:
    """Ids of large vocabularies come back whole."""
    level = levels([[largest, largest]])[1]
    assert level.token_ids.dtype == np.int64 and level.token_ids.tolist() == [largest]
