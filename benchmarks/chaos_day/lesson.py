"""One class on two servers that share a cache, and all that happens to them meanwhile."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.chaos_day.events import EVENTS, SKIPPED, Day, changeable_clock, small_disk
from benchmarks.chaos_day.steady import SteadyStudent
from benchmarks.compare import compare
from benchmarks.neighbours.box import memory_box
from benchmarks.neighbours.lesson import Setting
from benchmarks.neighbours.readiness import probe
from benchmarks.neighbours.shipped import Shipped, compose_files, compose_limits
from benchmarks.record import Plan, Record, Trouble
from benchmarks.student import look_around

# After the lesson, a server that was hit must be ready again within this.
_READY_WITHIN = 30.0


@dataclass(frozen=True)
class Lived:
    """What came of the day. ``events`` has when, in seconds, and what; ``returns`` the seconds of each way back.

    ``complaints`` are the errors in the servers' logs.
    """

    record: Record
    events: list[tuple[float, str, str]]
    returns: list[float]
    identical: dict[str, dict[str, Any]]
    complaints: list[str]

    @property
    def survived(self) -> bool:
        """Whether nothing was lost, and nothing wrong; where no value was compared, nobody knows."""
        compared = any(part["equal"] for part in self.identical.values())
        different = any(part["different"] for part in self.identical.values())
        return compared and not (self.record.troubles or self.record.lost or different)

    @property
    def skipped(self) -> list[str]:
        """The names of the events that could not be made here."""
        return [name for _, name, what in self.events if what.startswith(SKIPPED)]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "steps": len(self.record.actions),
            "sessions": len(self.record.sessions),
            "skipped": self.skipped,
            "events": [{"at": at, "event": name, "what": what} for at, name, what in self.events],
            "returns": self.returns,
            "errors": [asdict(trouble) for trouble in self.record.troubles],
            "lost": [asdict(trouble) for trouble in self.record.lost],
            "identical": self.identical,
            "complaints": self.complaints,
        }

    def __str__(self) -> str:
        """The report for a reader."""
        record, checked = self.record, self.identical
        rows = [f"{at:6.1f} s  {name}: {what}" for at, name, what in self.events]
        if self.skipped:
            rows.append(f"Not tried, {len(self.skipped)} of {len(self.events)} events: {', '.join(self.skipped)}.")
        rows.append(f"{len(record.actions):,} steps in {len(record.sessions):,} sessions.")
        if self.returns:
            rows.append(f"{len(self.returns):,} ways back to a page; the longest took {max(self.returns):.1f} s.")
        rows += [report.troubles("Errors", record.troubles), report.troubles("Lost states", record.lost)]
        rows += [f"A server's log says: {complaint}" for complaint in self.complaints]
        return "\n".join([*rows, report.same_values(checked)])


def live(setting: Setting, seconds: float, names: tuple[str, ...], say: Callable[[str], None]) -> Lived:
    """Let the class work while the events of these names happen, and compare all that was shown.

    Raises RuntimeError where a server does not start, TabError where it shows no page to begin with.
    """
    with _two_servers(setting, say) as day:
        plan = setting.plan(day.first.url, seconds)
        for server in (day.first, day.second):
            asyncio.run(look_around(replace(plan, url=server.url, timeout=180.0)))
        record, events = asyncio.run(_attend(day, plan, names, say))
        record.troubles += _faults_of_servers(day)
        returns = [seconds for student in day.students for seconds in student.returns]
        complaints = [sentence for server in (day.first, day.second) for sentence in server.complaints()]
    say("Comparing what was shown with a quiet computation")
    return Lived(record, events, returns, compare(record), complaints)


@contextmanager
def _two_servers(setting: Setting, say: Callable[[str], None]) -> Iterator[Day]:
    """Two servers with one cache on a small disk, where one can be had, the second with a clock that can be set."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        cache, clock = Path(name, "cache"), Path(name, "clock")
        cache.mkdir()
        variables = changeable_clock(clock)
        shared = {**compose_limits(setting.folder), "GRAMMAR_NEURONS_CACHE": str(cache)}
        files = compose_files(setting.folder)
        with (
            small_disk(cache) as small,
            memory_box(setting.memory, files) as one,
            memory_box(setting.memory, files) as other,
            Shipped(setting.folder, one, shared) as first,
            Shipped(setting.folder, other, {**shared, **(variables or {})}) as second,
        ):
            say(f"Two servers, each in {one.what}")
            clock_file = clock if variables else None
            yield Day(first, second, cache, [], random.Random(setting.seed), small, clock_file)


async def _attend(
    day: Day, plan: Plan, names: tuple[str, ...], say: Callable[[str], None]
) -> tuple[Record, list[tuple[float, str, str]]]:
    """Let the students attend, and things happen; the record of all, and what happened when."""
    record, lasts = Record(), plan.ends
    begins = time.time() + 0.5
    plan = replace(plan, begins=begins, ends=begins + lasts)
    urls = (day.first.url, day.second.url)
    day.students = [
        SteadyStudent(number, replace(plan, url=urls[number % 2]), record, partial(day.restarts, number))
        for number in range(plan.students)
    ]
    happening = asyncio.create_task(_let_happen(day, plan, names, say))
    await asyncio.gather(*(student.attend() for student in day.students))
    events = await happening
    for student in day.students:
        await student.tab.close()
    return record, events


async def _let_happen(
    day: Day, plan: Plan, names: tuple[str, ...], say: Callable[[str], None]
) -> list[tuple[float, str, str]]:
    """One event after the other, each when it is time."""
    happened = []
    for name in names:
        share, event = EVENTS[name]
        await asyncio.sleep(max(0.0, plan.begins + share * (plan.ends - plan.begins) - time.time()))
        at = time.time() - plan.begins
        happened.append((at, name, await event(day)))
        say(f"{at:.1f} s: {happened[-1][2]}")
    return happened


def _faults_of_servers(day: Day) -> list[Trouble]:
    """A trouble for each server that ended by itself, or is not ready when the day is over."""
    troubles = []
    for name, shipped in (("first", day.first), ("second", day.second)):
        for _, status in shipped.deaths:
            troubles.append(Trouble("server ended", "attend", -1, 0.0, f"The {name} server ended with {status}."))
        deadline = time.monotonic() + _READY_WITHIN
        while not (answer := probe(f"{shipped.url}/readyz")).ready and time.monotonic() < deadline:
            time.sleep(0.5)
        if not answer.ready:
            troubles.append(Trouble("not ready", "attend", -1, 0.0, f"The {name} server is not ready afterwards."))
    return troubles
