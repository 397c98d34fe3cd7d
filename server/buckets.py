"""Token buckets: how much somebody may do at once, and how much in the long run; and whose buckets are kept."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
_KEPT = 4_096


class TokenBucket:
    """A bucket of tokens that fills at a steady rate. Who takes more than it holds is in debt, and is told to wait.

    Nothing is refused here: the caller waits, or gives up on somebody who has been in debt for long.

    Parameters
    ----------
    rate : float
        Tokens that flow in per second.
    burst : float
        Tokens that the bucket holds, and begins with.
    clock : callable, optional
        Seconds that never go backward.

    Examples
    --------
    >>> now = 0.0
    >>> bucket = TokenBucket(rate=2, burst=10, clock=lambda: now)
    >>> bucket.take(10), bucket.take(1)
    (0.0, 0.5)
    >>> now = 2.0
    >>> bucket.in_debt_for()
    2.0
    >>> now = 3.0
    >>> bucket.in_debt_for()  # half full again
    0.0
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens = burst
        self._filled_at = clock()
        self._in_debt_since: float | None = None

    def take(self, tokens: float = 1.0) -> float:
        """Take tokens, and return the seconds until the debt is paid: 0 where there were enough."""
        now = self._fill()
        self._tokens -= tokens
        if self._tokens >= 0:
            return 0.0
        if self._in_debt_since is None:
            self._in_debt_since = now
        return -self._tokens / self._rate

    def in_debt_for(self) -> float:
        """Seconds since the first debt from which the bucket has not recovered; 0 without one.

        It has recovered once it is half full. To pay a debt and make the next one is not to recover: who keeps sending
        as fast as it goes stays in debt.
        """
        now = self._fill()
        return 0.0 if self._in_debt_since is None else now - self._in_debt_since

    def _fill(self) -> float:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens >= self._burst / 2:
            self._in_debt_since = None
        return now


class Kept(Generic[T]):
    """What is kept of sessions or addresses, by their names: the ones that were used last.

    Examples
    --------
    >>> lengths = Kept(list, most=2)
    >>> for name in "abab":
    ...     lengths.of(name).append(name)
    >>> lengths.of("c"), lengths.of("b"), lengths.of("a")
    ([], ['b', 'b'], [])
    """

    def __init__(self, make: Callable[[], T], most: int = _KEPT) -> None:
        self._make, self._most = make, most
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, name: Hashable) -> T:
        """What is kept of a name; new, if it is not known any more."""
        with self._lock:
            value = self._values.pop(name, None)
            if value is None:
                value = self._make()
            self._values[name] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            return value
