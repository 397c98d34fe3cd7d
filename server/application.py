"""The class server's ASGI application: the Streamlit app, and around it what a class server adds."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import amendments, script_errors
from server.headers import SecurityHeaders, security_headers
from server.request_log import RequestLog
from server.routes import probe_routes
from server.warm_start import WarmStart

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Application:
    """The app of a class server, for any ASGI server; ``serve.py`` makes the one there is.

    Parameters
    ----------
    script : Path
        The Streamlit script; the ``.streamlit`` folder beside it is read.
    options : mapping
        Streamlit's options by the names of its flags, such as ``server_port``; they overrule config.toml.
    warm_start : WarmStart, optional
        What is to be done before the server says that it is ready.
    """

    def __init__(self, script: Path, options: Mapping[str, Any], warm_start: WarmStart | None = None) -> None:
        import streamlit as st
        from streamlit import config, net_util
        from streamlit.web.bootstrap import load_config_options

        self.warm_start = warm_start or WarmStart()
        app = st.App(
            script,
            lifespan=self._lifespan,
            routes=probe_routes(self.warm_start),
            on_script_error=script_errors.tell,
        )
        load_config_options(dict(options))  # once Streamlit knows the script, and so its config.toml
        # Streamlit would ask a server outside for this machine's address whenever a page of another site connects,
        # and keep everybody waiting meanwhile. Who else may connect is in server.corsAllowedOrigins.
        net_util.get_external_ip = lambda: None
        # Around the whole of it, because Streamlit's own errors are answered outside its middleware.
        with_headers = SecurityHeaders(app, security_headers())
        self._app: ASGIApp = RequestLog(with_headers, config.get_option("server.baseUrlPath") or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, or run the lifespan."""
        await self._app(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, app: object) -> AsyncIterator[None]:
        amendments.look_for_no_changed_sources()
        amendments.send_to_who_is_there_now()
        amendments.keep_what_was_made_at_a_press()
        amendments.collect_now_and_then(ended := threading.Event())
        self.warm_start.begin()
        yield
        self.warm_start.stop()
        ended.set()
