"""Answers to whom there is no place for: one sentence, with status 503, or 429 to who asks too often."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from server.notes import NOTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Headers = Sequence[tuple[bytes, bytes]]

RETRY_SECONDS = 10
SENTENCES = {
    "connections": f"This server has as many connections as it may have. Try again in {RETRY_SECONDS} seconds.\n",
    "connections_by_address": "Your address has as many connections to this server as one address may have. "
    f"Close other tabs, or try again in {RETRY_SECONDS} seconds.\n",
    "arrivals": f"Too many new connections from your address. Try again in {RETRY_SECONDS} seconds.\n",
    "requests": "Your address asks this server for more in a second than a class does. "
    f"Try again in {RETRY_SECONDS} seconds.\n",
}
_TOO_MANY_REQUESTS = 429
_NO_PLACE = 503


def plain_headers(text: bytes, headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers of a plain text that is the last answer on its connection, and further ones."""
    return [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        *headers,
    ]


async def refuse(scope: Scope, send: Send, what: str, headers: Headers) -> None:
    """Answer a request, or the handshake of a websocket, with a sentence. ``what`` is a key of ``SENTENCES``."""
    NOTES.add(what)
    text = SENTENCES[what].encode()
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    all_headers = [*plain_headers(text, headers), (b"retry-after", str(RETRY_SECONDS).encode())]
    status = _TOO_MANY_REQUESTS if what == "requests" else _NO_PLACE
    await send({"type": f"{kind}.start", "status": status, "headers": all_headers})
    await send({"type": f"{kind}.body", "body": text})


class OnlyProbes:
    """The app as a connection of the reserve sees it: it answers probes, and refuses all else."""

    def __init__(self, app: ASGIApp, probes: Collection[str], refused: str, headers: Headers) -> None:
        self._app, self._probes, self._refused, self._headers = app, probes, refused, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, the only one on its connection."""
        if scope["path"] not in self._probes:
            await refuse(scope, send, self._refused, self._headers)
            return

        async def send_last(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, send_last)
