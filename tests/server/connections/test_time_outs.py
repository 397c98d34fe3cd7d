"""What a client may leave unfinished, and for how long: real sockets, and a small application with little patience."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn

from server.connections.door import Door
from server.connections.http_protocol import HttpProtocol
from server.connections.service import Patience, Service
from server.connections.websocket_protocol import WebsocketProtocol
from server.headers import encoded, security_headers

IMPATIENT = Patience(first_byte=0.5, head=0.5, in_reserve=0.2, body=0.5, body_rate=2_000, rest_of_body=0.3, reader=0.5)
PATIENT = Patience(first_byte=30, head=30, in_reserve=0.2, body=30)  # but for the reserve
BIG = 40_000_000
SOON = 3.0  # some milliseconds on a quiet machine


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body; at once for /early, with much for /big."""
    if scope["type"] != "http":
        return
    size = 0
    if scope["path"] != "/early":
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            if not message["more_body"]:
                break
    body = b"x" * BIG if scope["path"] == "/big" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(door: Door, patience: Patience = IMPATIENT) -> Iterator[tuple[str, int]]:
    """The application, served in a thread."""
    service = Service(door, ("/readyz",), encoded(security_headers()), patience)
    config = uvicorn.Config(
        application,
        log_config=None,
        lifespan="off",
        http=partial(HttpProtocol, service),  # type: ignore[arg-type]
        ws=partial(WebsocketProtocol, service),  # type: ignore[arg-type]
        timeout_keep_alive=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        yield listener.getsockname()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, int]]:
    with serving(Door(50, 50)) as address:
        yield address


def until_closed(connection: socket.socket) -> tuple[bytes, float]:
    """What comes until the server closes the connection, and after how many seconds it does."""
    began, received = time.monotonic(), b""
    connection.settimeout(10)
    try:
        while part := connection.recv(2**20):
            received += part
    except ConnectionResetError:
        pass  # how the server closes does not matter here
    return received, time.monotonic() - began


def received_until(connection: socket.socket, end: bytes) -> bytes:
    """What comes until these bytes do."""
    received = b""
    while not received.endswith(end):
        part = connection.recv(10_000)
        assert part, received
        received += part
    return received


def test_a_silent_connection_is_closed_without_a_word(place: tuple[str, int]) -> None:
    """Browsers open connections in advance: an answer to nothing would be taken for that to the next request."""
    with socket.create_connection(place) as connection:
        received, seconds = until_closed(connection)
    assert received == b"" and 0.4 < seconds < 2


@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["first request", "second request"])
def test_a_head_that_comes_drop_by_drop_is_answered_408(place: tuple[str, int], before: bytes) -> None:
    with socket.create_connection(place) as connection:
        connection.sendall(before + b"GET / HTTP/1.1\r\n")
        if before:
            assert received_until(connection, b"\r\n\r\n0").startswith(b"HTTP/1.1 200")
        began, answer = time.monotonic(), b""
        connection.settimeout(0.05)
        while not answer:
            assert time.monotonic() < began + 5
            connection.sendall(b"X-A: b\r\n")
            try:
                answer = connection.recv(10_000)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408") and b"The request took too long to arrive." in answer
        assert b"content-security-policy: default-src 'none'" in answer
        assert 0.3 < time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("rate", "at_once", "size", "arrives"), [(500, 0, 10_000, False), (8_000, 4_000, 20_000, True)]
)
def test_a_body_may_take_as_long_as_it_makes_progress(
    place: tuple[str, int], rate: int, at_once: int, size: int, arrives: bool
) -> None:
    """The time-out alone is half a second; the second body takes two, and is ahead of its own time by two more."""
    with socket.create_connection(place) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        began, sent = time.monotonic(), 0
        try:
            while sent < size:
                due = min(size, at_once + int(rate * (time.monotonic() - began)))
                connection.sendall(b"x" * (due - sent))
                sent = due
                time.sleep(0.05)
        except OSError:
            assert not arrives and 0.4 < time.monotonic() - began < 10
            return
        assert arrives and received_until(connection, b"\r\n\r\n%d" % size)


def test_a_body_that_goes_on_after_its_answer_is_cut_off(place: tuple[str, int]) -> None:
    with socket.create_connection(place) as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        began, sent = time.monotonic(), 0
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
        with pytest.raises(OSError):  # reset or broken pipe
            while time.monotonic() < began + 5:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
        assert 0.2 < time.monotonic() - began < 2


def test_an_answer_that_is_not_read_is_given_up(place: tuple[str, int]) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(place)
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(1.5)
        received, _ = until_closed(connection)
    assert len(received) < BIG


def test_an_answer_that_is_read_slowly_arrives(place: tuple[str, int]) -> None:
    with socket.create_connection(place) as connection:
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = 0
        for _ in range(10):
            received += len(connection.recv(2**20))
            time.sleep(0.2)
        rest, _ = until_closed(connection)
    assert received + len(rest) > BIG


def test_requests_that_are_sent_in_one_go_are_all_answered(place: tuple[str, int]) -> None:
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    with socket.create_connection(place) as connection:
        connection.sendall(request * 40)
        received, seconds = until_closed(connection)
    assert received.count(b"HTTP/1.1 200") == 40
    assert 0.7 < seconds < 3, "and then the server waits for another one, as long as uvicorn is told to"


def test_the_reserve_waits_for_two_seconds_only() -> None:
    with serving(Door(1, 50), PATIENT) as address, socket.create_connection(address) as first:
        first.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.1)
        with socket.create_connection(address) as silent:
            assert until_closed(silent)[1] < 10, "sooner than elsewhere"
        with socket.create_connection(address) as probe:
            probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
            answer, seconds = until_closed(probe)
            assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"0") and seconds < SOON
        with socket.create_connection(address) as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer, _ = until_closed(other)
            assert answer.startswith(b"HTTP/1.1 503") and b"\r\nretry-after: 10\r\n" in answer
        first.sendall(b"abc")
        assert first.recv(1_000).startswith(b"HTTP/1.1 200")
        time.sleep(0.1)
        with socket.create_connection(address) as next_one:  # the first one is idle, and makes room
            next_one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert next_one.recv(1_000).startswith(b"HTTP/1.1 200")
