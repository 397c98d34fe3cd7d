"""The gate alone: one connection's messages, in time, checked, and none before another task's turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from server.connections.refusals import SENTENCES
from server.sessions import gate
from server.sessions.connection import current
from server.sessions.gate import SessionGate
from tests.server.sessions.test_messages import rerun

SCOPE = {"type": "websocket", "path": "/_stcore/stream", "client": ("127.0.0.1", 1)}


def heartbeat() -> BackMsg:
    message = BackMsg()
    message.app_heartbeat = True
    return message


class Client:
    """A client whose messages are all there already; ``got`` is what came through, ``sent`` what the gate said."""

    def __init__(self, *asked: BackMsg, session: str = "one", protocols: Sequence[str] = ()) -> None:
        self._waiting = [{"type": "websocket.receive", "bytes": each.SerializeToString()} for each in asked]
        self._session, self._protocols = session, protocols
        self.got: list[BackMsg] = []
        self.sent: list[Any] = []

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        connection = current.get()
        assert connection is not None
        connection.session = self._session
        while (message := await receive())["type"] == "websocket.receive":
            self.got.append(BackMsg.FromString(message["bytes"]))

    async def receive(self) -> Any:
        return self._waiting.pop(0) if self._waiting else {"type": "websocket.disconnect", "code": 1000}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def through(self, passed: SessionGate) -> None:
        await passed({**SCOPE, "of": self, "subprotocols": self._protocols}, self.receive, self.send)


async def app_of(scope: Any, receive: Any, send: Any) -> None:
    await scope["of"].app(scope, receive, send)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the gate has slept, by a clock that goes on with it."""
    seconds: list[float] = []
    sleep = asyncio.sleep

    async def note(duration: float) -> None:
        seconds.append(duration)
        await sleep(0)

    monkeypatch.setattr(gate.asyncio, "sleep", note)
    return seconds


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The session that all connections have; no page of it runs."""
    session = SimpleNamespace(_scriptrunner=None, session_state={})
    runtime = SimpleNamespace(get_app_session=lambda name: session)
    monkeypatch.setattr("streamlit.runtime.get_instance", lambda: runtime)
    return session


@pytest.fixture
def passed(slept: list[float]) -> SessionGate:
    return SessionGate(app_of, clock=lambda: sum(slept))


def test_another_task_has_its_turn_between_two_messages() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> None:
        other = asyncio.create_task(count())
        await client.through(SessionGate(app_of))
        other.cancel()

    client = Client(*[heartbeat()] * 150)
    asyncio.run(both())
    assert len(client.got) == 150 and turns >= 150


def test_a_person_waits_for_nothing(passed: SessionGate, slept: list[float]) -> None:
    client = Client(*[rerun(text="a few words")] * 12)
    asyncio.run(client.through(passed))
    assert len(client.got) == 12 and not client.sent
    assert max(slept) <= 0.02, "to look whether a run has ended"


def test_a_flood_is_slowed_and_then_closed_with_a_sentence(passed: SessionGate, slept: list[float]) -> None:
    client = Client(*[rerun()] * 10_000)
    asyncio.run(client.through(passed))
    assert client.sent == [{"type": "websocket.close", "code": 1008, "reason": gate.TOO_FAST}]
    assert 200 < len(client.got) < 400
    assert 30 <= sum(slept) < 35


def test_a_session_that_comes_back_is_as_slow_as_before(passed: SessionGate, slept: list[float]) -> None:
    first, again, other = Client(*[rerun()] * 200), Client(rerun(), rerun()), Client(rerun(), session="two")
    asyncio.run(first.through(passed))
    slept.clear()
    asyncio.run(again.through(passed))
    assert sum(slept) > 0.1
    slept.clear()
    asyncio.run(other.through(passed))
    assert max(slept) <= 0.02


def test_a_large_message_costs_more(passed: SessionGate, slept: list[float]) -> None:
    client = Client(*[rerun(target_text="x" * 900_000)] * 20)
    asyncio.run(client.through(passed))
    assert len(client.got) == 20 and sum(slept) > 1


def test_a_forged_message_ends_the_connection_before_it_reaches_the_session(passed: SessionGate) -> None:
    client = Client(heartbeat(), rerun(neurons=["1"] * 600_000), heartbeat())
    asyncio.run(client.through(passed))
    [closed] = client.sent
    assert closed["code"] == 1008 and closed["reason"] == "Got 600,000 values of a widget; at most 256 are allowed."
    assert [each.WhichOneof("type") for each in client.got] == ["app_heartbeat"]


def test_a_text_that_is_too_long_comes_through_shortened(passed: SessionGate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "100")
    client = Client(rerun(text="x" * 300_000, model="bundled"))
    asyncio.run(client.through(passed))
    [message] = client.got
    assert [len(widget.string_value) for widget in message.rerun_script.widget_states.widgets] == [201, 7]


def test_an_address_that_opens_too_many_connections_waits_and_is_refused(slept: list[float]) -> None:
    passed = SessionGate(app_of, clock=lambda: 0.0)
    clients = [Client(session=str(i)) for i in range(400)]
    for client in clients:
        asyncio.run(client.through(passed))
    refused = [client for client in clients if client.sent]
    assert len(refused) == 150, "two hundred may come at once, and fifty who wait for ten seconds at most"
    start, body = refused[0].sent
    assert start["type"] == "websocket.http.response.start" and start["status"] == 503
    assert body["body"].decode() == SENTENCES["arrivals"]
    assert 9 < max(slept) <= 10, "and who is refused makes nobody wait longer"


def test_who_comes_back_to_a_session_is_not_kept_out_with_others(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "is_known", {"mine"}.__contains__)
    passed = SessionGate(app_of, clock=lambda: 0.0)
    for i in range(400):
        asyncio.run(Client(session=str(i)).through(passed))
    back, forged = (Client(protocols=["streamlit", "token", name]) for name in ("mine", "no such session"))
    slept.clear()
    asyncio.run(back.through(passed))
    assert not back.sent and not any(slept)
    asyncio.run(forged.through(passed))
    assert forged.sent[0]["status"] == 503


def test_large_messages_are_read_at_a_pace_of_all(passed: SessionGate, slept: list[float]) -> None:
    clients = [Client(rerun(target_text="x" * 900_000), session=str(i)) for i in range(80)]
    for client in clients:
        asyncio.run(client.through(passed))
    assert all(len(client.got) == 1 for client in clients)
    assert 3 < sum(slept) < 9, "72 MB, of which 40 come at once and 8 in a second"


def test_what_no_page_sends_is_passed_over(passed: SessionGate) -> None:
    client = Client(BackMsg(load_git_info=True), BackMsg(clear_cache=True), heartbeat())
    asyncio.run(client.through(passed))
    assert [each.WhichOneof("type") for each in client.got] == ["app_heartbeat"] and not client.sent
