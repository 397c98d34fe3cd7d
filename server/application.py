"""The ASGI application of the class server: the Streamlit app, with what a class server adds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.middleware.gzip import GZipMiddleware

from engine import frames
from engine.folders import seed_folder
from engine.limits import limits
from server import script_errors, streamlit_patches
from server.connections.by_address import ByAddress
from server.headers import SecurityHeaders, encoded, security_headers
from server.preload import Preload, chart_link
from server.request_log import RequestLog
from server.routes import MetricsInside, probe_routes
from server.sessions.gate import SessionGate
from server.static_files import CompressedFiles, CompressedStaticFiles
from server.warm_start import WarmStart, prepare_more

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Application:
    """The app of a class server, for any ASGI server. ``serve.py`` makes one.

    Parameters
    ----------
    script : Path
        The Streamlit script; the ``.streamlit`` folder beside it is read.
    options : mapping
        Streamlit's options by the names of its flags, such as ``server_port``. They override config.toml.
    warm_start : WarmStart, optional
        The work to do before the server is ready.
    """

    def __init__(self, script: Path, options: Mapping[str, Any], warm_start: WarmStart | None = None) -> None:
        import streamlit as st
        from streamlit import config, file_util, net_util
        from streamlit.web.bootstrap import load_config_options

        self.warm_start = warm_start or WarmStart()
        app = st.App(
            script,
            lifespan=self._lifespan,
            routes=probe_routes(self.warm_start),
            on_script_error=script_errors.show_error,
        )
        load_config_options(dict(options))  # after Streamlit knows the script, and with it the config.toml
        # When a page of another site connects, Streamlit would ask an external server for this computer's address, and
        # block all sessions meanwhile. Other allowed origins are in server.corsAllowedOrigins.
        net_util.get_external_ip = lambda: None
        base_url = (config.get_option("server.baseUrlPath") or "").strip("/")
        base = f"/{base_url}" if base_url else ""
        static = Path(file_util.get_static_dir()) / "static"
        seed = seed_folder()
        self._files = CompressedFiles(static, seed / "static" / st.__version__ if seed else None)
        # Streamlit compresses its answers, but not that to the root.
        compressed = CompressedStaticFiles(GZipMiddleware(SessionGate(app)), self._files, f"{base}/static/")
        with_links = Preload(compressed, chart_link(static), base)
        inside = MetricsInside(with_links, base)
        # Outside the rest, because Streamlit answers its own errors outside its middleware.
        headers = security_headers()
        frames.guard()
        logged = RequestLog(SecurityHeaders(inside, headers), config.get_option("server.baseUrlPath") or "")
        # What any other server of ASGI needs to know, too: serve.py answers both in need, before this app is asked.
        self.probes = ("/readyz", f"{base}/_stcore/health")
        self.headers = encoded(headers)
        self._app: ASGIApp = ByAddress(logged, limits().connections_by_address, self.probes, self.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, or run the lifespan."""
        await self._app(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, app: object) -> AsyncIterator[None]:
        from streamlit import config

        streamlit_patches.disable_source_watching()
        streamlit_patches.send_to_current_client()
        streamlit_patches.keep_deferred_downloads()
        streamlit_patches.tell_connections_of_sessions()
        retained = streamlit_patches.retain_sessions(config.get_option("server.disconnectedSessionTTL"))
        forgetting = asyncio.create_task(retained.forget_regularly())
        streamlit_patches.collect_periodically(ended := threading.Event())
        self.warm_start.begin(self._files.make_all, prepare_more)
        yield
        forgetting.cancel()
        self.warm_start.stop()
        ended.set()
