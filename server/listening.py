"""Listen, and end in order: on SIGTERM first not ready, then closed, then gone, with exit code 0."""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import sys
import time
from types import FrameType
from typing import NoReturn

import uvicorn

from server.application import Application
from server.logs import fields, withhold_last_words
from server.options import MISUSED

_log = logging.getLogger(__name__)

# How long /readyz says 503 before connections are refused, so that a load balancer may look away first.
_DRAIN_SECONDS = 1.0
# How long open connections may take to end after that.
_CLOSE_SECONDS = 3
_PING_SECONDS = 20
_FAILED = 3


def serve_and_exit(app: Application) -> NoReturn:
    """Serve at Streamlit's ``server.address`` and ``server.port`` until told to end; then end the process."""
    code = _serve(app)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads may be in the middle of a forward pass. Python would take torch apart beneath them, which takes
    # seconds and may crash; nothing that is kept needs it.
    os._exit(code)


def _serve(app: Application) -> int:
    from streamlit import config

    address, port = config.get_option("server.address"), int(config.get_option("server.port"))
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        print(f"Cannot listen on port {port} of {address}: {reason}.", file=sys.stderr)
        return MISUSED
    with listener:
        server = _Server(app, _uvicorn_config(app))
        _log.info("listening", extra=fields(address=address, port=listener.getsockname()[1]))
        signal.signal(signal.SIGTERM, server.handle_exit)  # uvicorn does so too, a moment later
        withhold_last_words()
        server.run(sockets=[listener])
    _log.info("ended")
    return 0 if server.started else _FAILED


def _uvicorn_config(app: Application) -> uvicorn.Config:
    from streamlit import config

    ping_seconds = config.get_option("server.websocketPingInterval") or _PING_SECONDS
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,  # server/logs.py has them all
        access_log=False,  # it would tell query strings
        server_header=False,
        ssl_certfile=config.get_option("server.sslCertFile"),
        ssl_keyfile=config.get_option("server.sslKeyFile"),
        ws="websockets-sansio",
        ws_per_message_deflate=config.get_option("server.enableWebsocketCompression"),
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        ws_max_size=int(config.get_option("server.maxWidgetStateSize")) * 2**20,  # Streamlit refuses more anyway
        timeout_graceful_shutdown=_CLOSE_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which ends by SIGTERM in steps, and leaves no signal behind that would kill the process."""

    def __init__(self, app: Application, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self._app = app
        self._told_to_end = False
        self._leave_at = math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by a signal, in the middle of anything: SIGTERM drains first; SIGINT, or a second one, does not."""
        self.should_exit = self._told_to_end or sig != signal.SIGTERM
        self._told_to_end = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second; True ends it."""
        if self._told_to_end and self._leave_at == math.inf:
            self._app.warm_start.stop()
            self._leave_at = time.monotonic() + _DRAIN_SECONDS
            _log.info("told to end")
        if time.monotonic() >= self._leave_at:
            self.should_exit = True
        return await super().on_tick(counter)
