"""The lesson: steps that a student takes on the live model, one file each.

    for step in STEPS:
        print(step.title, step.question, step.reveal(live).sentence)

``engine.lesson_steps`` obtains a ``Live``. An answer is computed from it, and stands in no step.
"""

from __future__ import annotations

from core.lesson import hook, tokens
from core.lesson.step import Choice, Guess, Live, Number, Reveal, Step

__all__ = ["STEPS", "Choice", "Guess", "Live", "Number", "Reveal", "Step", "of_name", "program"]

STEPS: tuple[Step, ...] = (hook.STEP, tokens.STEP)


def of_name(name: str) -> Step | None:
    """The step of a name, as a link has it; None if there is none.

    Examples
    --------
    >>> of_name("hook").title
    'Where to look: a hook on one MLP'
    """
    return next((step for step in STEPS if step.name == name), None)


def program(step: Step, live: Live) -> str:
    """A whole program: the lines of all earlier steps, and the step's own. The last number it prints is the step's.

    Raises
    ------
    UserError
        A step up to this one has no plain lines for these settings.
    """
    parts = [f"# {number}. {each.title}\n{each.code(live)}" for number, each in enumerate(STEPS[: place(step)], 1)]
    return "\n\n".join(parts) + "\n"


def place(step: Step) -> int:
    """The number of a step, from 1.

    Examples
    --------
    >>> place(STEPS[1])
    2
    """
    return STEPS.index(step) + 1
