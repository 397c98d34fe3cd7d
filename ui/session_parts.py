"""What a session has done, for its print-out: the parts that the browser keeps (``ui.learner``), checked.

A part that is missing, or of another form, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.evidence import about
from core.records import SIDES, ContrastResult, ContrastSpec
from core.records.plain import number, text, whole
from core.report.quiz import KIND_TITLES
from core.report.readable import interval, readable_auc, readable_share, signed
from core.report.session_report import Answer, CheckRun, Score
from engine.pipeline import Request
from ui import learner, lesson_progress, quiz_rounds, registrations, verdicts
from ui.evidence_states import states_of

_LONGEST = 80  # characters of a class code


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
        Score(
            KIND_TITLES[kind], found.n_right, found.n, interval(readable_share(found.low), readable_share(found.high))
        )
        for kind, found in scores_of(quiz_rounds.answers()).items()
        if found.n
    )


def seat() -> tuple[tuple[str, str], ...]:
    """The seat of this browser in a class, and the effect that it has measured; nothing without one."""
    kept = learner.part("seat")
    measured: Any = kept.get("measured")
    try:
        rows: tuple[tuple[str, str], ...]
        rows = (("Class code", text(kept.get("code"), _LONGEST)), ("Seat", str(whole(kept.get("seat")))))
    except ValueError:
        return ()
    if (guess := kept.get("guess")) in SIDES:
        rows = (*rows, ("Prediction for this seat", f"higher for the {guess}"))
    try:
        g, low, high = (number(measured[name]) for name in ("g", "low", "high"))
        auc = number(measured["auc"], 0.0, 1.0)
    except (ValueError, KeyError, TypeError):  # nothing was measured, or it is forged
        return rows
    effect = f"Hedges' g {signed(g)} {interval(signed(low), signed(high))}"
    return (*rows, ("Effect of this seat", effect), ("AUC of this seat", readable_auc(auc)))


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
