"""Listen, and shut down gracefully: on SIGTERM first not ready, then no new connections, then exit code 0."""

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
from server.logs import fields, log_fatal_errors
from server.options import MISUSED

_log = logging.getLogger(__name__)

# How long /readyz returns 503 before connections are refused, so that a load balancer can stop sending requests.
_DRAIN_SECONDS = 1.0
# How long open connections may stay after that.
_CLOSE_SECONDS = 3
_PING_SECONDS = 20
_FAILED = 3


def serve_and_exit(app: Application) -> NoReturn:
    """Serve at Streamlit's ``server.address`` and ``server.port`` until a signal; then exit the process."""
    code = _serve(app)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads may be in a forward pass. A normal exit would unload torch while they run: this takes seconds, and may
    # crash. Stored files do not need a normal exit.
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
        signal.signal(signal.SIGTERM, server.handle_exit)  # uvicorn does the same later, when it starts
        log_fatal_errors()
        server.run(sockets=[listener])
    _log.info("ended")
    return 0 if server.started else _FAILED


def _uvicorn_config(app: Application) -> uvicorn.Config:
    from streamlit import config

    ping_seconds = config.get_option("server.websocketPingInterval") or _PING_SECONDS
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,  # server/logs.py configures all logs
        access_log=False,  # it would contain query strings
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
    """uvicorn's server with a stepwise shutdown on SIGTERM. It does not raise the signal again at the end."""

    def __init__(self, app: Application, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self._app = app
        self._stopping = False
        self._exit_at = math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Signal handler: a first SIGTERM drains connections; SIGINT or a second signal exits at once."""
        self.should_exit = self._stopping or sig != signal.SIGTERM
        self._stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times per second. True stops the server."""
        if self._stopping and self._exit_at == math.inf:
            self._app.warm_start.stop()
            self._exit_at = time.monotonic() + _DRAIN_SECONDS
            _log.info("told to end")
        if time.monotonic() >= self._exit_at:
            self.should_exit = True
        return await super().on_tick(counter)
