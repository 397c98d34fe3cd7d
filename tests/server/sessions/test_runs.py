"""Runs of pages: few at the same time, a session's one after the other, and the modest before the greedy."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from engine.visitors import GREEDY, Visitor
from server.sessions import runs as module
from server.sessions.runs import Runs
from ui.visitor import visitor, visitor_of

_KEPT_AS = "_visitor"


class Sessions:
    """Sessions by their names; one runs from ``start`` until it is ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._by_name: dict[str, SimpleNamespace] = {}
        self.begun: list[str] = []
        runtime = SimpleNamespace(get_app_session=self._by_name.get)
        monkeypatch.setattr("streamlit.runtime.get_instance", lambda: runtime)

    def add(self, name: str, spent: float | None = None) -> None:
        state = {}
        if spent is not None:
            state[_KEPT_AS] = Visitor()
            state[_KEPT_AS].spend(spent)
        self._by_name[name] = SimpleNamespace(_scriptrunner=None, session_state=state)

    def state_of(self, name: str) -> dict[str, Visitor]:
        state: dict[str, Visitor] = self._by_name[name].session_state
        return state

    def end(self, name: str) -> None:
        self._by_name[name]._scriptrunner = None

    async def run(self, runs: Runs, name: str, newcomers: Visitor | None = None) -> None:
        """What the gate does with a message, and then Streamlit."""
        await runs.begin(name, newcomers or Visitor())
        self.begun.append(name)
        self._by_name[name]._scriptrunner = object()


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    return Sessions(monkeypatch)


def test_a_visitor_is_found_where_pages_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Visitor] = {}
    monkeypatch.setattr("streamlit.session_state", state)
    assert visitor_of(state) is None
    visitor().spend(3.0)
    found = visitor_of(state)
    assert found is not None and found.rank in (5, 6)
    assert list(state) == [_KEPT_AS]


def test_few_run_at_the_same_time_and_those_who_spent_less_come_first(sessions: Sessions) -> None:
    for name, spent in {"a": 0.0, "b": 0.0, "greedy": 30.0, "new": None, "modest": 0.3, "last": 0.1}.items():
        sessions.add(name, spent)

    async def all_at_once() -> list[list[str]]:
        runs, seen = Runs(places=2), []
        tasks = [
            asyncio.create_task(sessions.run(runs, name)) for name in ("a", "b", "greedy", "new", "modest", "last")
        ]
        await asyncio.sleep(0.05)
        seen.append(list(sessions.begun))
        for name in ("a", "b", "modest", "last", "new"):
            sessions.end(name)
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)
        return seen

    [at_first] = asyncio.run(all_at_once())
    assert at_first == ["a", "b"]
    assert sessions.begun == ["a", "b", "modest", "last", "new", "greedy"]


def test_all_who_have_spent_much_have_one_place_together(sessions: Sessions) -> None:
    for name, spent in {"modest": 0.1, "g1": 9.0, "g2": 30.0, "new": None}.items():
        sessions.add(name, spent)

    async def arrive() -> list[str]:
        runs = Runs(places=4)
        tasks = [asyncio.create_task(sessions.run(runs, name)) for name in ("modest", "g1", "g2", "new")]
        await asyncio.sleep(0.05)
        at_first = list(sessions.begun)
        sessions.end("g1")
        await asyncio.gather(*tasks)
        return at_first

    assert asyncio.run(arrive()) == ["modest", "g1", "new"]
    assert sessions.begun == ["modest", "g1", "new", "g2"]


def test_new_sessions_come_by_turns_of_their_addresses(sessions: Sessions) -> None:
    names = ["modest", *(f"flood {i}" for i in range(8)), "student"]
    for name in names:
        sessions.add(name, 0.0 if name == "modest" else None)

    async def arrive() -> None:
        runs, addresses = Runs(places=4), {"flood": Visitor(), "student": Visitor(), "modest": Visitor()}
        tasks = [asyncio.create_task(sessions.run(runs, name, addresses[name.split()[0]])) for name in names]
        for ended in names[:-1]:
            await asyncio.sleep(0.1)
            sessions.end(ended)
        await asyncio.gather(*tasks)

    asyncio.run(arrive())
    assert sessions.begun == ["modest", "flood 0", "student", *(f"flood {i}" for i in range(1, 8))]


