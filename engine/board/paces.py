"""How fast one visitor may post to the board, and how fast new classes may begin."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

from core.errors import UserError
from engine.visitors import Visitor

# A student posts once a study, and again after a change. A class begins once, by its first student.
_POSTS, _POST_SECONDS = 60, 600.0
_CLASSES, _CLASS_SECONDS = 3, 3_600.0
# Of all visitors together: who opens session after session fills the board no faster than this.
_CLASSES_OF_ALL = 30


class Pace:
    """At most so many times in so many seconds.

    Examples
    --------
    >>> pace = Pace(2, 60.0, clock=lambda: 0.0)
    >>> pace.take(), pace.take(), pace.take()
    (True, True, False)
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._times: deque[float] = deque()

    def take(self) -> bool:
        """Count one more, if it is allowed now."""
        now = self._clock()
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        if len(self._times) >= self._most:
            return False
        self._times.append(now)
        return True


class Paces:
    """The paces of all visitors of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._of: WeakKeyDictionary[Visitor, tuple[Pace, Pace]] = WeakKeyDictionary()
        self._of_all = Pace(_CLASSES_OF_ALL, _CLASS_SECONDS, clock)

    def post(self, visitor: Visitor | None) -> None:
        """Count a post; UserError if this visitor posts too fast. None is not counted."""
        with self._lock:
            if visitor is not None and not self._paces(visitor)[0].take():
                raise UserError(
                    f"This browser has posted {_POSTS} effects in {_POST_SECONDS / 60:.0f} minutes; no more are "
                    "allowed for now.",
                    about="board",
                )

    def begin_class(self, visitor: Visitor | None) -> None:
        """Count a new class; UserError if this visitor, or all together, begin too many. None is not counted."""
        with self._lock:
            if visitor is not None and not self._paces(visitor)[1].take():
                raise UserError(
                    f"This browser has begun {_CLASSES} classes within an hour; no more are allowed for now.",
                    about="board",
                )
            if visitor is not None and not self._of_all.take():
                raise UserError(
                    f"{_CLASSES_OF_ALL} classes have begun on this server within an hour; no more are allowed for now.",
                    about="board",
                )

    def _paces(self, visitor: Visitor) -> tuple[Pace, Pace]:
        new = Pace(_POSTS, _POST_SECONDS, self._clock), Pace(_CLASSES, _CLASS_SECONDS, self._clock)
        return self._of.setdefault(visitor, new)
