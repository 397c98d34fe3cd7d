"""engine.store: threads of one process that ask for the same arrays, or make others."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled
from engine.on_disk import OnDisk
from engine.store import ArrayStore
from tests.support.arrays import SMALL, counted, counting, entry, never, note_lock_requests, npy_files
from tests.support.faults import PATIENCE


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts who has asked for a key's lock."""
    requests = threading.Semaphore(0)
    note_lock_requests(requests.release, monkeypatch)
    return requests


def test_threads_share_one_computation(store: ArrayStore, asked: threading.Semaphore) -> None:
    calls: list[float] = []

    def fill(out: np.ndarray) -> None:
        for _ in range(8):
            assert asked.acquire(timeout=PATIENCE)
        counting(4.0, calls)(out)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: store.obtain("key", SMALL, fill), range(8)))
    assert calls == [4.0]
    for result in results:
        np.testing.assert_array_equal(result, counted(4.0))


def test_one_thread_that_fails_leaves_the_work_to_the_next(store: ArrayStore, asked: threading.Semaphore) -> None:
    begun, calls = threading.Event(), []

    def fails(out: np.ndarray) -> None:
        begun.set()
        for _ in range(2):
            assert asked.acquire(timeout=PATIENCE)
        raise ValueError("no memory")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.obtain, "key", SMALL, fails)
        assert begun.wait(PATIENCE)
        second = pool.submit(store.obtain, "key", SMALL, counting(1.0, calls))
        with pytest.raises(ValueError, match="no memory"):
            first.result(PATIENCE)
        np.testing.assert_array_equal(second.result(PATIENCE), counted(1.0))
    assert calls == [1.0]


def test_keys_are_made_beside_each_other(store: ArrayStore) -> None:
    together = threading.Barrier(2)

    def fill(out: np.ndarray) -> None:
        together.wait(PATIENCE)  # passes only where both run at once
        out[...] = 1.0

    with ThreadPoolExecutor(2) as pool:
        for result in [pool.submit(store.obtain, key, SMALL, fill) for key in ("a", "b")]:
            assert (result.result(PATIENCE) == 1.0).all()


def test_patience_ends(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Who has waited long enough for another makes the array for itself, in memory."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(out: np.ndarray) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        counting(1.0)(out)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ArrayStore(folder, 1e9, 100).obtain, "key", SMALL, slow)
        assert begun.wait(PATIENCE)
        impatient = ArrayStore(folder, 1e9, 100, lock_seconds=0.2)
        np.testing.assert_array_equal(impatient.obtain("key", SMALL, counting(1.0)), counted(1.0))
        assert "cannot be used for now" in caplog.text
        assert npy_files(folder) == []
        go_on.set()
        first.result(PATIENCE)
    np.testing.assert_array_equal(impatient.obtain("key", SMALL, never), counted(1.0))


def test_who_waits_for_another_can_be_stopped(folder: Path) -> None:
    """Long before patience ends; and the other's array is none the worse for it."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(out: np.ndarray) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        counting(1.0)(out)

    looks = iter([None, None, Cancelled()])

    def watch() -> None:
        if (stop := next(looks)) is not None:
            raise stop

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ArrayStore(folder, 1e9, 100).obtain, "key", SMALL, slow)
        assert begun.wait(PATIENCE)
        try:
            waiting = ArrayStore(folder, 1e9, 100, lock_seconds=PATIENCE)
            began = time.monotonic()
            with pytest.raises(Cancelled):
                OnDisk(waiting, watch).obtain("key", SMALL, never)
            assert time.monotonic() - began < PATIENCE / 4
        finally:
            go_on.set()
        first.result(PATIENCE)
    np.testing.assert_array_equal(waiting.obtain("key", SMALL, never), counted(1.0))


def test_leftover_parts_go_at_the_start_but_not_what_is_being_made(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    begun, go_on = threading.Event(), threading.Event()

    def slow(out: np.ndarray) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        counting(1.0)(out)

    folder.mkdir()
    leftover = entry(folder, "another").with_suffix(".1234-abcd.part")
    leftover.write_bytes(b"half an array")
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(ArrayStore(folder, 1e9, 100).obtain, "key", SMALL, slow)
        assert begun.wait(PATIENCE)
        assert not leftover.exists()
        part = entry(folder, "key").with_suffix(".1234-abcd.part")
        part.write_bytes(b"as if it were being written")
        ArrayStore(folder, 1e9, 100)
        assert part.exists()
        part.unlink()
        go_on.set()
        np.testing.assert_array_equal(making.result(PATIENCE), counted(1.0))
    assert npy_files(folder) == [entry(folder, "key")]
    assert caplog.text == ""
