"""Queues of forward passes: each model runs one at a time, first come, first served.

    gate = gate_of("bundled", "words", progress)
    word_activations(lm, words, gate=gate)

A reading of many words consists of many passes, and each pass queues separately. So a short text never waits for a
whole word list, only for one pass of each earlier reading. Passes of one model could not run in parallel anyway,
because hooks belong to its modules.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from core.activations import Gate
from core.errors import UserError
from core.progress import Progress
from engine import metrics
from engine.limits import limits

Watch = Callable[[int], None]

_WATCH_SECONDS = 0.5


class Turns:
    """A fair lock with a bounded queue.

    Parameters
    ----------
    max_waiting : int
        How many waiters may be in the queue.
    timeout : float
        Seconds that a waiter may wait.

    Examples
    --------
    >>> turns = Turns(max_waiting=10, timeout=5.0)
    >>> with turns.turn():
    ...     print("one at a time")
    one at a time
    """

    def __init__(self, max_waiting: int, timeout: float) -> None:
        self.max_waiting, self.timeout = max_waiting, timeout
        self._busy = False
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, watch: Watch | None = None) -> Iterator[None]:
        """Wait for a turn, and hold it for the block.

        Parameters
        ----------
        watch : callable, optional
            Called, while this waits, with the number of passes before this one.

        Raises
        ------
        UserError
            The queue is full, or the turn did not come in time.
        """
        self._wait(watch)
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _wait(self, watch: Watch | None) -> None:
        ticket = object()
        deadline = time.monotonic() + self.timeout
        with self._changed:
            if len(self._queue) >= self.max_waiting:
                raise UserError(
                    f"The server is busy: {len(self._queue):,} readings wait already, and no more may.", about="busy"
                )
            self._queue.append(ticket)
            metrics.QUEUE_LENGTH.inc()
            try:
                while (before := self._queue.index(ticket) + self._busy) > 0:
                    if watch:
                        watch(before)
                    if not self._changed.wait(min(_WATCH_SECONDS, max(0.0, deadline - time.monotonic()))):
                        self._check_deadline(deadline)
                self._busy = True
            finally:
                self._queue.remove(ticket)
                metrics.QUEUE_LENGTH.dec()
                self._changed.notify_all()

    def _check_deadline(self, deadline: float) -> None:
        if time.monotonic() >= deadline:
            raise UserError(
                f"The server is busy: this reading waited {self.timeout:g} seconds for its turn, which is as long "
                "as is allowed.",
                about="busy",
            )


def gate_of(model: str, kind: str, progress: Progress) -> Gate:
    """The gate for ``word_activations`` and the like: each forward pass waits for a turn of the model.

    Parameters
    ----------
    model : str
        The model's name; each has its own queue.
    kind : {"words", "text"}
        The label in the metrics.
    progress : callable
        Called, while a pass waits, with a sentence about how many are before it.
    """

    def watch(before: int) -> None:
        others = "1 reading" if before == 1 else f"{before:,} readings"
        progress(0.0, f"Waiting for a turn: {others} before yours")

    @contextmanager
    def gate() -> Iterator[None]:
        with turns(model).turn(watch):
            yield
        metrics.FORWARD_PASSES.labels(kind).inc()

    return gate


def turns(model: str) -> Turns:
    """The queue of a model, with the current limits."""
    now = limits()
    with _lock:  # lru_cache could make two for the same arguments
        return _queue_of(model, now.queue_length, now.queue_seconds)


_lock = threading.Lock()


@lru_cache(maxsize=64)
def _queue_of(model: str, max_waiting: int, timeout: float) -> Turns:
    return Turns(max_waiting, timeout)
