"""The lesson: steps that a student takes on the live model, one file each.

    for step in STEPS:
        print(step.title, step.question, step.reveal(live).sentence)

``engine.lesson_steps`` obtains a ``Live``. An answer is computed from it, and stands in no step.
"""

from __future__ import annotations

from core.lesson import (
    ablation,
    both_sides,
    chance,
    colours,
    effect_size,
    hook,
    running_text,
    t_test,
    tokens,
    values,
)
from core.lesson.step import Choice, Guess, Live, Number, Reveal, Step

__all__ = ["STEPS", "Choice", "Guess", "Live", "Number", "Reveal", "Step", "of_name", "program"]

STEPS: tuple[Step, ...] = (
    hook.STEP,
    tokens.STEP,
    values.STEP,
    t_test.STEP,
    colours.STEP,
    chance.STEP,
    effect_size.STEP,
    running_text.STEP,
    both_sides.STEP,
    ablation.STEP,
)


def of_name(name: str) -> Step | None:
    """The step of a name, as a link has it; None if there is none.

    Examples
    --------
    >>> of_name("hook").title
    'Where to look: a hook on one MLP'
    """
    return next((step for step in STEPS if step.name == name), None)


def program(step: Step, live: Live) -> str:
    """A whole program: the lines of the steps that it builds on, and its own. The last number it prints is the step's.

    Raises
    ------
    UserError
        One of these steps has no plain lines for these settings.
    """
    needed = {step.name, *step.builds_on}
    chosen = [each for each in STEPS if each.name in needed]
    parts = [f"# {place(each)}. {each.title}\n{each.code(live)}" for each in chosen]
    return "\n\n".join(parts) + "\n"


def place(step: Step) -> int:
    """The number of a step, from 1.

    Examples
    --------
    >>> place(STEPS[1])
    2
    """
    return STEPS.index(step) + 1
