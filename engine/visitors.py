"""Who asks, and what they have spent of the processor lately: who has spent less is served before."""

from __future__ import annotations

import math
import threading
import time
from contextvars import ContextVar
from itertools import count

_HALF_SECONDS = 30.0
_numbers = count()


class Visitor:
    """One who asks. What only it waits for is forgotten or stopped when it is: a session that has ended.

    It also keeps what it has spent lately: seconds of the processor. Who has spent less is served before.

    Examples
    --------
    >>> visitor = Visitor()
    >>> visitor.spend(3.2)
    >>> visitor.rank
    6
    """

    def __init__(self) -> None:
        self.number = next(_numbers)
        self._spent, self._at = 0.0, time.monotonic()
        self._lock = threading.Lock()

    def spend(self, seconds: float) -> None:
        """Add seconds of the processor. What was spent long ago counts less: half after half a minute."""
        with self._lock:
            self._decay()
            self._spent += max(0.0, seconds)  # a clock that is set back may say less than nothing

    @property
    def rank(self) -> int:
        """How many half seconds it has spent lately. Less than one makes no difference: a step takes a tenth."""
        with self._lock:
            self._decay()
            return int(self._spent / 0.5)

    def _decay(self) -> None:
        now = time.monotonic()
        self._spent *= 0.5 ** ((now - self._at) / _HALF_SECONDS)
        self._at = now


# From this rank on, all such visitors together have one place: they use what the others leave, and nobody else notices.
# A step takes a tenth of a second, so most students have ranks of 0 and 1.
GREEDY = 4

# So long after one of the others has asked, they count as being at work.
_AT_WORK_SECONDS = 2.0


class Others:
    """Those who have not spent much: whether they are at work, so that what the greedy leave is of use to anybody."""

    def __init__(self) -> None:
        self._asked_at = -math.inf

    def note(self) -> None:
        """One of them has asked for something now."""
        self._asked_at = time.monotonic()

    @property
    def at_work(self) -> bool:
        """Whether one has asked in the last seconds."""
        return time.monotonic() - self._asked_at < _AT_WORK_SECONDS


# The rank of the visitor whose work this thread does, for the lines of ``engine.admission``.
rank_of_work: ContextVar[int] = ContextVar("rank_of_work", default=0)
