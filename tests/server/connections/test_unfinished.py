"""Messages that are never finished: real sockets, and a small application with little patience and little room."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from server.connections.door import Door
from server.connections.http_protocol import HttpProtocol
from server.connections.refusals import RETRY_SECONDS, SENTENCES, refuse
from server.connections.service import Patience, Service
from server.connections.unfinished import Unfinished
from server.connections.websocket_protocol import NO_ROOM, UNFINISHED, WebsocketProtocol

MB = 2**20
SECONDS = 1.5  # for a message; ten where a class is served


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Say how long each message is; /full refuses to connect."""
    await receive()
    if scope["path"] == "/full":
        await refuse(scope, send, "arrivals", ())
        return
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": str(len(message["bytes"]))})


@contextmanager
def serving(most: int, seconds: float = SECONDS) -> Iterator[tuple[str, Unfinished]]:
    """The application, served in a thread; its address, and what it counts."""
    service = Service(Door(500, 500), patience=Patience(message=seconds), unfinished=Unfinished(most))
    config = uvicorn.Config(
        application,
        log_config=None,
        lifespan="off",
        http=partial(HttpProtocol, service),  # type: ignore[arg-type]
        ws=partial(WebsocketProtocol, service),  # type: ignore[arg-type]
        ws_max_size=4 * MB,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}", service.unfinished
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, Unfinished]]:
    with serving(64 * MB) as served:
        yield served


def fragment(client: ClientConnection, size: int, opcode: Opcode = Opcode.BINARY, fin: bool = False) -> None:
    """Send a part of a message, compressed as the client and the server have agreed."""
    extensions = client.protocol.extensions
    client.socket.sendall(Frame(opcode, b"a" * size, fin).serialize(mask=True, extensions=extensions))


def assert_closed(client: ClientConnection, sentence: str) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=20)
    assert closed.value.rcvd is not None and (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, sentence)
    assert len(sentence.encode()) <= 123


def until_nothing_is_held(unfinished: Unfinished) -> None:
    until = time.monotonic() + 10
    while unfinished.bytes:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("compression", ["deflate", None])
def test_a_message_that_is_not_finished_ends_the_connection(
    place: tuple[str, Unfinished], compression: str | None
) -> None:
    """Though more of it comes all the time, and pings are answered; and what it held is free."""
    with connect(place[0], proxy=None, compression=compression) as client:
        began = time.monotonic()
        fragment(client, 3 * MB)
        while place[1].bytes < 3 * MB:
            assert time.monotonic() < began + 10
            time.sleep(0.02)
        for _ in range(3):
            time.sleep(SECONDS / 5)
            fragment(client, 10, Opcode.CONT)
            assert client.ping().wait(10)
        assert_closed(client, UNFINISHED)
        assert SECONDS * 0.9 < time.monotonic() - began < SECONDS + 10
    until_nothing_is_held(place[1])


def test_each_message_has_its_own_time(place: tuple[str, Unfinished]) -> None:
    """One after the other in fragments, longer than one may take; the next begins where the last one ends."""
    with connect(place[0], proxy=None, compression=None) as client:
        began = time.monotonic()
        fragment(client, 1_000)
        while time.monotonic() < began + 2 * SECONDS:
            ends = Frame(Opcode.CONT, b"b", True).serialize(mask=True)
            client.socket.sendall(ends + Frame(Opcode.BINARY, b"a" * 1_000, False).serialize(mask=True))
            assert client.recv(timeout=10) == "1001"
            time.sleep(0.1)
        fragment(client, 1, Opcode.CONT, fin=True)
        assert client.recv(timeout=10) == "1001"
        time.sleep(SECONDS * 1.3)
        client.send(b"still here")
        assert client.recv(timeout=10) == "10"
    until_nothing_is_held(place[1])


def test_a_large_message_in_a_browsers_fragments_passes(place: tuple[str, Unfinished]) -> None:
    with connect(place[0], proxy=None) as client:
        client.send(b"x" * 131_072 for _ in range(31))
        assert client.recv(timeout=20) == str(31 * 131_072)
    until_nothing_is_held(place[1])


@pytest.mark.parametrize("whole", [False, True], ids=["fragments", "one frame that does not end"])
def test_together_they_never_hold_more_than_the_bound(whole: bool) -> None:
    """Those with most are closed, with a sentence; a student's small message comes through in the midst of it."""
    with serving(8 * MB, seconds=60) as (url, unfinished), ExitStack() as opened:
        compression = None if whole else "deflate"
        # Within a frame that does not end, nobody hears a goodbye, and so none is waited for.
        joining = partial(connect, url, proxy=None, compression=compression, close_timeout=0.1)
        holders = [opened.enter_context(joining()) for _ in range(20)]
        student = opened.enter_context(connect(url, proxy=None))
        fragment(student, 30_000)
        for number, holder in enumerate(holders):
            if whole:
                frame = Frame(Opcode.BINARY, b"a" * (2 * MB), True).serialize(mask=True)
                holder.socket.sendall(frame[: MB + number])
            else:
                fragment(holder, MB + number)
        until, closed = time.monotonic() + 20, 0
        while closed < 13:
            assert time.monotonic() < until
            closed = sum(holder.close_code is not None for holder in holders)
            time.sleep(0.05)
            assert unfinished.bytes <= unfinished.most
        assert_closed(next(holder for holder in holders if holder.close_code is not None), NO_ROOM)
        assert unfinished.bytes > unfinished.most // 2, "no more were closed than had to be"
        fragment(student, 1, Opcode.CONT, fin=True)
        assert student.recv(timeout=10) == "30001"


def test_a_websocket_is_refused_with_an_answer_of_http(place: tuple[str, Unfinished]) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"{place[0]}/full", proxy=None):
        pass
    response = refused.value.response
    assert (response.status_code, response.body) == (503, SENTENCES["arrivals"].encode())
    assert response.headers["Retry-After"] == str(RETRY_SECONDS) and response.headers["Connection"] == "close"
