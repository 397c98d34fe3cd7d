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
