"""Security headers on every HTTP answer: what a browser may do with the app's pages, and nothing beyond it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")


def content_security_policy(index_html: str) -> str:
    """The tightest policy that Streamlit's page works under, given that page.

    Every source was found by leaving it out and using each page in a browser; tests/test_headers_browser.py does
    so again. ``'self'`` in connect-src holds for the websocket too.
    """
    policy = {
        "default-src": ["'none'"],
        "script-src": [
            "'self'",
            *inline_script_hashes(index_html),
            "blob:",  # a component's JavaScript comes with its data, and is imported from a blob
            "'wasm-unsafe-eval'",  # protobuf's 64-bit arithmetic; no JavaScript is evaluated
        ],
        "style-src": ["'self'", "'unsafe-inline'"],  # Streamlit, plotly and components write style elements
        "img-src": ["'self'", "data:", "blob:"],  # heatmaps and the tab's icon; a plot that is saved as PNG
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


def inline_script_hashes(html: str) -> list[str]:
    """A CSP source for each script that is written into a page, so that no other inline script is run."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(html))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def streamlit_page() -> str:
    """Streamlit's own index.html, as installed."""
    from streamlit import file_util

    return (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")


def security_headers() -> dict[str, str]:
    """All headers that are set on every answer, by name."""
    return {
        "Content-Security-Policy": content_security_policy(streamlit_page()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
        "Referrer-Policy": "no-referrer",  # an address holds settings and custom words
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


class SecurityHeaders:
    """ASGI middleware: sets headers on HTTP answers, and lets websockets through as they are.

    A header that the app sets itself under one of these names is replaced.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        self._names = {name for name, _ in self._headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0].lower() not in self._names]
                message = {**message, "headers": [*others, *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
