"""From the students' records to a report: percentiles by action, errors, memory, work done twice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from benchmarks.record import Action, Record, Trouble

# Actions that need no forward pass once a contrast has been read.
WITHOUT_MODEL = ("layer", "correction", "neuron")
_SHOWN_TROUBLES = 5


@dataclass(frozen=True)
class Resources:
    """What client and server used. Bytes and seconds; None where it could not be read.

    ``memory`` is by name (VmRSS and RssAnon, or what /metrics has), each before the first student, at the end with
    all tabs open, and at its highest.
    """

    memory: Mapping[str, tuple[float, float, float]]
    seconds: float
    server_cpu: float | None
    client_cpu: Sequence[float]
    client_lag: float  # the longest that a client's event loop was late


@dataclass(frozen=True)
class Line:
    """One line of the table of times, in seconds; ``errors`` are not among the ``count``."""

    name: str
    count: int
    errors: int
    p50: float
    p95: float
    p99: float
    longest: float


def line(name: str, actions: Sequence[Action]) -> Line:
    """Summarise actions. Those that ended in an error are counted separately: their time means nothing."""
    seconds = [action.seconds for action in actions if action.error is None]
    p50, p95, p99 = np.percentile(seconds, (50, 95, 99)).tolist() if seconds else (math.nan,) * 3
    return Line(name, len(seconds), len(actions) - len(seconds), p50, p95, p99, max(seconds, default=math.nan))


def lines(actions: Sequence[Action]) -> list[Line]:
    """One line for each kind of action, one for all that need no model, and one for the texts."""
    kinds = list(dict.fromkeys(action.kind for action in sorted(actions, key=lambda action: action.kind)))
    table = [line(kind, [action for action in actions if action.kind == kind]) for kind in kinds]
    pooled = [action for action in actions if action.kind in WITHOUT_MODEL]
    texts = [action for action in actions if action.kind == "text"]
    return [*table, line("without the model", pooled), line("with the model: text", texts)]


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The increase of each counter. A new counter began at 0."""
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def work(record: Record, before: Mapping[str, float] | None, after: Mapping[str, float] | None) -> dict[str, Any]:
    """What was requested, and how often the server computed it, from its counters before and after."""
    asked = {"contrasts": len(record.readings), "texts": len(record.passes_of_texts)}
    if before is None or after is None:
        return {"asked": asked, "counters": None}
    rose = difference(before, after)
    counters = {name: value for name, value in sorted(rose.items()) if _counts(name) and value}
    misses = rose.get(cache_counter("activations", "miss"))
    passes = rose.get("grammar_neurons_forward_passes_total{kind=text}")
    return {
        "asked": asked,
        "counters": counters,
        "model_loads": after.get("grammar_neurons_model_loads_total"),
        "readings_again": None if misses is None else misses - asked["contrasts"],
        "texts_again": None if passes is None else passes - asked["texts"],
    }


def _counts(name: str) -> bool:
    """Whether a sample is one of the app's counters, not a creation time or a part of a histogram."""
    return name.startswith("grammar_neurons_") and name.partition("{")[0].endswith("_total")


def cache_counter(cache: str, outcome: str) -> str:
    """The name, with its labels, under which a cache's requests are counted."""
    return f"grammar_neurons_cache_requests_total{{cache={cache},outcome={outcome}}}"


def as_dict(
    record: Record, students: int, resources: Resources, done: Mapping[str, Any], identical: Any
) -> dict[str, Any]:
    """The whole report as plain values, for JSON."""
    return {
        "students": students,
        "sessions": len(record.sessions),
        "actions": len(record.actions),
        "times": [_plain(item) for item in lines(record.actions)],
        "processor_times": [_plain(item) for item in processor_lines(record.actions)],
        "errors": [asdict(trouble) for trouble in record.troubles],
        "lost": [asdict(trouble) for trouble in record.lost],
        "warnings": dict(record.warnings),
        "resources": asdict(resources),
        "work": dict(done),
        "identical": identical,
    }


