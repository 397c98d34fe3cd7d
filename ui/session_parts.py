"""What a session has done, for its print-out: the parts that the browser keeps (``ui.learner``), checked.

A part that is missing, or of another form, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.evidence import about
from core.records import ContrastResult
from core.report.readable import readable_number
from core.report.session_report import Answer, CheckRun, Score
from engine.pipeline import Request
from ui import learner, registrations, verdicts
from ui.evidence_states import states_of

_LONGEST = 400  # characters of a text that comes back


def answers(titles: Mapping[str, str]) -> tuple[Answer, ...]:
    """The guesses of the lesson and what was shown then; ``titles`` are those of its steps by name, in their order."""
    kept = learner.part("lesson")
    found = []
    for name in (*titles, *(name for name in kept if name not in titles)):
        one = kept.get(name)
        if isinstance(one, dict) and (one.get("guess") is not None or one.get("answer") is not None):
            at = _shown(one.get("at"))
            found.append(Answer(titles.get(name, name[:80]), _shown(one.get("guess")), _shown(one.get("answer")), at))
    return tuple(found)


def scores() -> tuple[Score, ...]:
    """The scores of the quiz."""
    return ()


def seat() -> tuple[tuple[str, str], ...]:
    """Which seat of which class this browser has; nothing without one."""
    kept = learner.part("seat")
    names = {"code": "Class code", "seat": "Seat"}
    return tuple((shown, _shown(kept[name])) for name, shown in names.items() if name in kept and _shown(kept[name]))


def registered(result: ContrastResult, neuron: int) -> tuple[Any, ...]:
    """Each registration with what is reported otherwise, the oldest first."""
    kept = reversed(registrations.kept())
    return tuple((one, registrations.changed(one, neuron, result.model.revision)) for one in kept)


def findings(result: ContrastResult, neuron: int) -> dict[str, Any]:
    """The findings of the checks of a neuron that were run, by name."""
    states = states_of(Request(result.spec, marked=neuron))
    return {name: state.finding for name, state in states.items() if state.finding is not None}


def checks(found: Mapping[str, Any]) -> tuple[CheckRun, ...]:
    """The checks that were run, as a table has them."""
    return tuple(
        CheckRun(
            about(name).TITLE,
            finding.verdict,
            f"{about(name).VALUE} {number}" if (number := verdicts.number_of(finding, about(name).VALUE)) else "",
            finding.sentence,
        )
        for name, finding in found.items()
    )


def _shown(value: Any) -> str:
    """A text or a number that came back, as it is read; "" of anything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**9 else ""
    if isinstance(value, float):
        return readable_number(value) if abs(value) < 10**9 else ""  # false for NaN
    return value[:_LONGEST] if isinstance(value, str) else ""