def test_who_loads_the_page_anew_again_and_again_begins_as_one_who_has_spent_much(sessions: Sessions) -> None:
    def spent_at_first(name: str, newcomers: Visitor) -> int:
        sessions.add(name)
        asyncio.run(Runs().begin(name, newcomers))
        found = visitor_of(sessions.state_of(name))
        return found.rank if found else 0

    reloading, arriving = Visitor(), Visitor()
    for i in range(30):
        assert spent_at_first(f"class {i}", arriving) == 0
    for i in range(20):
        Runs.left(1.0, reloading)
        if spent_at_first(f"reload {i}", reloading) >= GREEDY:
            break
    assert i in (9, 10, 11)
    for _ in range(60):
        Runs.left(60.0, arriving)  # a class that leaves, after a while
    assert spent_at_first("late", arriving) == 0


def test_without_others_those_who_have_spent_much_have_all_places_but_one(sessions: Sessions) -> None:
    for name in ("g1", "g2", "g3", "g4"):
        sessions.add(name, 9.0)

    async def arrive() -> list[str]:
        runs = Runs(places=4)
        tasks = [asyncio.create_task(sessions.run(runs, name)) for name in ("g1", "g2", "g3", "g4")]
        await asyncio.sleep(0.05)
        at_first = list(sessions.begun)
        await asyncio.gather(*tasks)
        return at_first

    assert asyncio.run(arrive()) == ["g1", "g2", "g3"]


def test_who_has_spent_much_leaves_the_place_longer_if_there_are_others(sessions: Sessions) -> None:
    for name, spent in {"modest": 0.0, "g1": 9.0, "g2": 9.0}.items():
        sessions.add(name, spent)

    async def take_turns(*, others: bool) -> float:
        runs, began = Runs(places=2), time.monotonic()
        if others:
            await sessions.run(runs, "modest")
            sessions.end("modest")
        await sessions.run(runs, "g1")
        asyncio.get_running_loop().call_later(0.1, sessions.end, "g1")
        await sessions.run(runs, "g2")
        sessions.end("g2")
        return time.monotonic() - began

    quiet = asyncio.run(take_turns(others=False))
    assert asyncio.run(take_turns(others=True)) > quiet + 0.1


def test_a_run_that_waits_for_a_reading_keeps_no_place(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        sessions.add(name, 0.0)
    monkeypatch.setattr(module, "is_waiting", lambda visitor: True)

    async def two() -> float:
        runs, began = Runs(places=1), time.monotonic()
        await asyncio.gather(*(sessions.run(runs, name) for name in "aba"))
        return time.monotonic() - began

    assert asyncio.run(two()) < 0.2
    assert sorted(sessions.begun) == ["a", "a", "b"]


def test_a_run_that_waits_itself_keeps_its_place_for_a_moment_only(sessions: Sessions) -> None:
    for name in "abc":
        sessions.add(name, 0.0)

    async def three() -> float:
        runs, began = Runs(places=1), time.monotonic()
        await asyncio.gather(*(sessions.run(runs, name) for name in "abc"))  # none of them ends
        return time.monotonic() - began

    assert 0.4 < asyncio.run(three()) < 2.0
    assert sorted(sessions.begun) == ["a", "b", "c"]


def test_the_runs_of_one_session_follow_each_other(sessions: Sessions) -> None:
    sessions.add("a", 0.0)

    async def twice() -> list[float]:
        runs, took = Runs(), []
        await sessions.run(runs, "a")
        for pause in (0.06, 10.0):
            asyncio.get_running_loop().call_later(pause, sessions.end, "a")
            began = time.monotonic()
            await sessions.run(runs, "a")
            took.append(time.monotonic() - began)
        return took

    short, long = asyncio.run(twice())
    assert 0.04 < short < 0.2 <= long < 1.0


def test_a_place_is_not_lost_with_a_connection_that_waits_for_it(sessions: Sessions) -> None:
    for name in "abc":
        sessions.add(name, 0.0)

    async def leave() -> None:
        runs = Runs(places=1)
        await sessions.run(runs, "a")
        gone = asyncio.create_task(sessions.run(runs, "b"))
        stays = asyncio.create_task(sessions.run(runs, "c"))
        await asyncio.sleep(0.05)
        gone.cancel()
        sessions.end("a")
        await asyncio.wait_for(stays, 5)

    asyncio.run(leave())
    assert sessions.begun == ["a", "c"]
