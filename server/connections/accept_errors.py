"""What happens when no connection can be accepted, because no descriptor is free."""

from __future__ import annotations

import asyncio
import errno
import os
from asyncio import constants
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from server.connections.door import Door
from server.notes import NOTES

_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# asyncio itself waits for a second, in which a probe would wait, too.
_RETRY_SECONDS = 0.1
# Descriptors that are kept to be given up then, so that the next connections, a probe's among them, are accepted.
_SPARE = 16
_REFILL_SECONDS = 5.0
# For each connection that could not be accepted; asyncio tries several in a row.
_CLOSED_EACH = 4


class AcceptErrors:
    """Gives up spare descriptors and idle connections, and counts: asyncio would log thousands of lines per second.

    ``listen`` sets how many connections the system holds until they are accepted.
    """

    def __init__(self, door: Door, listen: Callable[[], None]) -> None:
        self._door, self._listen = door, listen
        self._spare: list[int] = []
        self._refill: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle the errors of a loop."""
        loop.set_exception_handler(self._handle)
        constants.ACCEPT_RETRY_DELAY = _RETRY_SECONDS  # type: ignore[assignment, misc]
        self._keep_spare()

    def lengthen_queue(self) -> None:
        """Let the system hold more connections than asyncio accepts in a row, which takes one number for both."""
        self._retry = None
        with suppress(OSError):  # it is closed: the server is shutting down
            self._listen()

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES and "accept" in context["message"]):
            loop.default_exception_handler(context)
            return
        NOTES.add("descriptors")
        self._door.close_idle(_CLOSED_EACH)
        if self._retry is None:  # asyncio tries again, and then shortens the queue
            self._retry = loop.call_later(_RETRY_SECONDS * 1.5, self.lengthen_queue)
        if self._refill is None:
            for descriptor in self._spare:
                os.close(descriptor)
            self._spare.clear()
            self._refill = loop.call_later(_REFILL_SECONDS, self._keep_spare)

    def _keep_spare(self) -> None:
        self._refill = None
        with suppress(OSError):  # none is free: later, perhaps
            while len(self._spare) < _SPARE:
                self._spare.append(os.open(os.devnull, os.O_RDONLY))
