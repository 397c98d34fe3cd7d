"""uvicorn's HTTP protocol, with bounds of connections and of patience."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from server.connections.door import Place
from server.connections.refusals import OnlyProbes, plain_headers
from server.connections.service import Service
from server.connections.websocket_protocol import WebsocketProtocol
from server.notes import NOTES

_TOO_SLOW = "The request took too long to arrive."


class HttpProtocol(H11Protocol):
    """One connection, until it ends or becomes a websocket.

    uvicorn itself closes a connection that has been answered and asks nothing more (``timeout_keep_alive``). This class
    has a time-out for everything else that a client may leave unfinished, one at a time: the first byte, the head of a
    request, its body, the rest of a body that is answered already, and the reading of an answer.
    """

    place: Place

    def __init__(self, service: Service, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._service = service
        self._waiting_for = ""
        self._timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._body_began, self._body_size = 0.0, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Take a place, and wait for the first byte."""
        super().connection_made(transport)
        self.place = self._service.door.enter(self.client[0] if self.client else None, transport.abort)
        if self.place.refused:
            service = self._service
            self.app = OnlyProbes(self.app, service.probes, self.place.refused, service.headers)
        self._wait_for("silent")

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._wait_for("")
        self._stop_reader_timer()
        self._service.door.leave(self.place)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and look what is still missing."""
        super().data_received(data)
        if self.transport.get_protocol() is self:
            self._look(len(data))

    def on_response_complete(self) -> None:
        """Look what is missing: the body may go on, or the next request may be there."""
        super().on_response_complete()
        if self.transport.get_protocol() is self:
            self._look(0)

    def _look(self, size: int) -> None:
        """Wait for what is missing of a request, after so many more bytes."""
        state, idle = self.conn.their_state, self.cycle is None or self.cycle.response_complete
        if self.transport.is_closing():
            self._wait_for("")
            self._watch_reader()
        elif state is h11.IDLE and (size or self.conn.trailing_data[0]):
            self._wait_for("slow_head")
        elif state is h11.SEND_BODY:
            if self._waiting_for != "slow_body":
                self._body_began, self._body_size = self.loop.time(), 0
            self._body_size += size
            self._wait_for("rest_of_body" if idle else "slow_body")
        else:
            self._wait_for("")
        if state is h11.IDLE and idle:
            if self._waiting_for != "slow_head":
                self._service.door.idles(self.place)
        else:
            self._service.door.works(self.place)

    # --- Patience ---

    def _wait_for(self, what: str) -> None:
        """Set the time-out for what is waited for; it runs on where that is the same as before."""
        if what == self._waiting_for:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting_for = what
        if what:
            self._timer = self.loop.call_later(self._seconds(what), self._out_of_patience)

    def _seconds(self, what: str) -> float:
        patience = self._service.patience
        if what in ("silent", "slow_head") and self.place.refused:
            return patience.in_reserve
        return {
            "silent": patience.first_byte,
            "slow_head": patience.head,
            "slow_body": patience.body,
            "rest_of_body": patience.rest_of_body,
        }[what]

    def _out_of_patience(self) -> None:
        patience, what = self._service.patience, self._waiting_for
        if what == "slow_body":
            more = self._body_began + patience.body + self._body_size / patience.body_rate - self.loop.time()
            if self.flow.read_paused:  # the app has not taken what is there
                more = max(more, patience.body)
            if more > 0:
                self._timer = self.loop.call_later(more, self._out_of_patience)
                return
        self._timer = None
        NOTES.add("slow_body" if what == "rest_of_body" else what)
        if what == "slow_head":
            self._answer(408, _TOO_SLOW)
        else:
            self.transport.abort()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_reader_timer()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, and wait until what is left has been read."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def _watch_reader(self) -> None:
        """Look again in a while if the client reads what is to be sent, unless this is looked at already."""
        if self._reader_timer is None:
            left = self.transport.get_write_buffer_size()
            self._reader_timer = self.loop.call_later(self._service.patience.reader, self._has_read, left)

    def _has_read(self, before: int) -> None:
        self._reader_timer = None
        if before - self.transport.get_write_buffer_size() >= min(before, self._service.patience.reader_least):
            self._watch_reader()
        else:
            NOTES.add("slow_reader")
            self.transport.abort()

    def _stop_reader_timer(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    # --- Answers of its own ---

    def send_400_response(self, msg: str) -> None:
        """Answer what is no valid HTTP."""
        NOTES.add("bad_request")
        self._answer(400, msg)

    def _answer(self, status: int, sentence: str) -> None:
        """Answer with a sentence and the security headers, unless an answer is under way; then close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.transport.is_closing():
            text = sentence.encode()
            headers = plain_headers(text, self._service.headers)
            events = (
                h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
                h11.Data(data=text),
                h11.EndOfMessage(),
            )
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
        self._watch_reader()

    # --- Websockets ---

    def _should_upgrade(self) -> bool:
        return self.place.refused is None and super()._should_upgrade()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, with its place."""
        self._wait_for("")
        self._service.door.works(self.place)
        super().handle_websocket_upgrade(event)
        protocol = self.transport.get_protocol()
        if isinstance(protocol, WebsocketProtocol):
            protocol.place = self.place
