"""The rate of plain requests by address, and what the gate needs to refuse a websocket."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.connections.by_address import REQUESTS, ByAddress
from server.connections.refusals import SENTENCES

AT_ONCE = int(REQUESTS[1])


class Asking:
    """The middleware in front of an app that says yes, and what the time is."""

    def __init__(self) -> None:
        self.now = 0.0
        self._bounded = ByAddress(self._yes, 10, ("/readyz",), [(b"x-a", b"b")], clock=lambda: self.now)

    async def _yes(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, host: str, path: str = "/", kind: str = "http") -> list[Any]:
        """What is answered to one request."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await self._bounded({"type": kind, "path": path, "client": (host, 1)}, None, send)  # type: ignore[arg-type]
        return sent

    def ask_often(self, host: str, times: int, **options: str) -> list[int]:
        """The status of each of many answers."""

        async def all_of_them() -> list[int]:
            return [(await self.ask(host, **options))[0]["status"] for _ in range(times)]

        return asyncio.run(all_of_them())


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_who_asks_too_often_gets_a_sentence_and_then_the_rate(asking: Asking) -> None:
    assert asking.ask_often("192.0.2.1", AT_ONCE + 500) == [200] * AT_ONCE + [429] * 500
    start, body = asyncio.run(asking.ask("192.0.2.1"))
    headers = dict(start["headers"])
    assert body["body"].decode() == SENTENCES["requests"] and headers[b"retry-after"] == b"10"
    assert headers[b"x-a"] == b"b" and headers[b"content-length"] == str(len(body["body"])).encode()
    asking.now += 1
    assert asking.ask_often("192.0.2.1", 400) == [200] * 300 + [429] * 100, "what was refused is not charged"


def test_probes_websockets_and_others_are_not_concerned(asking: Asking) -> None:
    asking.ask_often("2001:db8::1", AT_ONCE)
    assert asking.ask_often("2001:db8::ffff", 1) == [429], "one network is one address"
    assert asking.ask_often("2001:db8::1", 3, path="/readyz") == [200] * 3
    assert asking.ask_often("2001:db8::1", 3, kind="websocket") == [200] * 3
    assert asking.ask_often("2001:db8:0:1::1", 3) == [200] * 3


def test_it_is_as_generous_as_the_proxy() -> None:
    rate = yaml.safe_load(Path("deploy/kubernetes/rate.yaml").read_text(encoding="utf-8"))["spec"]["rateLimit"]
    assert (rate["average"], rate["burst"]) == REQUESTS


def test_the_gate_of_sessions_can_refuse_with_it() -> None:
    """In either order of imports, and without the rest of the connections."""
    first, second = "import server.sessions.gate", "from server.connections.refusals import refuse"
    for code in (f"{first}; {second}", f"{second}; {first}"):
        subprocess.run([sys.executable, "-c", code], check=True)
    code = f"{second}; import sys; print(*(name for name in sys.modules if name.startswith('server.')))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "server.sessions" not in loaded and "server.connections.door" not in loaded
