"""Help for tests of threads: begin one, and wait for what must come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

WAIT = 60.0  # seconds that a test waits for what must come


def in_thread(work: Callable[[], object]) -> threading.Thread:
    """A thread that has begun; it never holds up the end of the tests."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def until(true: Callable[[], bool]) -> None:
    """Wait for what no event tells of."""
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)
