"""What all attacks share: the attacker's address and time, what it counts, and a tab that keeps to no rule."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.tab import Closed, Mistake, Tab, TabError, TooSlow

LINK = "n_target=100&n_baseline=100"
# A script that is turned away tries again at once; without a breath, it would only burden its own processor.
_BREATH = 0.05
_MOMENT = 0.25
_LONGEST = 200  # characters of a sentence that is kept


@dataclass
class Tally:
    """How an attacker was treated: what got through, and the sentences with which it was closed or refused."""

    through: Counter[str] = field(default_factory=Counter)  # by what it is
    closed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def say_closed(self, sentence: str) -> None:
        """The server has closed a connection, or not taken it."""
        self.closed[sentence[:_LONGEST]] += 1

    def say_refused(self, sentence: str) -> None:
        """The server has answered that it will not."""
        self.refused[sentence[:_LONGEST]] += 1


class Attacker:
    """One attacker at one address, until its time is over."""

    def __init__(self, url: str, source: str | None, seconds: float, seed: int = 0) -> None:
        self.url, self.source, self.seed = url.rstrip("/"), source, seed
        self.rng = random.Random(seed)
        self.tally = Tally()
        self._began = time.perf_counter()
        self._until = self._began + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; 0 when the time is over."""
        return max(0.0, self._until - time.perf_counter())

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self.left == 0

    def part(self, seconds: float) -> Attacker:
        """The same attacker for a part of its time: it counts in the same tally, and draws the same numbers."""
        part = Attacker(self.url, self.source, min(seconds, self.left), self.seed)
        part.rng, part.tally = self.rng, self.tally
        return part

    async def tried(self, what: str, attempt: Awaitable[object]) -> bool:
        """Do something; whether the attacker can go on with it. What the server said to it is counted."""
        try:
            await asyncio.wait_for(attempt, self.left + 1.0)
        except Mistake as error:  # the page says no, and stands
            self.tally.say_refused(str(error))
            return True
        except Closed as error:
            self.tally.say_closed(str(error))
            await self.breathe()
        except (TooSlow, TimeoutError):
            self.tally.through[f"{what} without an answer"] += 1
        except TabError as error:
            self.tally.say_refused(str(error))
        else:
            self.tally.through[what] += 1
            return True
        return False

    async def stay(self, tab: HostileTab) -> None:
        """Keep a tab open and do nothing until the time is over, or the server closes it."""
        while not self.over:
            await tab.take_turn()

    async def breathe(self) -> None:
        """What even a hostile script does before it tries again."""
        await asyncio.sleep(min(_BREATH, self.left))

    @asynccontextmanager
    async def tab(self, page: str = "Neurons", query: str = LINK) -> AsyncIterator[HostileTab | None]:
        """A tab in which a page has come up; None where the server did not let it."""
        tab = HostileTab(self.url, timeout=max(1.0, min(30.0, self.left)), source=self.source)
        try:
            shown = await self.tried("pages", tab.show(page, query))
            yield tab if shown else None
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(tab.close(), 3.0)


class HostileTab(Tab):
    """A tab that sends what a page never would, and does not wait."""

    async def show(self, page: str, query: str) -> None:
        """Open a page and wait for its end. A box with a mistake on it is no hindrance."""
        await self.open(page, query)
        with suppress(Mistake):
            await self.rest()

    async def connect(self) -> None:
        """Open a websocket, and ask for no page."""
        await self._connect(None)

    async def rest(self) -> None:
        """Wait until the last run that was asked for has ended, whatever it shows; Mistake if that is a mistake."""
        deadline = time.perf_counter() + self.timeout
        while not self._at_rest:
            await self.take_turn()
            if time.perf_counter() > deadline:
                raise TooSlow(f"After {self.timeout:g} s the page's script had not ended.")
        if mistakes := self.page.mistakes():
            raise Mistake(" / ".join(mistakes))

    def state(self, key: str, **value: Any) -> WidgetState:
        """A state of the widget with this key, as a forger would write it."""
        shown = self.page.keyed(key)
        if shown is None:
            raise TabError(f"There is no widget {key} on the page.")
        return WidgetState(id=shown.message.id, **value)

    async def press(self, key: str) -> None:
        """Press a button."""
        await self._ask_for_run([*self.states.values(), self.state(key, trigger_value=True)], page_hash=self._page_hash)

    async def forge(self, state: WidgetState) -> None:
        """Send a state that no widget would have, and wait for the end of the page's run."""
        self.states[state.id] = state
        await self.rerun()
        await self.rest()

    def rerun_message(self) -> bytes:
        """The message that asks for a run of the page as it is."""
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_script_hash = self.query, self._page_hash
        message.rerun_script.widget_states.widgets.extend(self.states.values())
        return message.SerializeToString()

    async def ask_for_file(self, key: str, number: int) -> None:
        """Press a download whose file is made at the press, without waiting for it."""
        shown = self.page.keyed(key)
        if shown is None:
            raise TabError(f"There is no download {key} on the page.")
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = str(number), self.session or ""
        request.deferred_file.file_id = shown.message.deferred_file_id
        await self._send(message)

    async def run_begins(self, within: float) -> bool:
        """Whether a run that was asked for begins in time."""
        deadline = time.perf_counter() + within
        while self._runs_begun <= self._runs_before and time.perf_counter() < deadline:
            self._raise_failure()
            await asyncio.sleep(0.01)
        return self._runs_begun > self._runs_before

    @property
    def runs(self) -> int:
        """Runs that the server has begun for this tab."""
        return self._runs_begun

    @property
    def files(self) -> dict[str, Any]:
        """The server's answers to presses of downloads, by their numbers."""
        return self._answers

    async def take_turn(self) -> None:
        """Let messages come in; raises what has become of the connection."""
        self._raise_failure()
        await asyncio.sleep(0.05)

    @property
    def transport(self) -> asyncio.Transport:
        """The connection itself, for what a tab never does with it."""
        self._raise_failure()
        if self._socket is None:
            raise Closed("There is no connection.")
        return self._socket.transport

    async def pour(self, data: bytes) -> None:
        """Write frames that are made already, many in one segment, as fast as the server takes them."""
        self._raise_failure()
        assert self._socket is not None
        try:
            self.transport.write(data)
            while not await self._drained():
                self._raise_if_told_to_close()
            self._raise_if_told_to_close()
            lost = self.transport.is_closing()
        except ConnectionError:
            lost = True
        if lost:
            await asyncio.sleep(0.1)  # the reader notes why
            self._raise_failure()
            raise Closed("The connection was closed without a word.")

    async def _drained(self) -> bool:
        """Whether the server has taken what was written, or all but a little; False after a moment."""
        assert self._socket is not None
        try:
            async with asyncio.timeout(_MOMENT):
                await self._socket.drain()
        except TimeoutError:
            return False
        return True

    def _raise_if_told_to_close(self) -> None:
        """A browser would close now. Who does not, is told no more: the connection ends when the server ends it."""
        assert self._socket is not None
        told = self._socket.protocol.close_rcvd
        if told is not None:
            raise Closed(f"The server closed the connection with {told.code} {told.reason}")


def many_files() -> None:
    """Let this process open as many connections as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
