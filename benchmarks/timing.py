"""Interleaved timing of several methods, with medians, ranges and slopes."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np


@dataclass(frozen=True)
class Times:
    """Wall-clock seconds of each run of one way, in the order in which they were taken."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return float(median(self.seconds))

    @property
    def spread(self) -> str:
        """The shortest and the longest time in seconds, for a table; a dash if there was one run."""
        if len(self.seconds) == 1:
            return "one run"
        return f"{number(min(self.seconds))}–{number(max(self.seconds))}"


def take_turns(
    ways: Mapping[str, Callable[[], object]],
    rounds: int | Mapping[str, int],
    *,
    seen: Callable[[str, object], None] | None = None,
) -> dict[str, Times]:
    """Run every method once in each round, so that other work of the machine affects all of them equally.

    Parameters
    ----------
    ways : mapping of str to callable
        What is timed, by name.
    rounds : int, or mapping of str to int
        How many; a way for which fewer are given takes part in the first rounds only.
    seen : callable, optional
        Given each name and what its call returned, outside of the time taken.

    Returns
    -------
    dict of str to Times
        In the order of ``ways``. Every second round goes through them backwards.
    """
    wanted = dict.fromkeys(ways, rounds) if isinstance(rounds, int) else rounds
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(max(wanted[name] for name in ways)):
        names = [name for name in ways if turn < wanted[name]]
        for name in names if turn % 2 == 0 else reversed(names):
            say(f"  round {turn + 1}: {name}")
            start = time.perf_counter()
            result = ways[name]()
            seconds[name].append(time.perf_counter() - start)
            if seen:
                seen(name, result)
            del result  # two large ones at a time would meet in memory
    return {name: Times(tuple(taken)) for name, taken in seconds.items()}


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent b of values ~ a sizes^b: the least-squares line through the logarithms.

    Sizes and values that are not positive have no logarithm, and are left out; NaN where fewer than two are left.
    """
    pairs = [(math.log(size), math.log(value)) for size, value in zip(sizes, values, strict=True) if value > 0 < size]
    if len({x for x, _ in pairs}) < 2:
        return math.nan
    x, y = np.array(pairs).T
    return float(np.polyfit(x, y, 1)[0])


def number(value: float) -> str:
    """Three significant digits, without an exponent: 0.0123, 1.23, 12.3, 1,234."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def say(progress: str) -> None:
    """Print one line of progress to standard error: only tables go to standard output."""
    print(progress, file=sys.stderr, flush=True)
