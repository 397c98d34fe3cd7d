"""Forward passes take turns: first come, first served, with a bounded queue that says how long it is.

    with turns().take(told=lambda before: ...):
        ...one forward pass...

A reading of many words is many passes, each of which takes a turn of its own: a short text never waits for a
whole word list, only for the one pass of each reading that is before it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from core import metrics
from core.limits import limits
from core.records import UserError

Told = Callable[[int], None]

_TELL_SECONDS = 0.5


class Turns:
    """A bounded semaphore whose waiters stand in line.

    ``places`` passes run at a time, at most ``longest`` wait, none longer than ``patience`` seconds.
    """

    def __init__(self, places: int, longest: int, patience: float) -> None:
        self.places, self.longest, self.patience = places, longest, patience
        self._running = 0
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, told: Told | None = None) -> Iterator[None]:
        """Wait for a turn, and hold it for the block; ``told`` hears how many passes are before this one.

        Raises
        ------
        UserError
            The line is full, or the turn did not come in time.
        """
        self._wait(told)
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _wait(self, told: Told | None) -> None:
        ticket = object()
        give_up = time.monotonic() + self.patience
        with self._changed:
            if len(self._line) >= self.longest:
                raise UserError(
                    f"The server is busy: {len(self._line):,} readings wait already, and no more may. "
                    "Try again in a minute; your settings and texts are kept."
                )
            self._line.append(ticket)
            metrics.QUEUE_LENGTH.inc()
            try:
                while (before := self._before(ticket)) > 0:
                    if told:
                        told(before)
                    if not self._changed.wait(min(_TELL_SECONDS, max(0.0, give_up - time.monotonic()))):
                        self._check_time(give_up)
                self._running += 1
            finally:
                self._line.remove(ticket)
                metrics.QUEUE_LENGTH.dec()
                self._changed.notify_all()

    def _before(self, ticket: object) -> int:
        """How many passes must end before this one may begin; 0 or less: none."""
        return self._line.index(ticket) + 1 + self._running - self.places

    def _check_time(self, give_up: float) -> None:
        if time.monotonic() >= give_up:
            raise UserError(
                f"The server is busy: this reading waited {self.patience:g} seconds for its turn, which is as long "
                "as is allowed. Try again in a minute; your settings and texts are kept."
            )


def turns() -> Turns:
    """This process's line, as its limits say now."""
    now = limits()
    with _making:
        return _line_of(now.passes, now.queue_length, now.queue_seconds)


_making = threading.Lock()


@lru_cache(maxsize=1)
def _line_of(places: int, longest: int, patience: float) -> Turns:
    return Turns(places, longest, patience)
