"""A class on a day on which everything fails: two servers that share a cache, and what happens to them.

    python -m benchmarks.chaos
    python -m benchmarks.chaos --minutes 1 --students 6 --events "kill -9" "spoilt cache"

A server is killed and started again, one stands still for seconds, the disk is full, a clock is an hour wrong, all
connections break, files of the cache are removed, cut and overwritten. The students' browsers connect again, as real
ones do, and their students do a step again that did not arrive: only one that fails for a minute is an error. At the
end, all values that were shown are compared with a quiet computation. The exit code is 1 where anything was lost or
wrong, a server ended by itself, or nothing was compared. What could not be tried here is named.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.chaos_day.events import EVENTS
from benchmarks.chaos_day.lesson import live
from benchmarks.neighbours.lesson import Setting
from benchmarks.tab import TabError
from benchmarks.watch import ROOT
from core.console import print_anything

_say = partial(print, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    wanted = _parser().parse_args(arguments)
    setting = Setting(
        folder=wanted.server.resolve(), students=wanted.students, think=wanted.think, ramp=10.0, seed=wanted.seed
    )
    names = tuple(name for name in EVENTS if name in wanted.events)
    try:
        lived = live(setting, 60 * wanted.minutes, names, _say)
    except (TabError, RuntimeError) as error:
        _say(f"error: {error}")
        return 2
    print(lived)
    if wanted.json:
        wanted.json.write_text(json.dumps(lived.as_dict(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0 if lived.survived else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--server", type=Path, default=ROOT, metavar="FOLDER", help="the checkout that serves")
    parser.add_argument("--minutes", type=float, default=3.0, help="(%(default)s)")
    parser.add_argument("--students", type=int, default=30, help="(%(default)s)")
    parser.add_argument("--think", type=float, default=6.0, help="mean seconds before a step (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all choices (%(default)s)")
    parser.add_argument("--events", nargs="+", choices=tuple(EVENTS), default=tuple(EVENTS), metavar="EVENT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there, too")
    return parser


if __name__ == "__main__":
    print_anything()
    sys.exit(main())
