"""engine.store: bounded in bytes and entries, the least recently used first, whatever clocks say."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from engine.store import ArrayStore
from tests.support.arrays import SMALL, counted, counting, entry, never, npy_files

YEARS = 31_557_600  # seconds of one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


def set_last_use(folder: Path, **seconds_ago: float) -> None:
    for key, ago in seconds_ago.items():
        os.utime(entry(folder, key), (time.time() - ago,) * 2)


def kept(folder: Path, keys: str) -> str:
    return "".join(key for key in keys if entry(folder, key).exists())


def test_the_least_recently_used_goes_first(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, max_entries=3)
    for key in "abc":
        store.obtain(key, SMALL, counting(ord(key)))
    set_last_use(folder, a=300, b=200, c=100)
    store.obtain("a", SMALL, never)  # used just now: b is the oldest
    held = store.obtain("b", SMALL, never)
    set_last_use(folder, b=200)
    store.obtain("d", SMALL, counting(0.0))
    assert kept(folder, "abcd") == "acd"
    np.testing.assert_array_equal(held, counted(ord("b")))  # whole, whatever became of its file
    np.testing.assert_array_equal(store.obtain("b", SMALL, never), held)  # which is not needed while it is in use
    del held
    np.testing.assert_array_equal(store.obtain("b", SMALL, counting(1.0)), counted(1.0))
    assert kept(folder, "abcd") == "abd"


def test_bytes_are_bounded(folder: Path) -> None:
    """Three entries of 40 kB fit in 130 kB; one of 100 kB leaves no room for them."""
    store = ArrayStore(folder, max_bytes=130_000, max_entries=100)
    for ago, key in enumerate("dcba"):
        store.obtain(key, (10_000,), counting(1.0))
        set_last_use(folder, **{key: 100 - ago})
    assert kept(folder, "abcd") == "abc"
    store.obtain("e", (25_000,), counting(1.0))
    assert kept(folder, "abcde") == "e"
    assert sum(file.stat().st_size for file in npy_files(folder)) <= 130_000


def test_what_is_larger_than_all_room_stays_in_memory(folder: Path) -> None:
    store = ArrayStore(folder, max_bytes=1_000, max_entries=100)
    store.obtain("small", (100,), counting(1.0))
    for first in (2.0, 3.0):  # made each time
        np.testing.assert_array_equal(store.obtain("large", (251,), counting(first)), counted(first, (251,)))
    assert kept(folder, ["small", "large"]) == "small"


def test_the_newest_is_kept_where_it_just_fits(folder: Path) -> None:
    """Its header and digest may take it over the bound, by less than 200 bytes."""
    store = ArrayStore(folder, max_bytes=40_000, max_entries=100)
    for key in "ab":
        store.obtain(key, (10_000,), counting(1.0))
    assert kept(folder, "ab") == "b"
    assert 40_000 < entry(folder, "b").stat().st_size < 40_200


def test_no_room_at_all(folder: Path) -> None:
    """Nothing is kept on disk, and no folder made."""
    made = ArrayStore(folder, max_bytes=0, max_entries=100).obtain("key", SMALL, counting(1.0))
    np.testing.assert_array_equal(made, counted(1.0))
    assert not made.flags.writeable
    assert not folder.exists()


@pytest.mark.parametrize("years", [-55, -10, 10])
def test_a_clock_that_was_wrong_does_not_keep_old_entries_for_years(folder: Path, years: int) -> None:
    """Entries last used in 1970, or ten years from now, go before those used since the clock was put right."""
    store = ArrayStore(folder, 1e9, max_entries=3)
    for key in "abc":
        store.obtain(key, SMALL, counting(1.0))
        set_last_use(folder, **{key: -years * YEARS})
    for key in "def":
        store.obtain(key, SMALL, counting(2.0))
    assert kept(folder, "abcdef") == "def"
    set_last_use(folder, d=-years * YEARS, e=10, f=20)
    store.obtain("d", SMALL, never)  # whatever its time was, it has been used just now
    store.obtain("g", SMALL, counting(3.0))
    assert kept(folder, "defg") == "deg"


def test_a_file_server_whose_clock_is_a_little_ahead_changes_nothing(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, max_entries=2)
    store.obtain("a", SMALL, counting(1.0))
    store.obtain("b", SMALL, counting(1.0))
    set_last_use(folder, a=-20, b=5)
    store.obtain("c", SMALL, counting(1.0))
    assert kept(folder, "abc") == "ac"
