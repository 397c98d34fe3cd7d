"""Who may read or compute now, with the memory that the work may take reserved before it.

    with admitted(reading_of_text(n_tokens, d_mlp, n_layers), progress):
        ...                     # read the text

There are three lines. Work that may take more than 24 MB, or more than some tenths of a second, waits in the line of
the long ones, which have ``GRAMMAR_NEURONS_READINGS_AT_ONCE`` places and most of the memory. Short readings and short
calculations have lines of their own, so they never wait until a long one ends: they share the processor with it. A
visitor has two requests of pages at most, one of them often being stopped, and one check (``engine.fair_queue``). Who
has spent less of the processor lately is before who has spent more, and those of one rank come in the order of asking.
So a line is fair.

Whoever is in a line, or has a place, waits for nobody who is in a line: what the work needs was computed before. So
all get through. A model is asked for after that, so that those who wait hold none.
"""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from core.errors import UserError
from core.progress import Progress
from engine import metrics
from engine.limits import limits
from engine.turns import say_ahead
from engine.visitors import GREEDY, rank_of_work

_WATCH_SECONDS = 0.2
_numbers = count()
# What a short one may take, and how many there may be. Their memory is a part of the whole.
SHORT_BYTES = 24_000_000
_SHORT_READINGS = _SHORT_CALCULATIONS = 2


@dataclass(frozen=True)
class Work:
    """What is to be admitted: a name for a sentence, the bytes that it may take, and what would need less.

    ``is_slow`` if it takes more than some tenths of a second, however little memory that is; ``calculates`` if it reads
    nothing, but computes with what was read.
    """

    what: str
    n_bytes: int
    less: str
    is_slow: bool = False
    calculates: bool = False


class Line:
    """Places and memory, given by rank, and in the order of asking within one.

    Parameters
    ----------
    places : int
        How many may have one at the same time.
    n_bytes : float
        What they may take together.
    timeout : float
        Seconds that one may wait.

    Examples
    --------
    >>> line = Line(places=2, n_bytes=1e6, timeout=60)
    >>> with line.place(600_000):
    ...     line.n_free_bytes
    400000.0
    """

    def __init__(self, places: int, n_bytes: float, timeout: float) -> None:
        self.n_bytes, self.timeout = n_bytes, timeout
        self.n_free, self.n_free_bytes = places, n_bytes
        self._n_inside = 0
        self._queue: list[tuple[int, int]] = []  # rank, and number
        self._changed = threading.Condition()

    @contextmanager
    def place(self, n_bytes: float, watch: Callable[[int], None] = lambda before: None) -> Iterator[None]:
        """Wait for a place and for memory, and hold them for the block.

        Parameters
        ----------
        n_bytes : float
            At most those of the line.
        watch : callable
            Called again and again, while this waits, with the number of those that wait before it or have a place.

        Raises
        ------
        UserError
            The place did not come in time.
        """
        self._wait(n_bytes, watch)
        try:
            yield
        finally:
            self._take(-1, -n_bytes)

    def _wait(self, n_bytes: float, watch: Callable[[int], None]) -> None:
        ticket, deadline = (min(rank_of_work.get(), GREEDY), next(_numbers)), time.monotonic() + self.timeout
        with self._changed:
            insort(self._queue, ticket)
        metrics.QUEUE_LENGTH.inc()
        try:
            while True:
                with self._changed:
                    if self._may(ticket, n_bytes) or self._changed.wait_for(
                        lambda: self._may(ticket, n_bytes), _WATCH_SECONDS
                    ):
                        self._take(1, n_bytes)
                        return
                    before = self._queue.index(ticket) + self._n_inside
                watch(before)  # without the lock: it may take its time, or raise
                if time.monotonic() >= deadline:
                    raise UserError(
                        f"The server is busy: this waited {self.timeout:g} seconds for its turn, which is as long as "
                        "is allowed.",
                        about="busy",
                    )
        finally:
            metrics.QUEUE_LENGTH.dec()
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _may(self, ticket: tuple[int, int], n_bytes: float) -> bool:
        return self._queue[0] is ticket and self.n_free > 0 and n_bytes <= self.n_free_bytes

    def _take(self, n: int, n_bytes: float) -> None:
        with self._changed:
            self._n_inside += n
            self.n_free -= n
            self.n_free_bytes -= n_bytes
            self._changed.notify_all()


@dataclass(frozen=True)
class _Lines:
    long: Line
    short_readings: Line
    short_calculations: Line


@contextmanager
def admitted(work: Work, progress: Progress) -> Iterator[None]:
    """Wait until some work may begin, and reserve what it may take for the block.

    Parameters
    ----------
    work : Work
    progress : callable
        Called, while this waits, with a sentence about how many are before it.

    Raises
    ------
    UserError
        The work needs more memory than there will ever be, or its place did not come in time.
    """

    lines = _lines()
    line = lines.long
    if work.n_bytes <= SHORT_BYTES and not work.is_slow:
        line = lines.short_calculations if work.calculates else lines.short_readings
    if work.n_bytes > line.n_bytes:
        raise UserError(
            f"{work.what} may take {work.n_bytes / 1e6:,.0f} MB of memory, and this server has "
            f"{line.n_bytes / 1e6:,.0f} MB for it; {work.less}.",
            about="memory",
        )
    with line.place(work.n_bytes, say_ahead(progress)):
        yield


def _lines() -> _Lines:
    """The lines, with the current limits."""
    now = limits()
    with _lock:  # lru_cache could make them twice
        return _lines_of(now.readings_at_once, now.reading_mb * 1e6, now.queue_seconds)


_lock = threading.Lock()


@lru_cache(maxsize=16)
def _lines_of(places: int, n_bytes: float, timeout: float) -> _Lines:
    short = (_SHORT_READINGS, _SHORT_CALCULATIONS)
    of_short = [Line(n, n * SHORT_BYTES, timeout) for n in short]
    return _Lines(Line(places, n_bytes - sum(short) * SHORT_BYTES, timeout), *of_short)
