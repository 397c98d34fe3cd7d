"""A log line for each page, upload, download and session. Successful probes and static files are not logged."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from server.logs import fields
from ui.app_pages import PAGES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)

PAGE_PATHS = frozenset({"/", *(f"/{page.path}" for page in PAGES)})
OTHER = "other"
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_PARENTS = ("/static", "/media", "/component", "/_stcore/upload_file", "/_stcore/bidi-components")
_QUIET = ("/static", "/favicon.png", "/manifest.json", "/_stcore/health", "/_stcore/host-config", "/readyz", "/metrics")
# A page that is opened by its address first requests these paths below its own.
_BELOW_A_PAGE = re.compile(r"/[^/]+(/_stcore/(?:health|host-config))")


def known_path(path: str) -> str:
    """The part of a request's path that may be logged: a known path, its parent if ids follow, else ``other``.

    A user may type anything as an address. And the path of an upload contains a session id, which is secret.
    """
    if path in PAGE_PATHS or path in _QUIET or path == "/_stcore/stream":
        return path
    below = _BELOW_A_PAGE.fullmatch(path)
    if below:
        return below.group(1)
    return next((parent for parent in _PARENTS if path.startswith(f"{parent}/")), OTHER)


class RequestLog:
    """ASGI middleware that logs method, known path, status and seconds of requests, and the length of sessions."""

    def __init__(self, app: ASGIApp, base_path: str = "") -> None:
        self._app = app
        self._base = f"/{base_path.strip('/')}".rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, and log it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # what the client gets if the app raises an error before its response
        started = time.perf_counter()

        async def send_and_note(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            path = known_path(scope["path"].removeprefix(self._base) or "/")
            if path not in _QUIET or (status >= 500 and path != "/readyz"):
                seconds = round(time.perf_counter() - started, 4)
                method = scope["method"] if scope["method"] in _METHODS else OTHER
                _log.info("request", extra=fields(method=method, path=path, status=status, seconds=seconds))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        _log.info("session connected")
        try:
            await self._app(scope, receive, send)
        finally:
            _log.info("session disconnected", extra=fields(seconds=round(time.perf_counter() - started, 1)))
