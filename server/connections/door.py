"""Who may come in: connections are bounded in all and by address; idle ones make room, and a few are in reserve."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable

from server.connections.addresses import neighbour
from server.notes import NOTES

# Connections beyond the bounds, only to answer probes and to say no. The oldest one makes room for the next.
RESERVE = 64


class Place:
    """One connection's place. ``refused`` says what a connection in the reserve is beyond; None for all others."""

    __slots__ = ("address", "hang_up", "refused", "taken")

    def __init__(self, address: str | None, hang_up: Callable[[], None], refused: str | None) -> None:
        self.address, self.hang_up, self.refused, self.taken = address, hang_up, refused, True


class Door:
    """Counts open connections.

    A connection that is *idle* (nothing was asked yet, or all is answered) is closed, the oldest first, when another
    one needs its place. So connections that are merely held open keep nobody out.

    Parameters
    ----------
    most, most_by_address : int
        Connections in all, and from one address.
    is_trusted : callable, optional
        Whether an address is a proxy's. Proxies are not counted by address: ``ByAddress`` counts whom they speak for.
    """

    def __init__(self, most: int, most_by_address: int, is_trusted: Callable[[str], bool] = lambda host: False) -> None:
        self.most, self.most_by_address, self.is_trusted = most, most_by_address, is_trusted
        self._open = 0
        self._open_by: Counter[str] = Counter()
        self._idle: OrderedDict[Place, None] = OrderedDict()
        self._idle_by: defaultdict[str | None, OrderedDict[Place, None]] = defaultdict(OrderedDict)
        self._reserve: OrderedDict[Place, None] = OrderedDict()

    def enter(self, host: str | None, hang_up: Callable[[], None]) -> Place:
        """Take a place for a new connection, which is idle. ``hang_up`` closes it at once."""
        address = None if host is None or self.is_trusted(host) else neighbour(host)
        refused = None
        if address is not None and self._open_by[address] >= self.most_by_address:
            refused = None if self._make_room(self._idle_by[address]) else "connections_by_address"
        elif self._open >= self.most:
            refused = None if self._make_room(self._idle) else "connections"
        place = Place(address, hang_up, refused)
        if refused:
            if len(self._reserve) >= RESERVE:
                self._close(next(iter(self._reserve)))
            self._reserve[place] = None
            return place
        self._open += 1
        if address is not None:
            self._open_by[address] += 1
        self.idles(place)
        return place

    def idles(self, place: Place) -> None:
        """Note that a connection waits for a request, now as the youngest of all that do."""
        if place.taken and place.refused is None:
            self.works(place)
            self._idle[place] = self._idle_by[place.address][place] = None

    def works(self, place: Place) -> None:
        """Note that a connection has asked for something."""
        if place in self._idle:
            del self._idle[place]
            mine = self._idle_by[place.address]
            del mine[place]
            if not mine:
                del self._idle_by[place.address]

    def leave(self, place: Place) -> None:
        """Give a place back, once."""
        if not place.taken:
            return
        self.works(place)
        place.taken = False
        if place.refused:
            self._reserve.pop(place, None)
            return
        self._open -= 1
        if place.address is not None:
            self._open_by[place.address] -= 1
            if not self._open_by[place.address]:
                del self._open_by[place.address]

    def close_idle(self, number: int) -> None:
        """Close so many connections of the reserve or, where it is empty, idle ones; the oldest first."""
        for _ in range(number):
            if self._reserve:
                self._close(next(iter(self._reserve)))
            elif not self._make_room(self._idle):
                return

    def _make_room(self, idle: OrderedDict[Place, None]) -> bool:
        oldest = next(iter(idle), None)
        if oldest is None:
            return False
        NOTES.add("evicted")
        self._close(oldest)
        return True

    def _close(self, place: Place) -> None:
        self.leave(place)
        place.hang_up()
