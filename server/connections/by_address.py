"""Requests and websockets bounded by address, in number and in rate, also where a proxy forwards them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from server.buckets import Kept, TokenBucket
from server.connections.addresses import neighbour
from server.connections.refusals import Headers, refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# Of plain HTTP requests, as in deploy/traefik/pool.yaml: 150 students behind one router who open a page at
# once ask for some 40 files each. Websockets have rates of their own (server/sessions/rates.py).
REQUESTS = (300.0, 6_000.0)  # a second, and at once


class ByAddress:
    """ASGI middleware that bounds what one address has open at a time: websockets, and requests under way; and
    how many requests it may begin in the long run.

    The address is the forwarded one where the proxy is trusted (uvicorn's ``FORWARDED_ALLOW_IPS``). Probes are always
    answered.

    Parameters
    ----------
    app : ASGI application
    most : int
        Websockets and requests of one address.
    probes : collection of str
        Paths that are not counted.
    headers : sequence of (bytes, bytes)
        Headers of a refusal.
    clock : callable, optional
        Seconds that never go backward.
    """

    def __init__(
        self,
        app: ASGIApp,
        most: int,
        probes: Collection[str],
        headers: Headers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._most, self._probes, self._headers = app, most, probes, headers
        self._requests = Kept(lambda: TokenBucket(*REQUESTS, clock))
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, or refuse it."""
        client = scope.get("client")
        if scope["type"] not in ("http", "websocket") or client is None or scope["path"] in self._probes:
            await self._app(scope, receive, send)
            return
        address = neighbour(client[0])
        if scope["type"] == "http" and (bucket := self._requests.of(address)).take():
            bucket.take(-1)  # what is refused is not charged: the rate is that of what is answered
            await refuse(scope, send, "requests", self._headers)
            return
        if self._open[address] >= self._most:
            await refuse(scope, send, "connections_by_address", self._headers)
            return
        self._open[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
