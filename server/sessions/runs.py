"""How many runs of pages go on at the same time: whose session has spent least of the processor begins next.

Python runs one thread at a time. Among a dozen runs of one who asks without end, a student's would take a dozen times
as long; here it waits for one of a few to end, and then begins before all that wait of the other one.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from itertools import count

from engine.pipeline import is_waiting
from engine.visitors import GREEDY, Visitor
from ui.visitor import visitor_of

RUNS_AT_ONCE = 4
# Whether a run has ended is looked at so often, and so many times.
_POLL_SECONDS, _POLLS = 0.02, 10


class Runs:
    """Places for the runs of pages. A run has one until it ends, or waits for a reading; or for a fifth of a second.

    All who have spent much lately, or who have only arrived, have one of the places together.
    """

    def __init__(self, places: int = RUNS_AT_ONCE) -> None:
        self._free, self._free_for_greedy = places, 1
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, session: str | None) -> None:
        """Wait for the session's last run, then for a place, which is free again when the run that comes now ends."""
        await until_the_run_ends(session)
        found = _visitor(session)
        rank = GREEDY if found is None else found.rank
        await self._enter(rank)
        rests = found is not None and rank >= GREEDY  # and leaves two thirds of the time to the others
        task = asyncio.create_task(self._leave_after(session, rank, rests=rests))
        self._tasks.add(task)  # the event loop itself would let the collector have it
        task.add_done_callback(self._tasks.discard)

    async def _enter(self, rank: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        self._give_places()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(rank)  # the place came, and nobody takes it
            raise

    async def _leave_after(self, session: str | None, rank: int, *, rests: bool) -> None:
        began = time.monotonic()
        try:
            await asyncio.sleep(_POLL_SECONDS)  # until Streamlit has begun the run
            await until_the_run_ends(session)
            if rests:
                await asyncio.sleep(2 * (time.monotonic() - began))
        finally:
            self._leave(rank)

    def _leave(self, rank: int) -> None:
        self._free += 1
        self._free_for_greedy += rank >= GREEDY
        self._give_places()

    def _give_places(self) -> None:
        """Give free places to those who wait, by rank. Behind the first greedy one there are only greedy ones."""
        while self._free and self._waiting and (self._waiting[0][0] < GREEDY or self._free_for_greedy):
            rank, _, turn = heapq.heappop(self._waiting)
            if not turn.cancelled():
                self._free -= 1
                self._free_for_greedy -= rank >= GREEDY
                turn.set_result(None)


async def until_the_run_ends(session: str | None) -> None:
    """Wait for the run of the session's page that goes on, but not for long, nor while it waits itself.

    Streamlit would stop it at its next call, and begin another one at once in another thread.
    """
    from streamlit import runtime

    for _ in range(_POLLS):
        running = runtime.get_instance().get_app_session(session or "")
        if running is None or running._scriptrunner is None:
            return
        found = visitor_of(running.session_state)
        if found is not None and is_waiting(found):
            return
        await asyncio.sleep(_POLL_SECONDS)


def _visitor(session: str | None) -> Visitor | None:
    from streamlit import runtime

    found = runtime.get_instance().get_app_session(session or "")
    return visitor_of(found.session_state) if found else None
