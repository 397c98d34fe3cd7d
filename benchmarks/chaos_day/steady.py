"""A student whose browser connects again, and who does a step again that did not arrive: as people do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks.asked import TEXT, Asked
from benchmarks.record import Plan, Record, Trouble
from benchmarks.student import DROPS, Student
from benchmarks.tab import Closed, TabError, WrongState

# A step may be lost and done again for so long; after that it is an error.
BOUND = 60.0
_RETRY_SECONDS = 0.5
_AWAY_SECONDS = 4.0
# These open the page anew, so that nothing has to be found again.
_OPENING = ("arrive", "reload")


class SteadyStudent(Student):
    """Comes back after a lost connection. What was on the page before must be there then, or what was asked for last.

    A server that was started again knows no session: settings come from the address, and a text from what the tab
    keeps. ``restarts`` says how often the server was. ``returns`` has the seconds of each way back.
    """

    def __init__(self, number: int, plan: Plan, record: Record, restarts: Callable[[], int]) -> None:
        super().__init__(number, plan, record)
        self.returns: list[float] = []
        self._restarts = restarts
        self._seen_restarts = 0
        self._actions = {kind: partial(self._steadily, kind, act) for kind, act in self._actions.items()}
        self._actions["drop"] = partial(self._steadily, "drop", self._lose)

    async def _steadily(self, kind: str, act: Callable[[], Awaitable[None]]) -> None:
        """Act, and again after each lost connection, until it is done or the bound is over."""
        deadline, before, lost_at = time.perf_counter() + BOUND, self._asked, 0.0
        while True:
            try:
                await act()
                self._seen_restarts = self._restarts() if kind in _OPENING else self._seen_restarts
                done = True
            except Closed:
                lost_at = lost_at or time.perf_counter()
                done = await self._come_back(kind, before, deadline)
                before = self._asked
            if done:
                if lost_at:
                    self.returns.append(time.perf_counter() - lost_at)
                return

    async def _come_back(self, kind: str, before: Asked | None, deadline: float) -> bool:
        """Connect again, and look; whether the step is done. It is not if the page is as it was before the step.

        Raises Closed where the server does not come back in time, WrongState where the page shows something else.
        """
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            if kind in _OPENING or before is None:
                return self._not_yet(deadline)
            try:
                return await self._look_again(kind, before)
            except Closed:
                self._not_yet(deadline)

    @staticmethod
    def _not_yet(deadline: float) -> bool:
        """False, as long as there is time to try again."""
        if time.perf_counter() > deadline:
            raise Closed(f"The server did not come back in {BOUND:g} s.")
        return False

    async def _look_again(self, kind: str, before: Asked) -> bool:
        """Connect to the session that was lost, run the page, and see which of the two states it has."""
        session, restarts = self.tab.session, self._restarts()
        await self.tab.reconnect()
        await self.tab.rerun()
        candidates = [self.asked, before]
        await self.tab.settle(lambda: self._like_none(candidates), time.perf_counter())
        if self.tab.session != session and restarts == self._seen_restarts:
            raise WrongState("The server gave another session, though it was not started again.")
        self._look_for_text = self.asked.text is not None and self.tab.page.title() != TEXT
        self._seen_restarts = restarts
        wanted, was = candidates
        arrived = not kind.startswith("open ") or self.tab.page.title() == kind.removeprefix("open ")
        done = arrived and self._unlike(wanted) is None and (kind == "drop" or wanted != was or not _changes(kind))
        self._asked = wanted if done else was
        return done

    def _like_none(self, candidates: list[Asked]) -> str | None:
        """A sentence where the page has none of these states."""
        found = [self._unlike(each) for each in candidates]
        return None if None in found else found[0]

    def _unlike(self, asked: Asked) -> str | None:
        """A sentence on what the page shows otherwise than in this state."""
        page, kept = self.tab.page.title(), self._asked
        if page is None:
            return "The page has no title."
        self._asked = asked
        try:
            return self._lacking(page)
        finally:
            self._asked = kept

    async def _lose(self) -> None:
        """Lose the connection at rest, in the midst of a run, or unknown to the server, and be away for a while."""
        manner = self._rng.choice(DROPS)
        if manner == "in a run":
            await self.tab.rerun()
        self.tab.drop(silent=manner == "unknown to the server")
        await asyncio.sleep(self._rng.uniform(0.2, _AWAY_SECONDS))
        raise Closed("The connection was lost.")

    async def _download(self) -> str | None:
        """The file of the values shown, asked for again after a lost connection."""
        deadline = time.perf_counter() + BOUND
        while True:
            try:
                try:
                    return await self._saved()
                except Closed:
                    await self._come_back("drop", self.asked, deadline)
            except TabError as error:
                at = time.time() - self.plan.begins
                self.record.troubles.append(Trouble("download", "text", self.number, at, str(error)))
                return None


def _changes(kind: str) -> bool:
    """Whether an action asks for another state of the page it is on.

    Examples
    --------
    >>> _changes("layer"), _changes("open Neurons")
    (True, False)
    """
    return kind in ("layer", "correction", "neuron", "contrast", "text")
