"""Listen, and shut down cleanly: on SIGTERM first not ready, then no new connections, then exit code 0."""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import os
import signal
import socket
import sys
import time
from functools import partial
from types import FrameType
from typing import Any, NoReturn, cast

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from engine.limits import limits, variable
from server import terminal
from server.application import Application
from server.connections.accept_errors import AcceptErrors
from server.connections.descriptors import connections_for, raise_descriptors
from server.connections.door import Door
from server.connections.http_protocol import HttpProtocol
from server.connections.service import Service
from server.connections.websocket_protocol import WebsocketProtocol
from server.logs import fields, log_fatal_errors
from server.notes import leave_out_what_is_noted, say_bounds
from server.options import MISUSED
from server.usage import PORT

_log = logging.getLogger(__name__)

# How long /readyz returns 503 before connections are refused, so that a load balancer can stop sending requests.
_DRAIN_SECONDS = 1.0
# How long open connections may stay after that.
_CLOSE_SECONDS = 3
_PING_SECONDS = 20
_FAILED = 3
# Connections that the system holds until they are accepted, and how many are accepted before others have a turn.
_QUEUE = 2048
_ACCEPTED_AT_ONCE = 16


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
        listener = socket.create_server((address, port), family=family, backlog=_QUEUE)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        advice = f" Choose another port with {PORT}." if error.errno in (errno.EADDRINUSE, errno.EACCES) else ""
        print(f"Cannot listen on port {port} of {address}: {reason}.{advice}", file=sys.stderr)
        return MISUSED
    with listener:
        door = _door()
        server = _Server(app, _uvicorn_config(app, door), AcceptErrors(door, partial(listener.listen, _QUEUE)))
        _log.info("listening", extra=fields(address=address, port=listener.getsockname()[1]))
        for kind in (signal.SIGTERM, signal.SIGINT):  # uvicorn does the same later, when it starts
            signal.signal(kind, server.handle_exit)
        if file := class_file_read():
            _log.info("class file", extra=fields(read=file))
        if terminal.on_terminal():
            _announce(address, listener.getsockname()[1])
        log_fatal_errors()
        server.run(sockets=[listener])
    _log.info("ended")
    if terminal.on_terminal():
        terminal.say_stopped()
    return 0 if server.started else _FAILED


def _announce(address: str, port: int) -> None:
    from streamlit import config

    path = (config.get_option("server.baseUrlPath") or "").strip("/")
    terminal.announce(address, port, path=path, https=bool(config.get_option("server.sslCertFile")))
    if file := class_file_read():
        print(f"Read {file}.", flush=True)


def class_file_read() -> str:
    """What was read of the class file, in one line; "" without one."""
    if not os.environ.get(variable("class_file"), "").strip():
        return ""
    from engine import class_file  # few servers have one

    file = class_file.current()
    return class_file.about(file) if file else ""


def _door() -> Door:
    most = connections_for(raise_descriptors(), limits().connections)
    door = Door(most, min(most, limits().connections_by_address))
    say_bounds(door.most, door.most_by_address)
    return door


def _uvicorn_config(app: Application, door: Door) -> uvicorn.Config:
    from streamlit import config

    service = Service(door, app.probes, app.headers)
    logging.getLogger("uvicorn.error").addFilter(leave_out_what_is_noted)
    ping_seconds = config.get_option("server.websocketPingInterval") or _PING_SECONDS
    settings = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,  # server/logs.py configures all logs
        access_log=False,  # it would contain query strings
        server_header=False,
        ssl_certfile=config.get_option("server.sslCertFile"),
        ssl_keyfile=config.get_option("server.sslKeyFile"),
        http=cast(type[asyncio.Protocol], partial(HttpProtocol, service)),
        ws=cast(type[asyncio.Protocol], partial(WebsocketProtocol, service)),
        backlog=_ACCEPTED_AT_ONCE,
        ws_per_message_deflate=config.get_option("server.enableWebsocketCompression"),
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        ws_max_size=int(config.get_option("server.maxWidgetStateSize")) * 2**20,  # Streamlit refuses more anyway
        timeout_graceful_shutdown=_CLOSE_SECONDS,
    )
    # As uvicorn itself understands FORWARDED_ALLOW_IPS.
    proxies = ProxyHeadersMiddleware(cast(Any, app), settings.forwarded_allow_ips).trusted_hosts
    door.is_trusted = proxies.__contains__
    return settings


class _Server(uvicorn.Server):
    """uvicorn's server with a stepwise shutdown on SIGTERM. It does not raise the signal again at the end."""

    def __init__(self, app: Application, settings: uvicorn.Config, accept_errors: AcceptErrors) -> None:
        super().__init__(settings)
        self._app = app
        self._accept_errors = accept_errors
        self._stopping = False
        self._exit_at = math.inf

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        self._accept_errors.watch(asyncio.get_running_loop())
        await super().startup(sockets)
        self._accept_errors.lengthen_queue()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Signal handler: a first SIGTERM drains connections; SIGINT or a second signal exits at once."""
        self.should_exit = self._stopping or sig != signal.SIGTERM
        self._stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times per second. True stops the server."""
        if self._stopping and self._exit_at == math.inf:
            self._app.warm_start.stop()
            self._exit_at = time.monotonic() + _DRAIN_SECONDS
            _log.info("stopping")
        if time.monotonic() >= self._exit_at:
            self.should_exit = True
        return await super().on_tick(counter)
