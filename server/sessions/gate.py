"""The gate between a browser and its session: nothing that one session asks for makes another one wait.

Every message yields to the other sessions, is checked, and is charged to its session. Over the rate, the connection is
read more slowly; the rest of what it sends waits in its own socket. Who goes on for half a minute is disconnected.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse

from engine.limits import limits
from engine.visitors import Visitor
from server.buckets import Kept, TokenBucket
from server.connections.addresses import neighbour
from server.connections.refusals import refuse
from server.notes import NOTES
from server.sessions import messages
from server.sessions.connection import Connection, current
from server.sessions.rates import (
    ARRIVALS,
    BYTES_A_TOKEN,
    LARGE,
    LARGE_BYTES,
    MOST_SECONDS_IN_DEBT,
    MOST_SECONDS_TO_CONNECT,
    SessionRates,
)
from server.sessions.retained import is_known
from server.sessions.runs import Runs
from server.sessions.uploads import forget_files_of_ended, room_for_a_file

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_POLICY = 1008  # the code of a websocket that is closed for what its client does
_UPLOADS_AT_ONCE = 12  # of all sessions; a large one is in the folder of temporary files meanwhile
_UPLOAD = re.compile(r".*/_stcore/upload_file/([^/]+)/[^/]+")
TOO_FAST = "Too many actions in too short a time: reload the page to go on."
TOO_LARGE_FOR_NOW = "The server received many large messages at the same time. Try again in a minute."
TOO_MANY_UPLOADS = "Too many files in too short a time: try again in a minute.\n"


class Ended(Exception):
    """The connection is to be closed, with this sentence."""


class SessionGate:
    """ASGI middleware around Streamlit's application: paces and checks what sessions send.

    Parameters
    ----------
    app : ASGI application
        Streamlit's.
    clock : callable, optional
        Seconds that never go backward.
    """

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._rates = Kept(lambda: SessionRates.new(clock))
        self._arrivals = Kept(lambda: TokenBucket(*ARRIVALS, clock))
        self._large = TokenBucket(*LARGE, clock)
        self._newcomers = Kept(Visitor)
        self._runs = Runs()
        self._uploading = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "PUT" and (match := _UPLOAD.fullmatch(scope["path"])):
            await self._upload(match[1], scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrivals = self._arrivals_of(scope)
        if (wait := arrivals.take()) > MOST_SECONDS_TO_CONNECT:
            arrivals.take(-1)  # who is refused has not come
            await refuse(scope, send, "arrivals", ())
            return
        await asyncio.sleep(wait)
        connection = Connection(_address(scope))
        current.set(connection)

        async def receive_in_turn() -> MutableMapping[str, Any]:
            while True:
                message = await receive()
                await asyncio.sleep(0)  # where messages are queued, ``receive`` does not let other tasks run
                if message["type"] != "websocket.receive" or not message.get("bytes"):
                    return message
                try:
                    checked = await self._checked(message, connection)
                except Ended as reason:
                    await send({"type": "websocket.close", "code": _POLICY, "reason": str(reason)})
                    return {"type": "websocket.disconnect", "code": _POLICY}
                if checked:
                    return checked

        began = time.monotonic()
        try:
            await self._app(scope, receive_in_turn, send)
        finally:
            self._runs.left(time.monotonic() - began, self._newcomers.of(connection.address))

    def _arrivals_of(self, scope: Scope) -> TokenBucket:
        """Who comes back to a session is counted for the session, and not kept out with others of the address."""
        session = [*scope.get("subprotocols", ()), "", "", ""][2]
        if session and is_known(session):
            return self._rates.of(session).returns
        return self._arrivals.of(_address(scope))

    async def _checked(
        self, message: MutableMapping[str, Any], connection: Connection
    ) -> MutableMapping[str, Any] | None:
        """The message, when its time has come; shortened if it has texts that are too long. Raises Ended.

        None of one that no page of ours sends, and that is passed over.
        """
        from google.protobuf.message import DecodeError
        from streamlit.proto.BackMsg_pb2 import BackMsg

        data = message["bytes"]
        if len(data) > LARGE_BYTES:
            await self._in_time_if_large(len(data), connection)
        asked = BackMsg()
        try:
            asked.ParseFromString(data)
        except DecodeError:
            return message  # Streamlit closes the connection
        if mistake := messages.mistake_in(asked):
            NOTES.add("message")
            raise Ended(mistake)
        if (kind := messages.kind_of(asked)) is None:
            return None
        await self._in_time(kind, len(data), connection)
        return {**message, "bytes": asked.SerializeToString()} if messages.shorten(asked) else message

    async def _in_time_if_large(self, size: int, connection: Connection) -> None:
        """Wait before a large message is parsed, which lets nobody else have a turn."""
        # First for the session, so that one that sends many keeps nobody else's waiting.
        await asyncio.sleep(self._rates.of(connection.session).others.take(size / BYTES_A_TOKEN))
        if (wait := self._large.take(size)) > MOST_SECONDS_TO_CONNECT:
            self._large.take(-size)
            NOTES.add("message")
            raise Ended(TOO_LARGE_FOR_NOW)
        await asyncio.sleep(wait)

    async def _in_time(self, kind: str, size: int, connection: Connection) -> None:
        """Wait until the session may ask for this."""
        if kind == messages.NOTHING:
            return  # as any frame, it is counted for the connection
        rates = self._rates.of(connection.session)
        buckets = {messages.RUN: rates.runs, messages.PART: rates.runs, messages.DOWNLOAD: rates.downloads}
        bucket = buckets.get(kind, rates.others)
        wait = bucket.take(1 + size / BYTES_A_TOKEN)
        if bucket.in_debt_for() > MOST_SECONDS_IN_DEBT:
            NOTES.add("session_closed")
            raise Ended(TOO_FAST)
        if wait:
            NOTES.add(f"{kind}_slowed")
            await asyncio.sleep(wait)
        if kind == messages.RUN:
            await self._runs.begin(connection.session, self._newcomers.of(connection.address))

    async def _upload(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a file on, if the session has room and time for it. A session's files come one after another."""
        from streamlit import runtime

        if not runtime.get_instance().is_active_session(session):
            await self._app(scope, receive, send)  # Streamlit refuses it
            return
        rates = self._rates.of(session)
        wait = rates.uploads.take()
        if wait > MOST_SECONDS_TO_CONNECT:
            rates.uploads.take(-1)
            await _refuse(429, TOO_MANY_UPLOADS, scope, receive, send)
            return
        await asyncio.sleep(wait)
        async with rates.uploading:
            try:
                async with asyncio.timeout(MOST_SECONDS_TO_CONNECT):
                    await self._uploading.acquire()
            except TimeoutError:
                await _refuse(429, TOO_MANY_UPLOADS, scope, receive, send)
                return
            try:
                if refusal := room_for_a_file(session):
                    await _refuse(413, refusal, scope, receive, send)
                    return
                await self._app(scope, receive, send)
            finally:
                self._uploading.release()
                forget_files_of_ended(session)


def _address(scope: Scope) -> str:
    return neighbour((scope.get("client") or ("",))[0])


async def _refuse(status: int, sentence: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a file, once it has come: a browser that can send no more shows no answer, but an error of the network."""
    NOTES.add("upload")
    left = limits().max_upload_mb * 1_000_000
    while left > 0 and (message := await receive()).get("more_body", False):
        left -= len(message["body"])
    await PlainTextResponse(sentence, status, headers={"Connection": "close"})(scope, receive, send)