def _plain(item: Line) -> dict[str, Any]:
    """A line as JSON can hold it: without NaN."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value for name, value in asdict(item).items()
    }


def text(
    record: Record, students: int, resources: Resources, done: Mapping[str, Any], identical: Mapping[str, Any] | None
) -> str:
    """The whole report for a reader."""
    measured = any(action.cpu_seconds is not None for action in record.actions)
    processor = processor_lines(record.actions) if measured else []
    parts = [
        f"{students:,} students, {len(record.sessions):,} sessions, {len(record.actions):,} actions "
        f"in {resources.seconds:.0f} s.",
        _table("seconds", lines(record.actions)),
        *([_table("server, ms", processor, 1000, 1)] if processor else []),
        troubles("Errors", record.troubles),
        troubles("Lost states", record.lost),
        *([f"Warnings on pages: {dict(record.warnings.most_common(_SHOWN_TROUBLES))}"] if record.warnings else []),
        _resources(resources, students, len(record.sessions)),
        _work(done),
        *([same_values(identical)] if identical is not None else []),
    ]
    return "\n\n".join(parts)


def _table(what: str, table: Sequence[Line], scale: float = 1.0, digits: int = 2) -> str:
    """Times by action, in units of which a second has ``scale``."""
    rows = [f"{what:22}{'count':>7}{'errors':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'longest':>9}"]
    for item in table:
        p50, p95, p99 = (f"{scale * seconds:8.{digits}f}" for seconds in (item.p50, item.p95, item.p99))
        longest = f"{scale * item.longest:9.{digits}f}"
        rows.append(f"{item.name:22}{item.count:7,}{item.errors:8,}{p50}{p95}{p99}{longest}")
    return "\n".join(rows)


def processor_lines(actions: Sequence[Action]) -> list[Line]:
    """As ``lines``, but of the server's processor time."""
    known = [action for action in actions if action.cpu_seconds is not None]
    return lines([replace(action, seconds=action.cpu_seconds or 0.0) for action in known])


def troubles(what: str, found: Sequence[Trouble]) -> str:
    """What went wrong: how often, of which kinds, and the first sentences."""
    if not found:
        return f"{what}: 0"
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(trouble.kind for trouble in found).most_common())
    first = [
        f"  {trouble.at:6.1f} s, student {trouble.student}, {trouble.action}: {trouble.sentence}"
        for trouble in sorted(found, key=lambda trouble: trouble.at)[:_SHOWN_TROUBLES]
    ]
    return "\n".join([f"{what}: {len(found):,} ({kinds}). The first:", *first])


def _resources(resources: Resources, students: int, sessions: int) -> str:
    rows = []
    for name, (start, end, highest) in resources.memory.items():
        growth = end - start
        rows.append(
            f"Server memory, {name}: {_mb(start)} before the students, {_mb(end)} at the end, {_mb(highest)} at most; "
            f"{_mb(growth / students)} more per student, {_mb(growth / max(1, sessions))} per session."
        )
    if not rows:
        rows.append("Server memory: not known; give --pid, or a server with /metrics.")
    if resources.server_cpu is not None:
        rows.append(f"Server: {resources.server_cpu / resources.seconds:.2f} cores.")
    cores = ", ".join(f"{seconds / resources.seconds:.0%}" for seconds in resources.client_cpu)
    rows.append(
        f"Client: {cores} of one core for each process; its loop was late by {resources.client_lag:.2f} s at most."
    )
    return "\n".join(rows)


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"


def _work(done: Mapping[str, Any]) -> str:
    asked = done["asked"]
    rows = [f"Asked for: {asked['contrasts']:,} different readings of words, {asked['texts']:,} different texts."]
    if done["counters"] is None:
        return "\n".join([*rows, "The server's counters: not known, it has no /metrics."])
    rows += [f"  {name} rose by {value:,.0f}" for name, value in done["counters"].items()]
    loads, readings, texts = (done[name] for name in ("model_loads", "readings_again", "texts_again"))
    rows += [
        f"Models loaded since the server's start: {_known(loads)}. Beyond one for each that was asked for: "
        f"{_known(readings)} readings of words, {_known(texts)} forward passes of texts."
    ]
    return "\n".join(rows)


def _known(count: float | None) -> str:
    return "an unknown number" if count is None else f"{count:,.0f}"


def same_values(identical: Mapping[str, Any]) -> str:
    """What ``benchmarks.compare`` found."""
    rows = []
    for what in ("contrasts", "texts"):
        same, different = identical[what]["equal"], identical[what]["different"]
        rows.append(
            f"{what.capitalize()} compared with a quiet computation: {same:,} equal, {len(different):,} different."
        )
        rows += [f"  {sentence}" for sentence in different[:_SHOWN_TROUBLES]]
    return "\n".join(rows)
