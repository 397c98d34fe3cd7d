"""Queues of forward passes: each model runs one at a time, first come, first served.

    gate = gate_of("bundled", "words", progress)
    word_activations(lm, words, gate=gate)

A reading of many words consists of many passes, and each pass queues separately. So a short text never waits for a
whole word list, only for one pass of each earlier reading. Passes of one model could not run in parallel anyway,
because hooks belong to its modules.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from core.activations import Gate
from core.progress import Progress
from engine import metrics

Watch = Callable[[int], None]

_WATCH_SECONDS = 0.5


class Turns:
    """A fair lock. Its queue is as short as there are readings that were admitted (``engine.admission``).

    Examples
    --------
    >>> turns = Turns()
    >>> with turns.turn():
    ...     print("one at a time")
    one at a time
    """

    def __init__(self) -> None:
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
        with self._changed:
            self._queue.append(ticket)
            try:
                while (before := self._queue.index(ticket) + self._busy) > 0:
                    if watch:
                        watch(before)
                    self._changed.wait(_WATCH_SECONDS)
                self._busy = True
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()


def say_ahead(progress: Progress) -> Watch:
    """What a queue calls while somebody waits, with how many are before them: it says so where progress is shown.

    Examples
    --------
    >>> say_ahead(lambda share, message: print(message))(2)
    Waiting: 2 requests are ahead of yours
    """

    def say(before: int) -> None:
        others = "1 request is" if before == 1 else f"{before:,} requests are"
        progress(0.0, f"Waiting: {others} ahead of yours")

    return say


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

    @contextmanager
    def gate() -> Iterator[None]:
        with turns(model).turn(say_ahead(progress)):
            yield
        metrics.FORWARD_PASSES.labels(kind).inc()

    return gate


def turns(model: str) -> Turns:
    """The queue of a model."""
    with _lock:  # lru_cache could make two for the same arguments
        return _queue_of(model)


_lock = threading.Lock()


@lru_cache(maxsize=64)
def _queue_of(model: str) -> Turns:
    return Turns()
