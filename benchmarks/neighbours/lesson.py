"""One lesson with one attack in it: students at work on a fresh server in its box, an attacker, and what came of it."""

from __future__ import annotations

import asyncio
import math
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.attackers import ATTACKS
from benchmarks.attackers.attacker import LINK, Tally
from benchmarks.neighbours.attacking import Order, attacker
from benchmarks.neighbours.box import BoxWatch, memory_box
from benchmarks.neighbours.outcome import READY_SECONDS, STEP_SECONDS, Outcome, figures, treatment
from benchmarks.neighbours.readiness import ReadinessWatch, probe
from benchmarks.neighbours.shipped import Shipped, compose_files, compose_limits
from benchmarks.record import Action, Plan, Record
from benchmarks.student import NEURONS, Student, attend_all, look_around
from benchmarks.tab import TabError
from benchmarks.watch import ROOT

# The class is at work for so long before the attack begins, and after it has ended.
_CALM_SECONDS = 5.0
_GIVEN_UP_AFTER = 90.0
# What is left to the attacker to say how it was treated.
_REPORT_WITHIN = 20.0
_SENTENCES = 5


@dataclass(frozen=True)
class Setting:
    """What all lessons of a run have in common. ``source`` is the attacker's address, ``memory`` the box in bytes."""

    folder: Path = ROOT
    students: int = 30
    think: float = 6.0
    ramp: float = 6.0
    seed: int = 0
    memory: int = 3_000_000_000
    source: str | None = "127.0.0.2"
    attacks: Sequence[str] = tuple(ATTACKS)
    after: float = 12.0

    def plan(self, url: str, seconds: float) -> Plan:
        """The students' plan for so many seconds after the last has come; it does not say when they begin."""
        return Plan(
            url=url,
            link=LINK,
            begins=0.0,
            ends=self.ramp + seconds,
            students=self.students,
            ramp=self.ramp,
            think=self.think,
            seed=self.seed,
        )


class AttackFailed(RuntimeError):
    """The attacker itself had a fault, so that nothing was measured."""


def give_lesson(setting: Setting, attack: str, seconds: float, say: Callable[[str], None] = print) -> Outcome:
    """Start a server, let the class work, attack it for some seconds, and look at all of it.

    Raises RuntimeError where the server does not start, TabError where it shows no page to begin with, and
    AttackFailed, with a traceback, where the attacker could not do what it should.
    """
    with (
        tempfile.TemporaryDirectory(prefix="neighbour-") as cache,
        memory_box(setting.memory, compose_files(setting.folder)) as box,
        Shipped(setting.folder, box, {**compose_limits(setting.folder), "GRAMMAR_NEURONS_CACHE": cache}) as shipped,
        BoxWatch(box) as memory,
    ):
        say(f"{attack}: {box.what}")
        plan = setting.plan(shipped.url, _CALM_SECONDS + seconds + setting.after)
        asyncio.run(look_around(replace(plan, timeout=180.0)))
        begins = time.time() + 0.5
        plan = replace(plan, begins=begins, ends=begins + plan.ends)
        starts = begins + setting.ramp + _CALM_SECONDS
        order = Order(attack, shipped.url, setting.source, starts, seconds, setting.seed, setting.attacks)
        log_before = shipped.log_bytes
        with attacker(order) as connection, ReadinessWatch(shipped.url) as readiness:
            record, back, tally = asyncio.run(_attend(plan, order, connection))
        ends = order.begins + seconds
        used = memory.most(starts)
        steps, p50, p95, longest = figures(_during(record.actions, starts - begins, ends - begins))
        return Outcome(
            attack=attack,
            seconds=seconds,
            steps=steps,
            p50=p50,
            p95=p95,
            longest=longest,
            errors=len(record.troubles),
            lost=len(record.lost),
            ready=readiness.worst(starts, ends),
            total=max(used.total, box.peak() or 0),
            resident=used.resident,
            kept=used.kept,
            kills=box.kills(),
            back=back,
            treated=treatment(tally),
            log_bytes=shipped.log_bytes - log_before,
            limit=setting.memory,
            ended=tuple(_ending(at - starts, status) for at, status in shipped.deaths),
            sentences=_first_sentences(record),
        )


def _first_sentences(record: Record) -> tuple[str, ...]:
    troubles = sorted([*record.troubles, *record.lost], key=lambda trouble: trouble.at)[:_SENTENCES]
    return tuple(f"{trouble.at:.1f} s, {trouble.action}: {trouble.sentence}" for trouble in troubles)


def _during(actions: Sequence[Action], begins: float, ends: float) -> list[Action]:
    """The actions of which at least a part lay in a time."""
    return [action for action in actions if action.at < ends and action.at + action.seconds > begins]


def _ending(at: float, status: int) -> str:
    """How the server's process ended, ``at`` seconds after the attack began.

    Examples
    --------
    >>> _ending(12.34, -9)
    '12.3 s: SIGKILL'
    """
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return f"{at:.1f} s: {how}"


async def _attend(plan: Plan, order: Order, connection: Connection) -> tuple[Record, float, Tally]:
    """The students' record, the seconds until all was normal again, and how the attacker was treated."""
    lesson = asyncio.create_task(attend_all(plan, range(plan.students), hold=0.0))
    looking = asyncio.create_task(_until_normal(plan, order))
    tally = await asyncio.to_thread(_report, connection, order)
    (record, _), back = await asyncio.gather(lesson, looking)
    return record, back, tally


def _report(connection: Connection, order: Order) -> Tally:
    """What the attacker says at its end."""
    wait = order.begins + order.seconds + _REPORT_WITHIN - time.time()
    try:
        said = connection.recv() if connection.poll(max(0.0, wait)) else "It said nothing in time."
    except EOFError:
        said = "Its process has ended without a word."
    if not isinstance(said, Tally):
        raise AttackFailed(f"The attacker “{order.attack}” failed: {said}")
    return said


async def _until_normal(plan: Plan, order: Order) -> float:
    """Seconds after the attack until one more student's step and /readyz take less than a second; else infinite."""
    ends = order.begins + order.seconds
    await asyncio.sleep(ends - time.time())
    visitor = Student(-1, replace(plan, timeout=10.0), Record())
    there = False
    try:
        while time.time() < ends + _GIVEN_UP_AFTER:
            there, seconds = await _step(visitor, there)
            answer = await asyncio.to_thread(probe, f"{plan.url}/readyz")
            if there and seconds < STEP_SECONDS and answer.ready and answer.seconds < READY_SECONDS:
                return time.time() - ends
            await asyncio.sleep(0.25)
        return math.inf
    finally:
        await visitor.tab.close()


async def _step(visitor: Student, there: bool) -> tuple[bool, float]:
    """Another layer, or the way to the page first: whether the page is there, and the seconds of the step."""
    start = time.perf_counter()
    try:
        if there:
            await visitor.visit("layer")
            return True, time.perf_counter() - start
        await visitor.visit("arrive")
        await visitor.visit(f"open {NEURONS}")
    except TabError:
        return False, math.inf
    return True, math.inf  # how long a first visit takes is another question
