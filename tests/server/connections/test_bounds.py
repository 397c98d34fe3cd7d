"""Connections bounded in all and by address, and a server that has few descriptors."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from server.connections.refusals import SENTENCES
from tests.support.browser import ROOT
from tests.support.class_server import ClassServer, Tab, class_server
from tests.support.troubled_server import until

MOST, BY_ADDRESS = 12, 5
NO_DESCRIPTOR = "connection refused: no descriptor is free"


@pytest.fixture(scope="module")
def server() -> Iterator[ClassServer]:
    bounds = {"CONNECTIONS": str(MOST), "CONNECTIONS_BY_ADDRESS": str(BY_ADDRESS)}
    environment = {f"GRAMMAR_NEURONS_{name}": value for name, value in bounds.items()}
    with class_server(environment | {"FORWARDED_ALLOW_IPS": "127.0.0.1,127.0.1.0/24"}) as running:
        running.until_ready()
        yield running


def ask(server: ClassServer, path: str, host: str, **headers: str) -> tuple[http.client.HTTPResponse, str]:
    """One request from an address of this computer."""
    where = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(where, timeout=20, source_address=(host, 0))
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def websocket(server: ClassServer, host: str, open_timeout: float = 20, **headers: str) -> ClientConnection:
    url = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    options: dict[str, Any] = {"subprotocols": ["streamlit", "no-token"], "proxy": None, "source_address": (host, 0)}
    options["open_timeout"] = open_timeout
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return connect(url, additional_headers=more, **options)


def assert_refused(server: ClassServer, what: str, host: str, **headers: str) -> None:
    """A page and a websocket get a sentence, and all probes what they always get, soon."""
    answer, text = ask(server, "/Words", host, **headers)
    assert (answer.status, text) == (503, SENTENCES[what])
    assert answer.getheader("Retry-After") == "10" and answer.getheader("Connection") == "close"
    assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy", "")
    with pytest.raises(InvalidStatus) as refused, websocket(server, host, **headers):
        pass
    response = refused.value.response
    assert (response.status_code, response.body) == (503, SENTENCES[what].encode())
    assert response.headers["Retry-After"] == "10" and response.headers.get_all("Content-Security-Policy")
    began = time.monotonic()
    for path, said in (("/readyz", "ready\n"), ("/_stcore/health", "ok")):
        answer, text = ask(server, path, host, **headers)
        assert (answer.status, text) == (200, said)
    assert time.monotonic() - began < 3  # some milliseconds on a quiet machine


def test_one_address_has_so_many_connections_and_leaves_the_rest_to_others(server: ClassServer) -> None:
    with ExitStack() as opened:
        for _ in range(BY_ADDRESS):
            opened.enter_context(websocket(server, "127.0.0.2"))
        assert_refused(server, "connections_by_address", "127.0.0.2")
        with websocket(server, "127.0.0.3"):
            assert ask(server, "/Words", "127.0.0.3")[0].status == 200
    until(lambda: ask(server, "/Words", "127.0.0.2")[0].status == 200, server.printed)
    assert server.metric("grammar_neurons_refused_total", what="connections_by_address") == 2


def test_where_all_are_in_use_there_is_a_sentence_and_probes_are_answered(server: ClassServer) -> None:
    with ExitStack() as opened:
        for number in range(MOST):
            opened.enter_context(websocket(server, f"127.0.0.{4 + number % 4}"))
        for host in ("127.0.0.4", "127.0.0.9"):
            assert_refused(server, "connections", host)
        # More than fit into the reserve, silent: a probe's is newer than all of them.
        for _ in range(200):
            opened.enter_context(socket.create_connection(address(server), 10, ("127.0.0.10", 0)))
        assert_refused(server, "connections", "127.0.0.10")
    until(lambda: ask(server, "/Words", "127.0.0.9")[0].status == 200, server.printed)


def test_a_trusted_proxy_tells_whose_connection_it_is(server: ClassServer) -> None:
    with ExitStack() as opened:
        for number in range(BY_ADDRESS):
            opened.enter_context(websocket(server, f"127.0.1.{number + 1}", X_Forwarded_For="192.0.2.1"))
        assert_refused(server, "connections_by_address", "127.0.1.9", X_Forwarded_For="192.0.2.1")
        assert_refused(server, "connections_by_address", "127.0.1.9", X_Forwarded_For="203.0.113.7, 192.0.2.1")
        with websocket(server, "127.0.1.9", X_Forwarded_For="192.0.2.2"):
            assert ask(server, "/Words", "127.0.1.9", X_Forwarded_For="192.0.2.2")[0].status == 200


def test_nobody_else_can_pretend_to_be_another(server: ClassServer) -> None:
    until(lambda: server.metric("grammar_neurons_sessions") == 0, server.printed)
    with ExitStack() as opened:
        for number in range(BY_ADDRESS):
            opened.enter_context(websocket(server, "127.0.0.2", X_Forwarded_For=f"192.0.2.{number}"))
        assert_refused(server, "connections_by_address", "127.0.0.2", X_Forwarded_For="192.0.2.99")


def test_no_line_of_the_log_has_an_address(server: ClassServer) -> None:
    assert server.until_logged("connection refused: as many as one address may have")["times"] >= 1
    assert server.until_logged("connection refused: as many as there may be")["times"] >= 1
    lines = [line for line in server.log() if line["event"] != "listening"]
    assert not [line for line in lines if "192.0.2" in str(line) or "127.0." in str(line)]
    assert server.complaints() == ""


# --- Descriptors ---

# ``serve.py`` with so many descriptors at first, and at most.
FEW = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
runpy.run_path({serve!r}, run_name="__main__")
"""


def with_descriptors(soft: int, hard: int) -> tuple[str, str]:
    return "-c", FEW.format(soft=soft, hard=hard, serve=str(ROOT / "serve.py"))


def address(server: ClassServer) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    return host, int(port)


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    with class_server(command=with_descriptors(256, 2_000)) as server, ExitStack() as opened:
        line = server.until_logged("limit of open files")
        assert (line["before"], line["allowed"]) == (256, 2_000)
        assert (
            server.until_logged("fewer connections than asked for, because of the limit of open files")["most"] == 404
        )
        server.until_ready()
        for _ in range(150):
            opened.enter_context(websocket(server, "127.0.0.2"))
        with Tab(server.url) as tab:
            tab.run("Words")
        assert server.metric("process_open_fds") < 1_000 and server.complaints() == ""


def test_without_descriptors_the_log_stays_short_and_the_server_recovers() -> None:
    with class_server(command=with_descriptors(110, 110)) as server:
        server.until_ready()
        with ExitStack() as opened:
            for number in range(16):  # in use, so that they make no room, and with three more descriptors each
                with suppress(OSError, InvalidHandshake):
                    opened.enter_context(websocket(server, f"127.0.0.{2 + number}", open_timeout=2))
            for _ in range(200):
                opened.enter_context(socket.create_connection(address(server), 10, ("127.0.0.2", 0)))
            until(lambda: NO_DESCRIPTOR in server.printed(), server.printed)
            time.sleep(3)
        until(lambda: server.readiness()[0] == 200, server.printed)
        with Tab(server.url) as tab:
            tab.run("Words")
        assert len(server.log()) < 60 and server.complaints() == ""
        assert server.metric("grammar_neurons_refused_total", what="descriptors") > 0
