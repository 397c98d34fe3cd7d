"""Simulate a class: students in real websocket sessions, without browsers, on a running server.

    python -m benchmarks.class_load --serve --students 100 --minutes 5 --think 10
    python -m benchmarks.class_load --url http://127.0.0.1:8501 --pid 4711 --check-identical --json report.json

Each student arrives by one link, thinks, and changes the layer, the correction, the neuron, the counts of words,
pastes a text of about 150 tokens, reloads, or loses the connection and comes back. An action lasts from what is
sent until the page's script has ended and the page shows what was asked for; everything else that it may show is an
error. With ``--in-turn``, one student acts at a time, and the report has the server's processor time by action. Static
files are not fetched: a real class loads them once, from the same server. The exit code is 1 where there was an error,
a lost state, or another value than a computation without load gives; a server that dies is an error like others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.record import Plan, Record, Trouble
from benchmarks.student import attend_all, look_around
from benchmarks.tab import TabError
from benchmarks.watch import MemoryWatch, Server, has_ended, serve
from core.console import print_anything

LINK = "n_target=100&n_baseline=100"
# Time that a process for students needs to start.
_SPAWN_SECONDS = 8.0
_LAG_EVERY = 0.05


@dataclass(frozen=True)
class Outcome:
    """The result of one process of the load generator."""

    record: Record
    ended: float
    cpu_seconds: float
    lag: float


@dataclass(frozen=True)
class Result:
    """The whole measurement."""

    record: Record
    resources: report.Resources
    work: dict[str, Any]


def measure(server: Server, plan: Plan, processes: int = 1) -> Result:
    """Warm the server up, let the students attend, and look at the server before and after.

    ``begins`` and ``ends`` of the plan are set again, with the same time between them. Raises TabError where the
    server shows no page to begin with.
    """
    before = server.counters()
    warm = asyncio.run(look_around(replace(plan, timeout=180.0)))
    begins = time.time() + (_SPAWN_SECONDS if processes > 1 else 0.5)
    plan = replace(plan, begins=begins, ends=begins + plan.ends - plan.begins)
    with MemoryWatch(server) as memory:
        cpu = server.cpu_seconds()
        outcomes = _attend(plan, processes)
        cpu_after = server.cpu_seconds()
    record = Record()
    for outcome in outcomes:
        record.add(outcome.record)
    ended = max(outcome.ended for outcome in outcomes)
    if server.pid is not None and has_ended(server.pid):
        sentence = "The server's process has ended during the run."
        record.troubles.append(Trouble("server ended", "attend", -1, ended - begins, sentence))
    resources = report.Resources(
        memory=memory.summary(ended + 1.5),
        seconds=ended - begins,
        server_cpu=None if cpu is None or cpu_after is None else cpu_after - cpu,
        client_cpu=[outcome.cpu_seconds for outcome in outcomes],
        client_lag=max(outcome.lag for outcome in outcomes),
    )
    asked = Record(readings=record.readings | warm.readings, passes_of_texts=record.passes_of_texts)
    asked.passes_of_texts |= warm.passes_of_texts
    return Result(record, resources, report.work(asked, before, server.counters()))


def _attend(plan: Plan, processes: int) -> list[Outcome]:
    if processes == 1:
        return [_process(plan, range(plan.students))]
    shares = [range(first, plan.students, processes) for first in range(min(processes, plan.students))]
    plan = replace(plan, texts_to_check=math.ceil(plan.texts_to_check / len(shares)))
    with ProcessPoolExecutor(len(shares), multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_process, [plan] * len(shares), shares))


def _process(plan: Plan, numbers: Sequence[int]) -> Outcome:
    return asyncio.run(_attend_watched(plan, numbers))


async def _attend_watched(plan: Plan, numbers: Sequence[int]) -> Outcome:
    """Attend, and watch whether this process kept up: its processor time, and how late its loop was at most."""
    cpu, lags = time.process_time(), [0.0]

    async def look() -> None:
        while True:
            due = time.perf_counter() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            lags[0] = max(lags[0], time.perf_counter() - due)

    watch = asyncio.create_task(look())
    record, ended = await attend_all(plan, numbers)
    watch.cancel()
    return Outcome(record, ended, time.process_time() - cpu, lags[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    plan = Plan(
        url=options.url,
        link=options.link,
        begins=0.0,
        ends=60 * options.minutes,
        students=options.students,
        ramp=min(options.ramp, 60 * options.minutes),
        think=options.think,
        seed=options.seed,
        in_turn=options.in_turn,
    )
    try:
        with serve() if options.serve else nullcontext(Server(options.url, options.pid)) as server:
            result = measure(server, replace(plan, url=server.url, pid=server.pid), options.processes)
    except (TabError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    identical = None
    if options.check_identical:
        from benchmarks.compare import compare

        identical = compare(result.record)
    what = (result.record, plan.students, result.resources, result.work, identical)
    print(report.text(*what))
    if options.json:
        options.json.write_text(
            json.dumps(report.as_dict(*what), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    different = identical is not None and any(part["different"] for part in identical.values())
    return 1 if result.record.troubles or result.record.lost or different else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.class_load", description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", default="http://127.0.0.1:8501", help="the server's address (%(default)s)")
    where.add_argument("--serve", action="store_true", help="start serve.py on a free port, and end it afterwards")
    parser.add_argument("--pid", type=int, help="the server's process, for its memory and processor time")
    parser.add_argument("--students", type=_positive(int), default=100, help="(%(default)s)")
    parser.add_argument("--minutes", type=_positive(float), default=5.0, help="from the first arrival (%(default)s)")
    parser.add_argument(
        "--think", type=_positive(float), default=10.0, help="mean seconds before an action (%(default)s)"
    )
    parser.add_argument("--ramp", type=float, default=30.0, help="seconds over which students arrive (%(default)s)")
    parser.add_argument("--link", default=LINK, help="the query string that students arrive with (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the students' choices (%(default)s)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--processes", type=_positive(int), default=1, help="of the load generator (%(default)s)")
    how.add_argument(
        "--in-turn", action="store_true", help="one student acts at a time: the server's processor time by action"
    )
    parser.add_argument(
        "--check-identical", action="store_true", help="compare what was shown with a quiet computation, bit for bit"
    )
    parser.add_argument("--json", type=Path, help="write the report there too")
    return parser


def _positive(kind: type) -> Any:
    def read(text: str) -> Any:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    return read


if __name__ == "__main__":
    print_anything()
    sys.exit(main())
