"""The class without a neighbour: times and processor time by kind of step, beside those of another checkout."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.class_load import measure
from benchmarks.neighbours.box import memory_box
from benchmarks.neighbours.lesson import Setting
from benchmarks.neighbours.shipped import Shipped, compose_files, compose_limits
from benchmarks.record import Record
from benchmarks.report import Line, lines, processor_lines
from benchmarks.table import markdown

# A step may take so much more of the processor than before.
SLOWER = 1.05
# Fewer steps of a kind say nothing about its median.
_ENOUGH = 20
_IN_TURN_THINK = 0.5


def students_alone(
    setting: Setting, seconds: float, beside: Path | None = None, rounds: int = 1
) -> list[dict[str, Any]]:
    """What ``setting.folder`` took, and before it, what the checkout ``beside`` took if there is one.

    Each round gives both their lessons, the first one in turn: a machine that becomes slower meanwhile is so for both.
    """
    folders = [setting.folder] if beside is None else [beside, setting.folder]
    records = [[Record(), Record()] for _ in folders]
    memory: list[int | None] = [None] * len(folders)
    for i in range(rounds):
        for at in range(len(folders))[:: 1 if i % 2 == 0 else -1]:
            found, peak = _two_lessons(replace(setting, folder=folders[at]), seconds)
            memory[at] = max(filter(None, (memory[at], peak)), default=None)
            for record, more in zip(records[at], found, strict=True):
                record.add(more)
    return [_figures(both, peak) for both, peak in zip(records, memory, strict=True)]


def _two_lessons(setting: Setting, seconds: float) -> tuple[tuple[Record, Record], int | None]:
    """Two lessons on one server, all students at once and then one at a time; and the most memory."""
    with (
        tempfile.TemporaryDirectory(prefix="neighbour-") as cache,
        memory_box(setting.memory, compose_files(setting.folder)) as box,
        Shipped(setting.folder, box, {**compose_limits(setting.folder), "GRAMMAR_NEURONS_CACHE": cache}) as shipped,
    ):
        plan = replace(setting.plan(shipped.url, seconds), pid=shipped.pid)
        together = measure(shipped.server, plan).record
        in_turn = measure(shipped.server, replace(plan, in_turn=True, think=_IN_TURN_THINK)).record
        return (together, in_turn), box.peak()


def _figures(both: Sequence[Record], memory: int | None) -> dict[str, Any]:
    """Plain values, seconds by kind of step."""
    together, in_turn = both
    troubles = [*together.troubles, *together.lost, *in_turn.troubles, *in_turn.lost]
    return {
        "steps": _by_kind(lines(together.actions)),
        "processor": _by_kind(processor_lines(in_turn.actions)),
        "memory": memory,
        "errors": [trouble.sentence for trouble in troubles],
    }


def _by_kind(table: Sequence[Line]) -> dict[str, dict[str, float]]:
    return {
        item.name: {"count": item.count, "p50": item.p50, "p95": item.p95, "longest": item.longest}
        for item in table
        if item.count
    }


def slower(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """A sentence for each kind of step that takes more of the processor than it may.

    Examples
    --------
    >>> was, now = ({"processor": {"layer": {"count": 50, "p50": seconds}}} for seconds in (0.040, 0.044))
    >>> slower(now, was)
    ['layer: 44.0 ms of the processor, 10.0% more than 40.0 ms.']
    """
    sentences = []
    for kind, found in now["processor"].items():
        was = before["processor"].get(kind)
        if was is None or min(was["count"], found["count"]) < _ENOUGH or found["p50"] <= SLOWER * was["p50"]:
            continue
        share = found["p50"] / was["p50"] - 1
        sentences.append(
            f"{kind}: {1e3 * found['p50']:.1f} ms of the processor, {share:.1%} more than {1e3 * was['p50']:.1f} ms."
        )
    return sentences


def table(now: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> str:
    """A Markdown table by kind of step; with another checkout's, the share of those."""
    header = ("step", "steps", "p50, s", "p95, s", "server's processor, ms", "beside before")
    rows = []
    for kind, found in now["steps"].items():
        used = now["processor"].get(kind, {}).get("p50")
        was = (before or {"processor": {}})["processor"].get(kind, {}).get("p50")
        share = f"{used / was:.0%}" if used and was else ""
        cost = "" if used is None else f"{1e3 * used:.1f}"
        rows.append((kind, f"{found['count']:,}", f"{found['p50']:.2f}", f"{found['p95']:.2f}", cost, share))
    return markdown(header, rows)
