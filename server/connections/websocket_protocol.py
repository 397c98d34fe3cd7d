"""uvicorn's websocket protocol, at a pace that leaves time for others."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from server.connections.addresses import neighbour
from server.connections.door import Place
from server.connections.large_frames import SMALL
from server.connections.pace import Pace
from server.connections.refusals import Headers
from server.connections.service import Service
from server.notes import NOTES

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent

# asyncio hands over up to 256 KiB at once, which may be 32,000 frames: half a second of parsing. So it is parsed in
# pieces of at most 170 frames, a few milliseconds, and others have their turn in between.
_PIECE = 1024
_FRAMES_IN_A_ROW = 100
# A client that goes on sending would lose the last message if its connection were closed at once.
_LAST_WORD_SECONDS = 1.0
CLOSING = "This connection sent too much for too long, and was closed. Reload the page."
UNFINISHED = "This connection began a message and did not finish it, and was closed. Reload the page."
NO_ROOM = "This server has no room for a message that is not finished. Reload the page, and try again."
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class _Cancellable(Protocol):
    def cancel(self) -> None: ...


class WebsocketProtocol(WebSocketsSansIOProtocol):
    """One websocket. Its frames, pings included, are charged as they arrive; too many, and it is not read for a while.

    What is not read stays with the sender (TCP). Who goes on for ten seconds is closed, with code 1008. So is who does
    not finish a message, and who holds most where unfinished messages take too much memory together.
    """

    place: Place | None = None

    def __init__(self, service: Service, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.conn = _Handshake(self.conn, service.headers)
        self._service = service
        self._pace = Pace()
        self._slowed = False
        self._unread = bytearray()
        self._frames, self._size = 0, 0  # of the piece that was parsed last
        self._timer: _Cancellable | None = None  # until which nothing is parsed
        self._its_turn = False  # to parse what may be large
        self._deadline: asyncio.TimerHandle | None = None  # of a message whose first fragment is there

    def data_received(self, data: bytes) -> None:
        """Keep what has come, and parse a part of it if it is time."""
        self._unread += data
        self._parse()

    def _parse(self) -> None:
        """Parse until there is a message for the app, too much has come, or others are to have their turn."""
        parsed = 0
        while self._unread and not self.read_paused and self._timer is None and not self.transport.is_closing():
            if self._must_wait():
                break
            piece = bytes(self._unread[:_PIECE])
            del self._unread[:_PIECE]
            self._frames, self._size = 0, 0
            began = time.monotonic()
            super().data_received(piece)
            if self._service.large_frames.took_long(time.monotonic() - began):
                self._its_turn = False
            self._watch_message()
            self._charge(self._frames, self._size)
            parsed += self._frames
            if parsed >= _FRAMES_IN_A_ROW and self._timer is None:
                self._timer = self.loop.call_soon(self._go_on)
        self._settle()

    def _must_wait(self) -> bool:
        """Whether others are to parse first: their frames took long, and this one may be as large."""
        small = len(self._unread) + len(self.conn.reader.buffer) <= SMALL
        if small or self._its_turn or self.conn.state is State.CONNECTING:
            return False
        address = neighbour((self.scope["client"] or ("",))[0])  # where a proxy is trusted, whom it speaks for
        self._timer = self._service.large_frames.wait(address, self._take_turn)
        return self._timer is not None

    def _take_turn(self) -> None:
        self._its_turn = True
        self._go_on()
        self._its_turn = False

    def handle_events(self) -> None:
        """Handle the frames that were parsed, and count them."""
        frames = [event for event in self.conn.events if isinstance(event, Frame)]
        self._frames, self._size = len(frames), sum(len(frame.data) for frame in frames)
        if any(frame.fin and frame.opcode in _DATA for frame in frames):
            self._stop_deadline()  # a message is complete; the next one may have begun
        super().handle_events()

    def _watch_message(self) -> None:
        """Count what is there of a message, inflated, and wait for the rest of it."""
        if self.disconnected:  # and what was there is gone
            return
        fragments = self.conn.current_size
        self._service.unfinished.hold(self._has_no_room, (fragments or 0) + len(self.conn.reader.buffer))
        if fragments is not None and self._deadline is None and not self.disconnected:
            self._deadline = self.loop.call_later(self._service.patience.message, self._out_of_patience)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _out_of_patience(self) -> None:
        self._deadline = None
        if self._unread or self.read_paused or self._timer is not None:  # the rest may be here, and is not read yet
            self._deadline = self.loop.call_later(self._service.patience.message, self._out_of_patience)
            return
        self._turn_away("websocket_unfinished", UNFINISHED)

    def _has_no_room(self) -> None:
        self._turn_away("websocket_unfinished", NO_ROOM)

    def _charge(self, frames: int, size: int) -> None:
        if not frames:
            return
        seconds = self._pace.charge(frames, size)
        if not seconds:
            self._slowed = False
        elif self._pace.too_much_for_too_long():
            self._turn_away("websocket_closed", CLOSING)
        else:
            if not self._slowed:
                self._slowed = True
                NOTES.add("websocket_slowed")
            self._timer = self.loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self._parse()

    def _settle(self) -> None:
        """Read on only if everything that was read is parsed, and parsed messages are with the app."""
        if self._unread or self.read_paused or self._timer is not None or self.disconnected:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _turn_away(self, what: str, sentence: str) -> None:
        NOTES.add(what)
        self._forget_message()
        if self.close_sent:  # it was told to close, and goes on sending all the same
            self.transport.abort()
            return
        self.stop_keepalive()
        self.conn.fail(CloseCode.POLICY_VIOLATION, sentence)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = self.disconnected = True
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.POLICY_VIOLATION, "reason": sentence})
        self.close_timer = self.loop.call_later(_LAST_WORD_SECONDS, self.transport.abort)

    def _forget_message(self) -> None:
        """Free what is there of an unfinished message."""
        self._stop_deadline()
        self.frames = []
        self.conn.reader.buffer.clear()
        self._service.unfinished.hold(self._has_no_room, 0)

    async def receive(self) -> ASGIReceiveEvent:
        """The next message. What has come of further ones is parsed only now (the gate lets others run in between)."""
        message = await super().receive()
        self._parse()
        return message

    def keepalive_timeout(self) -> None:
        """Close a connection whose client is gone, also where it has not read everything."""
        super().keepalive_timeout()
        self.loop.call_later(_LAST_WORD_SECONDS, self.transport.abort)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The app is done with the connection: it ends soon, whether or not the client reads what is left."""
        super().on_task_complete(task)
        self.loop.call_later(self.close_timeout, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._unread.clear()
        self._forget_message()
        if self.place is not None:
            self._service.door.leave(self.place)
        super().connection_lost(exc)


class _Handshake(ServerProtocol):
    """The protocol of websockets, with the security headers on a handshake that is refused."""

    def __init__(self, like: ServerProtocol, headers: Headers) -> None:
        super().__init__(extensions=like.available_extensions, max_size=like.max_message_size, logger=like.logger)
        self._headers = headers

    def send_response(self, response: Response) -> None:
        """Send the answer to a handshake."""
        if response.status_code != 101:
            for name, value in self._headers:
                if name.decode() not in response.headers:
                    response.headers[name.decode()] = value.decode()
        super().send_response(response)
