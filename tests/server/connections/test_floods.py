"""One attacker's connections against the class server as it ships, while a student works."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from server.connections.pace import DEBT_SECONDS, FRAMES_A_SECOND, FRAMES_AT_ONCE
from server.connections.websocket_protocol import CLOSING
from tests.support.class_server import ClassServer, Tab, class_server

# On a quiet machine a step takes 0.1 s during all of these. Without protection it took 17 s, or failed.
SOON = 3.0
UPGRADE = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[ClassServer]:
    with class_server() as running:
        running.until_ready()
        yield running


def address(server: ClassServer) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return host, int(port)


def websocket(server: ClassServer, **options: Any) -> ClientConnection:
    url = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    return connect(url, subprotocols=["streamlit", "no-token"], proxy=None, compression=None, max_queue=None, **options)  # type: ignore[list-item]


def heartbeat() -> bytes:
    message = BackMsg()
    message.app_heartbeat = True
    assert len(message.SerializeToString()) <= 3
    return message.SerializeToString()


@contextmanager
def working_student(server: ClassServer) -> Iterator[list[float]]:
    """A student who takes one step after the other; yields the seconds that each took."""
    seconds: list[float] = []
    ended = threading.Event()

    def work() -> None:
        with Tab(server.url) as tab:
            tab.run("Words")
            while not ended.is_set():
                began = time.monotonic()
                tab.run("Words")
                seconds.append(time.monotonic() - began)
                ended.wait(0.1)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seconds
    finally:
        ended.set()
        thread.join()


def until_turned_away(server: ClassServer, frame: bytes) -> tuple[int, float, ConnectionClosed]:
    """Send frames as fast as they are taken; returns how many were, for how many seconds, and how it ended."""
    with websocket(server) as attacker:
        began, sent = time.monotonic(), 0
        try:
            while time.monotonic() < began + 60:
                attacker.socket.sendall(frame * 5_000)
                sent += 5_000
        except OSError:
            seconds = time.monotonic() - began
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                attacker.recv(timeout=10)
    return sent, seconds, closed.value


def test_floods_of_frames_slow_nobody_else_and_are_ended_with_a_sentence(server: ClassServer) -> None:
    """Heartbeats, pings and pongs without end, all at once. Runs have a pace of their own (tests/server/sessions)."""
    floods = [(Opcode.BINARY, heartbeat()), (Opcode.PING, b""), (Opcode.PONG, b"xx")]
    frames = [Frame(opcode, payload).serialize(mask=True) for opcode, payload in floods]
    slowest_probe = 0.0
    with working_student(server) as seconds, ThreadPoolExecutor(len(frames)) as pool:
        attacks = [pool.submit(until_turned_away, server, frame) for frame in frames]
        while not all(attack.done() for attack in attacks):
            began = time.monotonic()
            assert server.readiness()[0] == 200
            slowest_probe = max(slowest_probe, time.monotonic() - began)
            time.sleep(0.1)
    for attack in attacks:
        _, lasted, closed = attack.result()
        assert closed.rcvd is not None and (closed.rcvd.code, closed.rcvd.reason) == (1008, CLOSING)
        assert DEBT_SECONDS - 1 < lasted < DEBT_SECONDS + 25  # a debt may be paid for some seconds when time is up
    assert len(seconds) > 5 and max(seconds) < SOON and slowest_probe < SOON
    assert server.metric("grammar_neurons_refused_total", what="websocket_closed") == len(frames)
    assert server.metric("grammar_neurons_refused_total", what="websocket_slowed") >= len(frames)
    assert server.until_logged("websocket closed: too many frames or bytes for too long")["times"] >= 1
    assert len(CLOSING.encode()) <= 123


def test_what_is_too_much_waits_at_the_sender_and_arrives_in_order(server: ClassServer) -> None:
    """More pings than a burst, each answered: what is beyond comes at the rate."""
    number = int(FRAMES_AT_ONCE + 6 * FRAMES_A_SECOND)
    with websocket(server) as student:
        began = time.monotonic()
        answers = [student.ping(str(count)) for count in range(number)]
        assert all(answer.wait(30) for answer in answers)
        at_least = (number - FRAMES_AT_ONCE - 170) / FRAMES_A_SECOND  # up to 170 are parsed before they are charged
        assert at_least < time.monotonic() - began < 30
        student.send(heartbeat())
        assert student.ping("still here").wait(5)


def test_large_messages_of_a_student_are_not_slowed(server: ClassServer) -> None:
    """Three pastes of 4 MB in a row, as a page would send them."""
    message = BackMsg()
    message.rerun_script.page_name = "Words"
    message.rerun_script.widget_states.widgets.add(id="text", string_value="word " * 800_000)
    slowed = server.metric("grammar_neurons_refused_total", what="websocket_slowed")
    with websocket(server) as student:
        for _ in range(3):
            began = time.monotonic()
            student.send(message.SerializeToString())
            assert student.ping().wait(10) and time.monotonic() - began < SOON
    assert server.metric("grammar_neurons_refused_total", what="websocket_slowed") == slowed


def test_silent_connections_keep_neither_students_nor_probes_out(server: ClassServer) -> None:
    """More than one address may have, and then more than the server may have; all of them are closed in the end."""
    with ExitStack() as opened, working_student(server) as seconds:
        # Addresses of their own: 127.0.0.1 counts as a trusted proxy.
        for host in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
            for _ in range(700):
                opened.enter_context(socket.create_connection(address(server), 10, (host, 0)))
        last = socket.create_connection(address(server), 10, ("127.0.0.5", 0))
        began = time.monotonic()
        assert server.readiness() == (200, "ready") and server.get("/_stcore/health").status == 200
        with Tab(server.url) as tab:
            tab.run("Words")
        assert time.monotonic() - began < 2 * SOON
        last.settimeout(15)
        assert last.recv(1) == b"" and 5 < time.monotonic() - began < 15
        last.close()
    assert max(seconds) < SOON
    assert server.metric("grammar_neurons_refused_total", what="silent") > 1_000
    assert server.metric("process_open_fds") < 300
    lines = [line for line in server.log() if line["event"] == "connection closed: nothing was sent"]
    assert len(lines) < 10 and server.complaints() == ""


@pytest.mark.parametrize(
    "request_",
    [
        b"no HTTP at all\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # without a host
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        UPGRADE % b"/_stcore/stream" + b"\r\n",  # without a key
        UPGRADE % b"/nowhere" + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ],
    ids=["no HTTP", "no host", "wrong length", "no key", "no such websocket"],
)
def test_what_the_http_server_itself_answers_has_the_security_headers(server: ClassServer, request_: bytes) -> None:
    with socket.create_connection(address(server), 10) as connection:
        connection.sendall(request_)
        answer = b""
        while part := connection.recv(10_000):
            answer += part
    head = answer.split(b"\r\n\r\n")[0].decode().lower().split("\r\n")
    assert head[0].split()[1] in ("400", "403", "426")
    expected = {name.lower(): value.lower() for name, value in server.get("/readyz").headers.items()}
    sent = dict(line.split(": ", 1) for line in head[1:])
    assert len(sent) == len(head) - 1, "no header twice"
    for name in ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"):
        assert sent[name] == expected[name]


def test_a_handshake_from_another_site_is_refused_with_the_security_headers(server: ClassServer) -> None:
    with pytest.raises(InvalidStatus) as refused, websocket(server, origin="http://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    assert "frame-ancestors 'none'" in refused.value.response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"]
)
def test_metrics_are_for_the_inside(server: ClassServer, header: str) -> None:
    assert server.get("/metrics").status == 200
    for path in ("/_stcore/metrics", "/_stcore/metrics/"):
        assert server.get(path).status == 404
    for path in ("/metrics", "/metrics/"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(Request(server.url + path, headers={header: "192.0.2.1"}), timeout=10)
