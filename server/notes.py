"""What is refused or slowed down, in the log and in a metric. The log has one line in ten seconds for each event.

No line has a client's address.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from engine.metrics import REFUSED
from server.logs import fields

_log = logging.getLogger(__name__)

# By the metric's label. The texts are in this file, because only literals of the logging file are logged.
EVENTS = {
    "websocket_slowed": "websocket slowed: too many frames or bytes",
    "websocket_closed": "websocket closed: too many frames or bytes for too long",
    "websocket_unfinished": "websocket closed: a message was not finished",
    "connections": "connection refused: as many as there may be",
    "connections_by_address": "connection refused: as many as one address may have",
    "requests": "request refused: too many in a second from one address",
    "evicted": "idle connection closed to make room",
    "silent": "connection closed: nothing was sent",
    "slow_head": "connection closed: the head of a request took too long",
    "slow_body": "connection closed: the body of a request took too long",
    "slow_reader": "connection closed: an answer was not read",
    "bad_request": "request refused: no valid HTTP",
    "descriptors": "connection refused: no descriptor is free",
    "arrivals": "connection refused: too many new ones from one address",
    "message": "session closed: a message that no page sends",
    "other_slowed": "session slowed: too many messages",
    "part_slowed": "session slowed: too many runs of a part of its page",
    "run_slowed": "session slowed: too many runs of its page",
    "download_slowed": "session slowed: too many files made at a press",
    "session_closed": "session closed: too many actions for too long",
    "upload": "upload refused: too many files of one session",
}
LINE_SECONDS = 10.0


def say_bounds(most: int, by_address: int) -> None:
    """Log how many connections there may be.

    With this line, the log reads the texts in this file. When there is something to note, no descriptor may be free.
    """
    _log.info("connections are bounded", extra=fields(most=most, by_address=by_address))


class Notes:
    """Counts events, and logs each at most once in ten seconds, with how often it happened since its last line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logged_at: dict[str, float] = {}
        self._since: dict[str, int] = {}

    def add(self, what: str) -> None:
        """Count one event, a key of ``EVENTS``."""
        REFUSED.labels(what).inc()
        now = self._clock()
        with self._lock:
            times = self._since[what] = self._since.get(what, 0) + 1
            if now - self._logged_at.get(what, float("-inf")) < LINE_SECONDS:
                return
            self._logged_at[what], self._since[what] = now, 0
        _log.warning(EVENTS[what], extra=fields(times=times))


def leave_out_what_is_noted(record: logging.LogRecord) -> bool:
    """A filter for uvicorn's log, which has a line for each request that is no valid HTTP."""
    return record.msg != "Invalid HTTP request received."


NOTES = Notes()
