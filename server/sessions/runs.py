"""How many runs of pages go on at the same time: whose session has spent least of the processor begins next.

Python runs one thread at a time. Among a dozen runs of one who asks without end, a student's would take a dozen times
as long; here it waits for one of a few to end, and then begins before all that wait of the other one.
"""

from __future__ import annotations

import asyncio
import time
from bisect import insort
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from engine.pipeline import is_waiting
from engine.visitors import GREEDY, Others, Visitor
from ui.visitor import begin_as, visitor_of

if TYPE_CHECKING:
    from streamlit.runtime.app_session import AppSession

RUNS_AT_ONCE = 4
# Whether a run has ended is looked at so often, and so many times.
_POLL_SECONDS, _POLLS = 0.02, 10

_MODEST, _NEW, _GREEDY = range(3)
# While others are at work, those who arrive have one place together, and so have those who have spent much; and they
# leave it for so many times as long as the run took.
_SHARE = 1
_RESTS = {_MODEST: 0.0, _NEW: 1.0, _GREEDY: 2.0}
# What the first run of a session may take of the processor, and more than one rank: its address is charged with it.
_FIRST_RUN_SECONDS = 1.0
# So much it is charged with for a session that is left at once: there is work that nobody waits for any more.
_LEFT_SECONDS, _AT_ONCE_SECONDS = 3.0, 10.0
# Who comes from an address that is charged with more begins as one who has spent much: otherwise who loads the page
# anew for each request would never have spent anything. A class that arrives at once stays below.
_CROWD_RANK, _CROWD_SECONDS = 80, 4.0


@dataclass(order=True)
class _Turn:
    """One who waits: in the order of kind, rank, and asking."""

    kind: int
    rank: int
    number: int
    came: asyncio.Future[None] = field(compare=False)


class Runs:
    """Places for the runs of pages. A run has one until it ends, or waits for a reading; or for a fifth of a second.

    Those who have spent much lately share one place, and leave it for twice the time of a run; those who have only
    arrived share another one, and leave it for as long as a run. This holds only while there are others.
    """

    def __init__(self, places: int = RUNS_AT_ONCE) -> None:
        self._places = places
        self._inside = {_MODEST: 0, _NEW: 0, _GREEDY: 0}
        self._waiting: list[_Turn] = []
        self._numbers = count()
        self._others = Others()
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, session: str | None, newcomers: Visitor) -> None:
        """Wait for the session's last run, then for a place, which is free again when the run that comes now ends.

        A session that has not run yet has spent nothing: those who come from the same address come after those of
        addresses from which fewer came lately.
        """
        await until_the_run_ends(session)
        if (found := _visitor(session)) is None:
            kind, rank = _NEW, newcomers.rank
            newcomers.spend(_FIRST_RUN_SECONDS)
            if rank > _CROWD_RANK:
                _begin_as(session, _CROWD_SECONDS)
        else:
            kind, rank = (_GREEDY, 0) if found.rank >= GREEDY else (_MODEST, found.rank)
        await self._enter(kind, rank)
        task = asyncio.create_task(self._leave_after(session, kind))
        self._tasks.add(task)  # the event loop itself would let the collector have it
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def left(after: float, newcomers: Visitor) -> None:
        """Note that a session's connection has ended, so many seconds after it came."""
        if after < _AT_ONCE_SECONDS:
            newcomers.spend(_LEFT_SECONDS)

    async def _enter(self, kind: int, rank: int) -> None:
        turn = _Turn(kind, rank, next(self._numbers), asyncio.get_running_loop().create_future())
        insort(self._waiting, turn)
        if kind == _MODEST:
            self._others.note()
        self._give_places()
        try:
            await turn.came
        except asyncio.CancelledError:
            if turn.came.done() and not turn.came.cancelled():
                self._leave(kind)  # the place came, and nobody takes it
            raise

    async def _leave_after(self, session: str | None, kind: int) -> None:
        began = time.monotonic()
        try:
            await asyncio.sleep(_POLL_SECONDS)  # until Streamlit has begun the run
            await until_the_run_ends(session)
            if self._others.at_work:
                await asyncio.sleep(_RESTS[kind] * (time.monotonic() - began))
        finally:
            self._leave(kind)

    def _leave(self, kind: int) -> None:
        self._inside[kind] -= 1
        self._give_places()

    def _give_places(self) -> None:
        """Give free places to those who wait, in their order, as far as their kind may have more."""
        for turn in [*self._waiting]:
            if sum(self._inside.values()) >= self._places:
                return
            if turn.came.cancelled():
                self._waiting.remove(turn)
            elif self._inside[turn.kind] < self._most_of(turn.kind):
                self._waiting.remove(turn)
                self._inside[turn.kind] += 1
                turn.came.set_result(None)

    def _most_of(self, kind: int) -> int:
        if kind == _MODEST:
            return self._places
        return _SHARE if self._others.at_work else max(1, self._places - 1)


async def until_the_run_ends(session: str | None) -> None:
    """Wait for the run of the session's page that goes on, but not for long, nor while it waits itself.

    Streamlit would stop it at its next call, and begin another one at once in another thread.
    """
    for _ in range(_POLLS):
        running = _app_session(session)
        if running is None or running._scriptrunner is None:
            return
        asking = visitor_of(running.session_state)
        if asking is not None and is_waiting(asking):
            return
        await asyncio.sleep(_POLL_SECONDS)


def _visitor(session: str | None) -> Visitor | None:
    found = _app_session(session)
    return visitor_of(found.session_state) if found else None


def _begin_as(session: str | None, seconds: float) -> None:
    if found := _app_session(session):
        begin_as(found.session_state, seconds)


def _app_session(session: str | None) -> AppSession | None:
    from streamlit import runtime

    return runtime.get_instance().get_app_session(session or "")
