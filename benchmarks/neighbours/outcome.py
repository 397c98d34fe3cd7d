"""What came of one attack: the figures, their marks, and a table of all, beside the same of another run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.attackers.attacker import Tally
from benchmarks.record import Action
from benchmarks.table import Mark, markdown

STEP_SECONDS, READY_SECONDS, BACK_SECONDS = 1.0, 1.0, 10.0
_SHOWN = 3
_HEADER = (
    "attack",
    "steps",
    "p50, s",
    "p95, s",
    "longest, s",
    "errors",
    "lost",
    "/readyz, s",
    "memory, GB (resident)",
    "back after, s",
    "the attacker",
    "marks",
)


@dataclass(frozen=True)
class Outcome:
    """One attack, as the class saw it. Seconds and bytes.

    ``ready`` is the longest answer of /readyz, infinite if there was none; ``back`` how long after the attack a step
    and /readyz took less than a second again, infinite if that was not seen. ``kept`` is the memory that the kernel
    could not have taken back. ``ended`` says how the server's process ended, if it did.
    """

    attack: str
    seconds: float
    steps: int
    p50: float
    p95: float
    longest: float
    errors: int
    lost: int
    ready: float
    total: int
    resident: int
    kept: int
    kills: int
    back: float
    treated: str
    log_bytes: int
    limit: int
    ended: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    def marks(self) -> list[Mark]:
        """What is required, and whether it is met."""
        memory = math.inf if self.kills else self.kept / 1e9
        return [
            Mark("95th percentile of the steps", self.p95, STEP_SECONDS, " s", least=False),
            Mark("errors", self.errors, 0, least=False),
            Mark("lost states", self.lost, 0, least=False),
            Mark("/readyz", self.ready, READY_SECONDS, " s", least=False),
            Mark("memory", memory, self.limit / 1e9, " GB", least=False),
            Mark("back to normal", self.back, BACK_SECONDS, " s", least=False),
            Mark("ends of the server", len(self.ended), 0, least=False),
        ]

    @property
    def missed(self) -> list[str]:
        """The names of the marks that are missed."""
        return [mark.what for mark in self.marks() if not mark.met]


def figures(actions: Sequence[Action]) -> tuple[int, float, float, float]:
    """How many steps succeeded, and their median, 95th percentile and longest; NaN where none did."""
    seconds = [action.seconds for action in actions if action.error is None]
    if not seconds:
        return 0, math.nan, math.nan, math.nan
    p50, p95 = np.percentile(seconds, (50, 95)).tolist()
    return len(seconds), p50, p95, max(seconds)


def treatment(tally: Tally) -> str:
    """How the attacker was treated, in one sentence: what got through in a second, and what it was told.

    Examples
    --------
    >>> tally = Tally(seconds=10.0)
    >>> tally.through["pings"] = 5000
    >>> tally.say_closed("Too many frames.")
    >>> treatment(tally)
    '500 pings a second; closed 1×: “Too many frames.”'
    """
    seconds = max(tally.seconds, 1e-9)
    parts = [f"{_rate(count / seconds)} {what} a second" for what, count in tally.through.most_common()]
    for word, said in (("closed", tally.closed), ("refused", tally.refused)):
        if said:
            sentences = " ".join(f"“{sentence}”" for sentence, _ in said.most_common(_SHOWN))
            parts.append(f"{word} {said.total():,}×: {sentences}")
    return "; ".join(parts) or "nothing got through, and nothing was said"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def table(outcomes: Sequence[Outcome], before: Mapping[str, Outcome] | None = None) -> str:
    """A Markdown table; with another run's outcomes by attack, each figure has the earlier one before it."""
    return markdown(_HEADER, [_row(each, (before or {}).get(each.attack)) for each in outcomes])


def _row(now: Outcome, before: Outcome | None) -> list[str]:
    cells = _cells(now)
    if before is not None:
        cells = [f"{old} → {new}" for old, new in zip(_cells(before), cells, strict=True)]
    treated = now.treated if before is None else f"before: {before.treated}. Now: {now.treated}"
    missed = f"**missed**: {', '.join(now.missed)}" if now.missed else "met"
    return [now.attack, *cells, treated, missed]


def _cells(outcome: Outcome) -> list[str]:
    return [
        f"{outcome.steps:,}",
        *map(_seconds, (outcome.p50, outcome.p95, outcome.longest)),
        str(outcome.errors),
        str(outcome.lost),
        _seconds(outcome.ready),
        f"{outcome.total / 1e9:.2f} ({outcome.resident / 1e9:.2f}){', killed' if outcome.kills else ''}",
        _seconds(outcome.back),
    ]


def _seconds(value: float) -> str:
    return "–" if math.isnan(value) else "never" if math.isinf(value) else f"{value:.2f}"


def as_dicts(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Outcomes as JSON can hold them: a number that is not finite is None, and what it was is said beside it."""
    return [{**_plain(asdict(each)), "missed": each.missed} for each in outcomes]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(v) if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}


def read(file: Path) -> dict[str, Outcome]:
    """The outcomes in a report that ``--json`` wrote, by attack."""
    found = {}
    for each in json.loads(file.read_text(encoding="utf-8"))["attacks"]:
        values = {name: value for name, value in each.items() if name != "missed"}
        values |= {name: float(value) for name, value in values.items() if value in ("inf", "nan")}
        values |= {name: tuple(values[name]) for name in ("ended", "sentences")}
        found[values["attack"]] = Outcome(**values)
    return found
