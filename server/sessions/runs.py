"""How many runs of pages go on at the same time: whose session has spent least of the processor begins next.

Python runs one thread at a time. Among a dozen runs of one who asks without end, a student's would take a dozen times
as long; here it waits for one of a few to end, and then begins before all that wait of the other one.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

from ui.visitor import rank_of

RUNS_AT_ONCE = 4
# Who has not run yet comes after those who have spent less than a second: a class that arrives slows nobody at work.
NEWCOMER = 2
# Whether a run has ended is looked at so often, and so many times: it may wait itself, for a reading.
_POLL_SECONDS, _POLLS = 0.02, 10


class Runs:
    """Places for the runs of pages. A run has one until it ends, or for a fifth of a second."""

    def __init__(self, places: int = RUNS_AT_ONCE) -> None:
        self._free = places
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, session: str | None) -> None:
        """Wait for the session's last run, then for a place, which is free again when the run that comes now ends."""
        await until_the_run_ends(session)
        await self._enter(_rank(session))
        task = asyncio.create_task(self._leave_after(session))
        self._tasks.add(task)  # the event loop itself would let the collector have it
        task.add_done_callback(self._tasks.discard)

    async def _enter(self, rank: int) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place came, and nobody takes it
            raise

    async def _leave_after(self, session: str | None) -> None:
        try:
            await asyncio.sleep(_POLL_SECONDS)  # until Streamlit has begun the run
            await until_the_run_ends(session)
        finally:
            self._leave()

    def _leave(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1


async def until_the_run_ends(session: str | None) -> None:
    """Wait for the run of the session's page that goes on, but not for long.

    Streamlit would stop it at its next call, and begin another one at once in another thread.
    """
    from streamlit import runtime

    for _ in range(_POLLS):
        running = runtime.get_instance().get_app_session(session or "")
        if running is None or running._scriptrunner is None:
            return
        await asyncio.sleep(_POLL_SECONDS)


def _rank(session: str | None) -> int:
    from streamlit import runtime

    found = runtime.get_instance().get_app_session(session or "")
    rank = rank_of(found.session_state) if found else None
    return NEWCOMER if rank is None else rank
