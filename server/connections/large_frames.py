"""Frames that take long to parse: one at a time, by turns of their addresses, with a rest after each.

A compressed frame of 4 kB can have 4 MB, and take 20 ms. Fifty that arrive together would keep everybody waiting for a
second, and nothing is known of what a connection sends until it has sent it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

# Fewer bytes inflate to half a megabyte at most, in 2 ms.
SMALL = 512
# What takes no longer is followed by no rest; what does, by so many times its own length.
_SHORT_SECONDS, _RESTS = 0.003, 2.0


class _Waiting:
    """One who waits for a turn."""

    __slots__ = ("cancelled", "go_on")

    def __init__(self, go_on: Callable[[], None]) -> None:
        self.go_on, self.cancelled = go_on, False

    def cancel(self) -> None:
        """Give the turn up."""
        self.cancelled = True


class LargeFrames:
    """Whose turn it is to parse a frame that may be large.

    Usually nobody rests or waits, and a frame is parsed as it comes. Call all of this in the event loop.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._rest_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, address: str, go_on: Callable[[], None]) -> _Waiting | None:
        """None if the frame may be parsed now; else ``go_on`` is called in turn, unless the answer is cancelled."""
        if self._timer is None and time.monotonic() >= self._rest_until:
            return None
        turn = _Waiting(go_on)
        self._waiting.setdefault(address, deque()).append(turn)
        self._call_next()
        return turn

    def took_long(self, seconds: float) -> bool:
        """Whether a frame that was parsed in this time was large: the next one is parsed after a rest."""
        if seconds <= _SHORT_SECONDS:
            return False
        self._rest_until = max(self._rest_until, time.monotonic() + _RESTS * seconds)
        return True

    def _call_next(self) -> None:
        if self._timer is None and self._waiting:
            rest = max(0.0, self._rest_until - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(rest, self._next)

    def _next(self) -> None:
        """Let the next address parse the oldest of its frames. It comes after the others then."""
        self._timer = None
        try:
            if time.monotonic() >= self._rest_until:  # one that nobody took for large may have been parsed meanwhile
                address, turns = self._waiting.popitem(last=False)
                turn = turns.popleft()
                if turns:
                    self._waiting[address] = turns
                if not turn.cancelled:
                    turn.go_on()
        finally:  # whatever goes wrong in one connection, the others have their turns
            self._call_next()
