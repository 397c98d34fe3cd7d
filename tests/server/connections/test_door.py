"""Places for connections: bounds in all and by address, who makes room for whom, and what is noted of it."""

from __future__ import annotations

import asyncio
import errno
import logging
import random
from collections import Counter
from typing import Any

import pytest

from engine.metrics import REFUSED
from server.connections.accept_errors import AcceptErrors
from server.connections.addresses import neighbour
from server.connections.descriptors import connections_for
from server.connections.door import RESERVE, Door, Place
from server.notes import EVENTS, LINE_SECONDS, Notes


class Visitors:
    """Connections that come in at a door, by numbers in the order in which they came."""

    def __init__(self, door: Door) -> None:
        self.door, self.places, self.closed = door, [], []  # type: ignore[var-annotated]

    def come(self, host: str | None = "192.0.2.1", *, works: bool = False) -> Place:
        number = len(self.places)
        place = self.door.enter(host, lambda: self.closed.append(number))
        self.places.append(place)
        if works:
            self.door.works(place)
        return place


def test_the_oldest_idle_connection_makes_room() -> None:
    visitors = Visitors(Door(4, 4))
    for works in (True, False, False, True):
        visitors.come(works=works)
    assert visitors.come().refused is None and visitors.closed == [1]
    visitors.door.idles(visitors.places[0])  # it has been answered: the youngest of the idle now
    assert visitors.come(works=True).refused is None and visitors.closed == [1, 2]
    assert visitors.come(works=True).refused is None and visitors.closed == [1, 2, 4]
    assert visitors.come(works=True).refused is None and visitors.closed == [1, 2, 4, 0]
    assert visitors.come().refused == "connections_by_address" and visitors.closed == [1, 2, 4, 0]
    assert visitors.come("192.0.2.2").refused == "connections"
    visitors.door.leave(visitors.places[3])
    assert visitors.come("192.0.2.2", works=True).refused is None


def test_one_address_makes_room_for_itself_alone() -> None:
    visitors = Visitors(Door(10, 2))
    visitors.come("192.0.2.1")
    visitors.come("192.0.2.2", works=True)
    visitors.come("192.0.2.2", works=True)
    assert visitors.come("192.0.2.2").refused == "connections_by_address" and not visitors.closed
    visitors.door.idles(visitors.places[1])
    assert visitors.come("192.0.2.2").refused is None and visitors.closed == [1]


def test_trusted_proxies_are_bounded_in_all_only() -> None:
    visitors = Visitors(Door(5, 1, lambda host: host == "10.0.0.9"))
    assert [visitors.come(host, works=True).refused for host in ("10.0.0.9", "10.0.0.9", None, None)] == [None] * 4
    assert visitors.come("192.0.2.1", works=True).refused is None
    assert visitors.come("10.0.0.9").refused == "connections"


def test_in_the_reserve_the_oldest_makes_room_for_the_next() -> None:
    visitors = Visitors(Door(1, 1))
    visitors.come(works=True)
    for _ in range(RESERVE + 3):
        assert visitors.come().refused == "connections_by_address"
    assert visitors.closed == [1, 2, 3]
    for place in visitors.places[4:]:
        visitors.door.leave(place)
        visitors.door.leave(place)
    visitors.door.leave(visitors.places[0])
    assert visitors.come().refused is None and visitors.closed == [1, 2, 3]


def test_the_bounds_hold_whatever_comes_and_goes() -> None:
    dice = random.Random(17)
    door = Door(30, 8, lambda host: host == "10.0.0.9")
    hosts = ["10.0.0.9", *(f"192.0.2.{number}" for number in range(9))]
    inside: dict[Place, str] = {}
    for _ in range(20_000):
        if inside and dice.random() < 0.45:
            place = dice.choice(list(inside))
            dice.choice((door.leave, door.works, door.idles))(place)
        else:
            host = dice.choice(hosts)
            place = door.enter(host, lambda: None)
            inside[place] = host
            if dice.random() < 0.7:
                door.works(place)
        inside = {place: host for place, host in inside.items() if place.taken}
        usual = [host for place, host in inside.items() if not place.refused]
        assert len(usual) <= 30 and len(inside) - len(usual) <= RESERVE
        assert all(number <= 8 for host, number in Counter(usual).items() if host != "10.0.0.9")
    for place in list(inside):
        door.leave(place)
    assert [door.enter("10.0.0.9", lambda: None).refused for _ in range(30)] == [None] * 30, (
        "every place was given back"
    )


def test_an_ipv6_network_is_one_neighbour() -> None:
    assert neighbour("2001:db8::1") == neighbour("2001:db8::ffff:1:2:3") != neighbour("2001:db8:0:1::1")
    assert neighbour("fe80::1%eth0") == "fe80::"
    assert neighbour("unknown") == "unknown" and len(neighbour("x" * 10_000)) < 100
    assert neighbour("::ffff:192.0.2.1") == neighbour("192.0.2.1") != neighbour("192.0.2.2")


@pytest.mark.parametrize("descriptors", [64, 256, 1_024, 4_096, 6_384, 20_000, 1_048_576])
def test_descriptors_suffice_for_all_connections_as_sessions(descriptors: int) -> None:
    most = connections_for(descriptors, 1_500)
    assert most == 1_500 if descriptors >= 6_384 else most < 1_500
    assert most * 4 + 384 <= descriptors or most == 16


def test_events_have_one_line_in_ten_seconds_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    notes, before = Notes(lambda: now), REFUSED.labels("silent")._value.get()
    with caplog.at_level(logging.INFO):
        for _ in range(5_000):
            notes.add("silent")
            now += 0.01
        notes.add("slow_head")
    lines = [record for record in caplog.records if record.name == "server.notes"]
    texts = [record.getMessage() for record in lines]
    assert texts.count(EVENTS["silent"]) == 50 / LINE_SECONDS and texts.count(EVENTS["slow_head"]) == 1
    times = [record._fields["times"] for record in lines[:-1]]  # type: ignore[attr-defined]
    assert times[0] == 1 and all(number == pytest.approx(1_000, abs=2) for number in times[1:])
    assert REFUSED.labels("silent")._value.get() - before == 5_000


def test_other_errors_of_the_loop_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    contexts: list[dict[str, Any]] = [
        {"message": "socket.accept() out of system resource", "exception": OSError(errno.EMFILE, "too many")},
        {"message": "something else", "exception": OSError(errno.EMFILE, "too many")},
        {"message": "a third", "exception": ValueError("x")},
    ]

    async def fail() -> None:
        loop = asyncio.get_running_loop()
        AcceptErrors(Door(1, 1), lambda: None).watch(loop)
        for context in contexts:
            loop.call_exception_handler(context)

    asyncio.run(fail())
    assert [record.message.splitlines()[0] for record in caplog.records if record.name == "asyncio"] == [
        "something else",
        "a third",
    ]
