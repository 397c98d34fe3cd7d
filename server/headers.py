"""Security headers on every HTTP response: they limit what a browser may do with the app's pages."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders

from engine.limits import limits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")


def content_security_policy(index_html: str, framed_by: Sequence[str] = ()) -> str:
    """The strictest policy with which Streamlit's page works. ``framed_by`` are sites that may show it in a frame.

    For each source, it was tested in a browser that a page fails without it; tests/browser/test_headers.py repeats
    this. ``'self'`` in connect-src includes the websocket.
    """
    policy = {
        "default-src": ["'none'"],
        "script-src": [
            "'self'",
            *inline_script_hashes(index_html),
            "blob:",  # the JavaScript of a component is sent with its data, and imported from a blob
            "'wasm-unsafe-eval'",  # for protobuf's 64-bit arithmetic; it does not allow eval of JavaScript
        ],
        "style-src": ["'self'", "'unsafe-inline'"],  # Streamlit, plotly and components write style elements
        "img-src": ["'self'", "data:", "blob:"],  # heatmaps and the tab's icon; saving a plot as PNG
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'", *framed_by] if framed_by else ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


def inline_script_hashes(html: str) -> list[str]:
    """A CSP source for each inline script of a page, so that no other inline script can run."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(html))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def streamlit_page() -> str:
    """The index.html of the installed Streamlit."""
    from streamlit import file_util

    return (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")


def security_headers() -> dict[str, str]:
    """The headers of every response, by name."""
    framed_by = limits().framed_by
    # For browsers that do not know frame-ancestors. It cannot name a site.
    no_frames = {} if framed_by else {"X-Frame-Options": "DENY"}
    return {
        "Content-Security-Policy": content_security_policy(streamlit_page(), framed_by),
        "X-Content-Type-Options": "nosniff",
        **no_frames,
        "Referrer-Policy": "no-referrer",  # the address contains settings and custom words
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI and HTTP have them."""
    return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]


class SecurityHeaders:
    """ASGI middleware that sets headers on HTTP responses. Websockets are not changed.

    It replaces headers of the same names that the app has set.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = encoded(headers)
        self._names = {name for name, _ in self._headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0].lower() not in self._names]
                message = {**message, "headers": [*others, *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def changing_headers(send: Send, change: Callable[[MutableHeaders], None]) -> Send:
    """``send``, with the headers of the response changed by a function."""

    async def send_changed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            change(MutableHeaders(scope=message))
        await send(message)

    return send_changed
