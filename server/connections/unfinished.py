"""Messages of websockets that are not complete yet: what all of them together hold in memory."""

from __future__ import annotations

from collections.abc import Callable

# Sixteen of the largest messages. Nobody but a browser in the middle of one has any.
MOST_BYTES = 64 * 2**20


class Unfinished:
    """Counts the bytes of unfinished messages, by connection.

    Beyond the bound, the connection that holds most is closed. It may be another one than that which sent the last
    byte: otherwise a few large messages that are never finished would end every student's small one.

    Examples
    --------
    >>> unfinished, closed = Unfinished(most=100), []
    >>> large, small = lambda: closed.append("large"), lambda: closed.append("small")
    >>> unfinished.hold(large, 90)
    >>> unfinished.hold(small, 20)
    >>> closed, unfinished.bytes
    (['large'], 20)
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most, self.bytes = most, 0
        self._held: dict[Callable[[], None], int] = {}

    def hold(self, close: Callable[[], None], size: int) -> None:
        """Note how many bytes a connection holds now; 0 if none. ``close`` names it, closes it and frees them."""
        self.bytes += size - self._held.pop(close, 0)
        if size:
            self._held[close] = size
        while self.bytes > self.most:
            largest = max(self._held, key=self._held.__getitem__)
            self.bytes -= self._held.pop(largest)
            largest()
