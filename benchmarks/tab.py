"""A browser's tab without a browser: Streamlit's websocket protocol, spoken as its own front end does.

A tab connects to ``/_stcore/stream``, asks for runs of the page's script with the values of all its widgets, keeps
what the runs draw, the address that they write, and the messages that the server may refer to later. Every message
is parsed: that takes 2 µs, and 16 µs for the largest plot, less than to find out which could be left.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.PlotlyChart_pb2 import PlotlyChart
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from benchmarks.fetch import XSRF_COOKIE, NotFetched, fetch_cookie, fetch_text
from benchmarks.page import Page, first_state, state_of, value_of
from benchmarks.tab_storage import TabStorage

# What the front end sends where it has none.
_NO_TOKEN = "PLACEHOLDER_AUTH_TOKEN"  # nosec B105 # no secret
# A page that has come to rest with something else than was awaited: so long another run may still begin.
_GRACE_SECONDS = 5.0
# A silently lost connection: so long after it the operating system gives it up.
_GIVEN_UP_AFTER = 20.0


class TabError(Exception):
    """What went wrong in a tab; ``kind`` is how the report counts it."""

    kind = "error"


class Closed(TabError):
    """The server closed the connection, or could not be reached."""

    kind = "closed"


class TooSlow(TabError):
    """The awaited result did not come in time."""

    kind = "time-out"


class Mistake(TabError):
    """The page shows an error box or an exception."""

    kind = "error box"


class WrongState(TabError):
    """The page came to rest and shows something else than was asked for."""

    kind = "wrong state"


@dataclass
class _Kept:
    """A message that the server may refer to, and the run in which it was last used."""

    kind: str
    message: Any
    run: int


class Tab:
    """One tab of one student; ``session`` is the server's id of it, ``source`` the own address, if not any."""

    def __init__(self, url: str, timeout: float = 60.0, source: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.source = source
        self.cookie: str | None = None
        self.last_finished = 0.0
        self._storage = TabStorage()
        self._silent: list[ClientConnection] = []
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._forget()

    def _forget(self) -> None:
        """What a browser forgets when a page is loaded anew."""
        self.page = Page()
        self.states: dict[str, WidgetState] = {}
        self.query = ""
        self.session: str | None = None
        self._page_hash = self._main_hash = ""
        self._kept: dict[str, _Kept] = {}
        self._keep_for_runs = 2
        self._runs_ended = 0
        self._runs_begun = self._runs_before = 0
        self._run_id: str | None = None
        self._failure: TabError | None = None
        self._answers: dict[str, Any] = {}
        self._storage.load_page()

    # --- what a student does

    async def open(self, page_name: str, query: str) -> None:
        """Open the app by an address: no session, no widgets. Only what the tab's storage keeps is left."""
        await self.close()
        self._forget()
        self.query = query
        await self._connect(None)
        await self._ask_for_run((), page_name=page_name)

    async def change(self, values: dict[str, Any]) -> None:
        """Set widgets, by the keys that the app gave them, and run the page's script."""
        for key, value in values.items():
            shown = self.page.keyed(key)
            if shown is None:
                raise WrongState(f"There is no widget {key} on the page.")
            self.states[shown.message.id] = state_of(shown.kind, shown.message, value)
        self._storage.type(values)
        await self.rerun()

    async def rerun(self) -> None:
        """Run the page's script with the widgets as they are."""
        await self._ask_for_run(self.states.values(), page_hash=self._page_hash)

    async def follow(self, label: str) -> None:
        """Press a link to another page."""
        link = next((link for link in self.page.of("page_link") if link.label == label), None)
        if link is None:
            raise WrongState(f"There is no link {label} on the page.")
        # The next page hears of widgets that stand on every page, not of those of this one.
        common = self.page.ids(self._main_hash)
        self.query = link.query_string
        await self._ask_for_run(
            [state for state in self.states.values() if state.id in common], page_hash=link.page_script_hash
        )

    async def download(self, key: str) -> str:
        """Press a download button and return the file; one that is made at the press is asked for first."""
        shown = self.page.keyed(key)
        if shown is None:
            raise WrongState(f"There is no download {key} on the page.")
        button = shown.message
        path = await self._have_made(button.deferred_file_id) if button.HasField("deferred_file_id") else button.url
        try:
            return await asyncio.to_thread(fetch_text, self.url + path)
        except NotFetched as error:
            raise Closed(f"The file did not come: {error}") from error

    async def _have_made(self, file_id: str) -> str:
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = str(uuid.uuid4()), self.session or ""
        request.deferred_file.file_id = file_id
        await self._send(message)
        deadline = time.perf_counter() + self.timeout
        while request.request_id not in self._answers:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - time.perf_counter())
            except TimeoutError:
                raise TooSlow(f"After {self.timeout:g} s the file was not made.") from None
            self._raise_failure()
        answer = self._answers.pop(request.request_id)
        if answer.error_msg:
            raise Mistake(answer.error_msg)
        return str(answer.deferred_file.url)

    def drop(self, *, silent: bool = False) -> None:
        """Lose the connection without a word; ``silent`` leaves the server to believe that it still stands."""
        socket = self._socket
        assert socket is not None and self._reader is not None
        self._reader.cancel()
        self._socket = self._reader = None
        if silent:
            self._silent.append(socket)
            asyncio.get_running_loop().call_later(_GIVEN_UP_AFTER, socket.transport.abort)
        else:
            socket.transport.abort()

    def break_off(self) -> bool:
        """The network is gone, and nobody has noticed yet; whether there was a connection."""
        if self._socket is None:
            return False
        self._socket.transport.abort()
        return True

    async def reconnect(self) -> None:
        """Connect again to the session that the connection was lost of."""
        await self._connect(self.session)

    async def close(self) -> None:
        """Close the tab."""
        for socket in self._silent:
            socket.transport.abort()
        self._silent.clear()
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            await self._socket.close()
        self._socket = self._reader = None

    def value(self, key: str) -> Any:
        """What the widget with this key holds; None where it is empty or not on the page."""
        shown = self.page.keyed(key)
        state = self.states.get(shown.message.id) if shown else None
        return value_of(state) if state else None

    async def settle(self, lacking: Callable[[], str | None], started: float) -> None:
        """Wait until the run that was asked for has ended and ``lacking`` finds nothing to say.

        ``started`` is when the student acted, by ``time.perf_counter``. Raises TooSlow when the tab's time-out is
        over, Mistake where the page shows one, WrongState where it rests and something is lacking, Closed.
        """
        deadline = started + self.timeout
        while True:
            self._changed.clear()
            self._raise_failure()
            said = self._look(lacking) if self._at_rest else None
            if said is None and self._at_rest:
                return
            left = deadline - time.perf_counter()
            try:
                await asyncio.wait_for(self._changed.wait(), left if said is None else min(left, _GRACE_SECONDS))
            except TimeoutError:
                if said is not None:
                    raise WrongState(said) from None
                doing = "still running" if self._runs_begun > self._runs_before else "not begun"
                raise TooSlow(f"After {self.timeout:g} s the page's script had {doing}.") from None

    @property
    def _at_rest(self) -> bool:
        return self._runs_begun > self._runs_before and self._run_id is None

    def _look(self, lacking: Callable[[], str | None]) -> str | None:
        if mistakes := self.page.mistakes():
            raise Mistake(" / ".join(mistakes))
        return "A progress bar is left." if self.page.waits() else lacking()

    # --- the connection

    async def _connect(self, session: str | None) -> None:
        try:
            if self.cookie is None:
                self.cookie = await asyncio.to_thread(fetch_cookie, self.url, self.source)
            address = urlsplit(self.url)
            protocols = [Subprotocol("streamlit"), Subprotocol(self.cookie or _NO_TOKEN)]
            self._socket = await connect(
                f"{'wss' if address.scheme == 'https' else 'ws'}://{address.netloc}{address.path}/_stcore/stream",
                origin=Origin(f"{address.scheme}://{address.netloc}"),
                subprotocols=protocols + ([Subprotocol(session)] if session else []),
                additional_headers={"Cookie": f"{XSRF_COOKIE}={self.cookie}"} if self.cookie else None,
                max_size=None,
                ping_interval=None,  # browsers send none
                open_timeout=self.timeout,
                close_timeout=1,
                proxy=None,
                local_addr=(self.source, 0) if self.source else None,
            )
        except InvalidStatus as error:
            said = (error.response.body or b"").decode("utf-8", "replace").strip()
            raise Closed(f"No connection: HTTP {error.response.status_code} {said}".strip()) from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Closed(f"No connection: {type(error).__name__} {error}") from error
        self._failure = None
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                assert isinstance(data, bytes)
                self._receive(ForwardMsg.FromString(data))
                if back := self._storage.take_answer():
                    await self._ask_for_run([*self.states.values(), back], page_hash=self._page_hash)
            self._fail(Closed(f"The server closed the connection with {socket.close_code} {socket.close_reason}"))
        except WebSocketException as error:
            self._fail(Closed(f"The connection was lost: {error}"))
        except TabError as error:
            self._fail(error)
        except Exception as error:  # a message that this module does not understand must not end in silence
            self._fail(TabError(f"A message was not understood: {type(error).__name__} {error}"))

    def _fail(self, error: TabError) -> None:
        self._failure = error
        self._changed.set()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _send(self, message: BackMsg) -> None:
        self._raise_failure()
        assert self._socket is not None
        try:
            await self._socket.send(message.SerializeToString())
        except WebSocketException as error:
            raise Closed(f"The connection was lost: {error}") from error

    async def _ask_for_run(self, states: Iterable[WidgetState], *, page_hash: str = "", page_name: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.page_name = self.query, page_hash, page_name
        state.widget_states.widgets.extend(states)
        state.cached_message_hashes.extend(self._kept)
        state.context_info.timezone, state.context_info.locale = "Etc/UTC", "en-GB"
        state.context_info.url, state.context_info.color_scheme = f"{self.url}/{page_name}", "light"
        self._runs_before = self._runs_begun
        await self._send(message)

    # --- what the server says

    def _receive(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._draw(message)
        elif kind == "ref_hash":
            self._draw_kept(message)
        elif kind == "new_session":
            self._begin_run(message)
        elif kind == "script_finished":
            self._end_run(message)
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "backend_operation_response":
            self._answers[message.backend_operation_response.request_id] = message.backend_operation_response
            self._changed.set()
        elif kind == "page_not_found":
            raise WrongState(f"The server knows no page {message.page_not_found.page_name}.")
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            raise Mistake(message.session_event.script_compilation_exception.message)

    def _begin_run(self, message: ForwardMsg) -> None:
        session = message.new_session
        self.session = session.initialize.session_id
        self._keep_for_runs = session.config.max_cached_message_age
        self._main_hash = session.main_script_hash
        self._run_id = message.metadata.run.script_run_id
        self._runs_begun += 1
        if session.page_script_hash != self._page_hash:
            common = self.page.ids(self._main_hash)
            self.states = {key: state for key, state in self.states.items() if key in common}
            self.page.clear()
            self._page_hash = session.page_script_hash
        self.page.begin_run()

    def _end_run(self, message: ForwardMsg) -> None:
        """A run has ended. One that another takes the place of leaves the page as it is."""
        early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if early or message.metadata.run.script_run_id != self._run_id:
            return
        self._run_id = None
        if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.page.end_run()
            here = self.page.ids()
            self.states = {key: state for key, state in self.states.items() if key in here}
            self._runs_ended += 1
            oldest = self._runs_ended - self._keep_for_runs
            self._kept = {key: kept for key, kept in self._kept.items() if kept.run >= oldest}
        self.last_finished = time.perf_counter()
        self._changed.set()

    def _draw(self, message: ForwardMsg) -> None:
        path, metadata = tuple(message.metadata.delta_path), message.metadata
        kind = message.delta.WhichOneof("type")
        if kind == "add_block":
            self.page.add_block(path, message.delta.add_block, metadata.active_script_hash)
        elif kind == "new_element":
            element = message.delta.new_element
            content = element.WhichOneof("type") or "empty"
            shown = getattr(element, content)
            if content == "plotly_chart":  # a plot is a quarter of a megabyte, of which nothing is read
                shown = PlotlyChart(id=shown.id)
            if metadata.cacheable:
                self._kept.setdefault(message.hash, _Kept(content, shown, self._runs_ended)).run = self._runs_ended
            self._show(path, content, shown, metadata.active_script_hash)

    def _draw_kept(self, message: ForwardMsg) -> None:
        kept = self._kept.get(message.ref_hash)
        if kept is None:
            raise WrongState("The server refers to a message that this tab does not have.")
        kept.run = self._runs_ended
        path = tuple(message.metadata.delta_path)
        self._show(path, kept.kind, kept.message, message.metadata.active_script_hash)

    def _show(self, path: tuple[int, ...], kind: str, message: Any, script: str) -> None:
        self.page.put(path, kind, message, script)
        self._storage.show(kind, message)
        if getattr(message, "set_value", False) or getattr(message, "id", None) not in self.states:
            state = first_state(kind, message)
            if state is not None:
                self.states[state.id] = state
