"""What a session has done, for its print-out: the parts that the browser keeps (``ui.learner``), checked.

A part that is missing, or of another form, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.evidence import about
from core.records import ContrastResult, ContrastSpec
from core.report.readable import interval, readable_auc, readable_share, signed
from core.report.session_report import Answer, CheckRun, Score
from engine.pipeline import Request
from ui import learner, lesson_progress, quiz_rounds, registrations, verdicts
from ui.evidence_states import states_of

_LONGEST, _LARGEST = 80, 10**6  # characters of a text that comes back, and a number
_KINDS = {
    "which": "Which text is coloured by a neuron that differs between the classes",
    "class": "For which class it is higher",
    "pair": "In which phrase of a minimal pair it is higher",
}


def answers(spec: ContrastSpec) -> tuple[Answer, ...]:
    """The guesses of the lesson and what was shown then, in the order of its steps."""
    from core.lesson import written  # late: few pages have a lesson

    kept, found = lesson_progress.guesses(), []
    for step in lesson_progress.lesson_steps_shown():
        if one := kept.get(step.name):
            asked = step.guess(spec)
            guess, answer = ("" if each in (None, "") else written(each, asked) for each in (one.guess, one.answer))
            found.append(Answer(step.title, guess, answer, one.at))
    return tuple(found)


def scores() -> tuple[Score, ...]:
    """The scores of the quiz, of each kind of question that was answered."""
    from core.quiz import scores as scores_of

    return tuple(
        Score(_KINDS[kind], found.n_right, found.n, interval(readable_share(found.low), readable_share(found.high)))
        for kind, found in scores_of(quiz_rounds.answers()).items()
        if found.n
    )


def seat() -> tuple[tuple[str, str], ...]:
    """The seat of this browser in a class, and the effect that it has measured; nothing without one."""
    kept = learner.part("seat")
    code, number, measured = kept.get("code"), kept.get("seat"), kept.get("measured")
    if not isinstance(code, str) or type(number) is not int:
        return ()
    rows = [("Class code", code[:_LONGEST]), ("Seat", str(number)[:12])]
    names = ("g", "low", "high", "auc")
    values: list[Any] = [measured.get(name) for name in names] if isinstance(measured, dict) else [None]
    if all(type(value) in (int, float) and abs(value) < _LARGEST for value in values):  # false for NaN
        g, low, high, auc = values
        rows.append(("Effect of this seat", f"Hedges' g {signed(g)} {interval(signed(low), signed(high))}"))
        rows.append(("AUC of this seat", readable_auc(auc)))
    return tuple(rows)


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
