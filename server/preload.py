"""A page's first answer names what its first chart needs, so that the browser loads it while the session begins.

Without that, the browser asks for plotly only after Streamlit's script has run, connected and received the chart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from server.headers import changing_headers
from ui.app_pages import PAGES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# The names of Streamlit's files have a hash.
_CHART = "js/PlotlyChart.*.js"


def chart_link(static: Path) -> str:
    """The Link header (RFC 8288) for plotly's module in Streamlit's folder of static files; empty if it has none.

    It is relative to a page's address, as the addresses in Streamlit's own index.html.
    """
    files = (path.relative_to(static).as_posix() for path in sorted(static.glob(_CHART)))
    return ", ".join(f"<./static/{file}>; rel=modulepreload; as=script; crossorigin" for file in files)


class Preload:
    """ASGI middleware that adds the Link header to pages which begin with a chart.

    Parameters
    ----------
    app : ASGI application
    link : str
        The header; see ``chart_link``. If it is empty, nothing is added.
    base : str
        The path below which the pages are, such as ``/neurons``; usually empty.
    """

    def __init__(self, app: ASGIApp, link: str, base: str = "") -> None:
        self._app = app
        self._link = link
        self._paths = {f"{base}/{page.path}" for page in PAGES if page.chart}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"] not in self._paths or not self._link:
            await self._app(scope, receive, send)
            return

        await self._app(scope, receive, changing_headers(send, lambda headers: headers.append("Link", self._link)))
