"""How fast one websocket may send, in frames and in bytes."""

from __future__ import annotations

import time
from collections.abc import Callable

from server.buckets import TokenBucket

# Counted in Chromium: an arrow key held down in a number box sends 12 frames in one second and 29 in five, clicks as
# fast as they go send 4 a second, typing sends one when it ends. A fast student may have 10 in the long run; here five
# times as many, and at once twenty times what a key sends in its fastest second.
FRAMES_A_SECOND = 50.0
FRAMES_AT_ONCE = 250.0
# A step sends the values of all widgets again. The longest text that a class server takes has 20,000 characters, 80 KB
# at most, so ten steps a second are 0.8 MB/s: here five times as much, and a paste of 4 MB four times in a row.
BYTES_A_SECOND = 4.0 * 2**20
BYTES_AT_ONCE = 16.0 * 2**20
# Then the connection is closed: somebody who keeps sending too much for so long is no student.
DEBT_SECONDS = 10.0


class Pace:
    """Counts what one websocket sends.

    Examples
    --------
    >>> pace = Pace(clock=lambda: 0.0)
    >>> pace.charge(frames=250, size=500), pace.charge(frames=5, size=10)
    (0.0, 0.1)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._frames = TokenBucket(FRAMES_A_SECOND, FRAMES_AT_ONCE, clock)
        self._bytes = TokenBucket(BYTES_A_SECOND, BYTES_AT_ONCE, clock)

    def charge(self, frames: int, size: int) -> float:
        """Charge frames of a size in bytes, and return the seconds for which nothing more may be read."""
        return max(self._frames.take(frames), self._bytes.take(size))

    def too_much_for_too_long(self) -> bool:
        """Whether too much has been sent for so long that the connection is to be closed."""
        return max(self._frames.in_debt_for(), self._bytes.in_debt_for()) > DEBT_SECONDS
