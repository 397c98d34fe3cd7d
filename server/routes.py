"""Routes for monitoring: ``/readyz`` and ``/metrics``, in addition to Streamlit's health route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from engine import metrics
from server.warm_start import WarmStart

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

# A proxy adds at least one of these to what it passes on; a scraper inside sends none.
_FORWARDED = {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}


def probe_routes(warm_start: WarmStart) -> list[Route]:
    """The routes. ``/readyz`` returns the state of the warm start."""

    async def readiness(request: Request) -> Response:
        status = 200 if warm_start.ready else 503
        return PlainTextResponse(f"{warm_start.state}\n", status, headers={"Cache-Control": "no-store"})

    # Not async, so that Starlette runs it in a thread: process metrics read files.
    def scrape(request: Request) -> Response:
        metrics.SESSIONS.set(_connected_sessions())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return [Route("/readyz", readiness), Route("/metrics", scrape)]


def _connected_sessions() -> int:
    from streamlit import runtime
    from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY, GaugeStat

    stats = runtime.get_instance().stats_mgr.get_stats([ACTIVE_SESSIONS_FAMILY])
    return sum(stat.value for stat in stats.get(ACTIVE_SESSIONS_FAMILY, ()) if isinstance(stat, GaugeStat))


class MetricsInside:
    """ASGI middleware that keeps metrics from the outside: 404 for Streamlit's own, and for ours through a proxy.

    A proxy that forgets to keep ``/metrics`` to itself says that it forwards a request. Who asks the server directly
    does not.
    """

    def __init__(self, app: ASGIApp, base: str) -> None:
        self._app = app
        self._streamlits = f"{base}/_stcore/metrics"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and self._is_hidden(scope):
            await PlainTextResponse("Not found\n", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_hidden(self, scope: Scope) -> bool:
        path = scope["path"].rstrip("/")
        forwarded = path == "/metrics" and any(name in _FORWARDED for name, _ in scope["headers"])
        return forwarded or path == self._streamlits
