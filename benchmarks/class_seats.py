"""Simulate the seats of a class: each predicts, measures and looks at the board, in real websocket sessions.

    python -m benchmarks.class_seats --serve --seats 60
    python -m benchmarks.class_seats --url http://127.0.0.1:8501 --pid 4711 --json seats.json

All seats open the Class page by one link within ``--ramp`` seconds, think as students do, type their seat, predict, and
press the button. Then each looks for news every 15 seconds, which costs the server more than the page's own look does,
until its board has all of them. The exit code is 1 where a page showed an error, a seat is missing, or two boards that
are complete do not say the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.tab import Tab, TabError
from benchmarks.watch import MemoryWatch, Server, serve
from core.console import print_anything

LINK = "layer=3&neuron=40&class={code}&class_words={words}"
PAGE = "Class"
_LOOK_EVERY = 15.0  # seconds


@dataclass
class Seen:
    """What the seats have seen, in seconds after the first arrival. ``measured`` has how long each button took."""

    measured: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    pooled: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)


class Seat:
    """One student of the class."""

    def __init__(self, number: int, plan: argparse.Namespace, url: str, seen: Seen) -> None:
        self.number, self.plan, self.seen = number, plan, seen
        self.tab = Tab(url, timeout=plan.timeout)
        self._rng = random.Random(f"seats/{number}")

    async def attend(self, began: float) -> None:
        """Arrive, measure, and look at the board until it has every seat. What goes wrong is noted."""
        await asyncio.sleep(self.plan.ramp * (self.number - 1) / self.plan.seats)
        try:
            await self._measure(began)
            while not self._has_all():
                if time.perf_counter() - began > self.plan.give_up:
                    self.seen.troubles.append(f"seat {self.number}: the board never had all seats")
                    return
                await asyncio.sleep(_LOOK_EVERY)
                started = time.perf_counter()
                await self._press("class_refresh", "the board", lambda: self._board() is not None)
                self.seen.looks.append(time.perf_counter() - started)
            self.seen.complete.append(time.perf_counter() - began)
            self.seen.pooled[next(text for text in self._texts() if "Pooled over" in text)] += 1
        except TabError as error:
            self.seen.troubles.append(f"seat {self.number}: {error.kind}: {error}")

    async def _measure(self, began: float) -> None:
        await self.tab.open(PAGE, LINK.format(code=self.plan.code, words=self.plan.words))
        await self._until("the box of the seat", lambda: self.tab.page.keyed("class_seat") is not None)
        await self._think()
        await self._change("class_seat", self.number, "the guess", lambda: self._has("class_guess"))
        await self._think()
        await self._change("class_guess", self._rng.choice(self.plan.names), "a button", self._may_measure)
        started = time.perf_counter()
        await self._press("class_measure", "the result", lambda: any("Hedges' g =" in text for text in self._results()))
        self.seen.measured.append(time.perf_counter() - started)
        self.seen.posted.append(time.perf_counter() - began)

    async def _think(self) -> None:
        await asyncio.sleep(self._rng.expovariate(1 / self.plan.think))

    async def _change(self, key: str, value: Any, what: str, there: Any) -> None:
        await self.tab.change({key: value})
        await self._until(what, there)

    async def _press(self, key: str, what: str, there: Any) -> None:
        """Press a button: its state is sent with this run alone."""
        shown = self.tab.page.keyed(key)
        if shown is None:
            raise TabError(f"There is no button {key} on the page.")
        self.tab.states[shown.message.id] = WidgetState(id=shown.message.id, trigger_value=True)
        await self.tab.rerun()
        del self.tab.states[shown.message.id]
        await self._until(what, there)

    async def _until(self, what: str, there: Any) -> None:
        await self.tab.settle(lambda: None if there() else f"The page does not show {what}.", time.perf_counter())

    def _has(self, key: str) -> bool:
        return self.tab.page.keyed(key) is not None

    def _may_measure(self) -> bool:
        shown = self.tab.page.keyed("class_measure")
        return shown is not None and not shown.message.disabled

    def _results(self) -> list[str]:
        return [alert.body for alert in self.tab.page.of("alert")]

    def _texts(self) -> list[str]:
        return [text.body for text in self.tab.page.of("markdown")]

    def _board(self) -> str | None:
        return next((text for text in self._texts() if text.startswith("**On the board: ")), None)

    def _has_all(self) -> bool:
        return (self._board() or "").startswith(f"**On the board: {self.plan.seats} seats.**")


async def attend_all(plan: argparse.Namespace, url: str) -> Seen:
    """Let all seats attend; their tabs stay open until the last one is done."""
    seen = Seen()
    seats = [Seat(number, plan, url, seen) for number in range(1, plan.seats + 1)]
    began = time.perf_counter()
    await asyncio.gather(*(seat.attend(began) for seat in seats))
    for seat in seats:
        await seat.tab.close()
    return seen


def report(plan: argparse.Namespace, seen: Seen, memory: dict[str, Any], cpu: float | None) -> dict[str, Any]:
    """The figures, as they are written to a file."""
    return {
        "seats": plan.seats,
        "words_a_seat": plan.words,
        "posted": len(seen.posted),
        "seconds_until_all_are_posted": max(seen.posted, default=None),
        "seconds_until_all_boards_are_complete": max(seen.complete, default=None),
        "seconds_from_press_to_result": _spread(seen.measured),
        "seconds_of_a_look": _spread(seen.looks),
        "server_processor_seconds": cpu,
        "memory": memory,
        "pooled": dict(seen.pooled),
        "troubles": seen.troubles,
    }


def _spread(seconds: Sequence[float]) -> dict[str, float] | None:
    if len(seconds) < 2:
        return None
    return {"median": statistics.median(seconds), "p95": statistics.quantiles(seconds, n=20)[-1], "most": max(seconds)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    plan = _parser().parse_args(arguments)
    try:
        with serve() if plan.serve else nullcontext(Server(plan.url, plan.pid)) as server:
            cpu, end = server.cpu_seconds(), time.time
            with MemoryWatch(server) as memory:
                seen = asyncio.run(attend_all(plan, server.url))
                used = memory.summary(end())
            after = server.cpu_seconds()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    found = report(plan, seen, used, None if cpu is None or after is None else after - cpu)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    print(text)
    if plan.json:
        plan.json.write_text(f"{text}\n", encoding="utf-8")
    return 1 if seen.troubles or len(seen.complete) < plan.seats or len(seen.pooled) > 1 else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.class_seats", description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", default="http://127.0.0.1:8501", help="the server's address (%(default)s)")
    where.add_argument("--serve", action="store_true", help="start serve.py on a free port, and end it afterwards")
    parser.add_argument("--pid", type=int, help="the server's process, for its memory and processor time")
    parser.add_argument("--seats", type=int, default=60, help="(%(default)s)")
    parser.add_argument("--words", type=int, default=12, help="of each class, that a seat has (%(default)s)")
    parser.add_argument("--code", default=f"class-{time.time_ns() % 10**9}", help="of the class; a new one by default")
    parser.add_argument("--ramp", type=float, default=20.0, help="seconds over which seats arrive (%(default)s)")
    parser.add_argument("--think", type=float, default=5.0, help="mean seconds before an action (%(default)s)")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds that a page may take (%(default)s)")
    parser.add_argument("--give-up", type=float, default=600.0, help="seconds until a seat gives up (%(default)s)")
    parser.add_argument("--names", nargs=2, default=["nouns", "verbs"], help="of the two classes (%(default)s)")
    parser.add_argument("--json", type=Path, help="write the report there too")
    return parser


if __name__ == "__main__":
    print_anything()
    sys.exit(main())
