"""core.row_sort: in whichever way, NumPy's own order."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import numpy as np
import pytest

from core import row_sort

LEAST, MOST = np.iinfo(np.int32).min, np.iinfo(np.int32).max


@pytest.mark.parametrize("n", range(1, 13))
def test_the_network_sorts_all_zeros_and_ones_and_so_everything(n):
    """Knuth's zero-one principle: a network that sorts these sorts any values."""
    wires = np.array(list(product((0, 1), repeat=n)))
    for low, high in row_sort._meetings(n):
        assert low < high
        wires[:, [low, high]] = np.sort(wires[:, [low, high]], axis=1)
    assert (np.diff(wires, axis=1) >= 0).all()


@pytest.mark.parametrize("blocks", [False, True], ids=["quicksort", "blocks"])
@pytest.mark.parametrize("n_values", [1, 512, 513, 1000, 1025, 2048, 3001, 8192, 10_240, 11_000])
@pytest.mark.parametrize("n_rows", [1, 7])
def test_rows_come_in_numpys_order(blocks, n_rows, n_values, monkeypatch):
    monkeypatch.setattr(row_sort, "_blocks_are_faster", lambda: blocks)
    rng = np.random.default_rng(n_values)
    rows = rng.integers(LEAST, MOST, (n_rows, n_values), dtype=np.int32, endpoint=True)
    if n_rows > 1:
        rows[-1] = rng.choice([LEAST, -1, 0, 1, MOST], n_values)  # many alike, and the filling among them
    keys = rows.copy()
    row_sort.sort_rows(keys, np.empty(2 * keys.size, np.int32))
    np.testing.assert_array_equal(keys, np.sort(rows, axis=1, kind="stable"))


@pytest.mark.parametrize("blocks", [False, True], ids=["quicksort", "blocks"])
def test_no_rows_are_no_mistake(blocks, monkeypatch):
    monkeypatch.setattr(row_sort, "_blocks_are_faster", lambda: blocks)
    keys = np.empty((0, 2000), np.int32)
    row_sort.sort_rows(keys, np.empty(0, np.int32))
    assert keys.shape == (0, 2000)


def test_the_trial_chooses_the_way_that_took_less(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(row_sort.time, "perf_counter", lambda: now[0])
    sort_in_blocks = row_sort._sort_in_blocks

    for took, expected in ((0.0, False), (-1.0, True)):  # beside a quicksort that takes no time at all

        def clocked(keys, scratch, took=took):
            sort_in_blocks(keys, scratch)
            now[0] += took

        monkeypatch.setattr(row_sort, "_sort_in_blocks", clocked)
        assert row_sort._blocks_are_faster.__wrapped__() is expected


def test_one_thread_tries_and_the_others_wait(monkeypatch):
    tries = []

    @cache
    def slow():
        tries.append(threading.get_ident())
        time.sleep(0.1)
        return True

    monkeypatch.setattr(row_sort, "_blocks_are_faster", slow)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: row_sort._choose(), range(4)))
    assert len(tries) == 1
