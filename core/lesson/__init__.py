"""The lesson: steps that a student takes on the live model, one file each.

    for step in STEPS:
        print(step.title, step.question, step.reveal(live).sentence)

``engine.lesson_steps`` obtains a ``Live``. An answer is computed from it, and stands in no step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
from core.lesson.step import Choice, Live, Number, Options, Reveal, Step, written
from core.records import ContrastSpec

__all__ = [
    "STEPS",
    "Choice",
    "Live",
    "Number",
    "Options",
    "Reveal",
    "Step",
    "of_name",
    "place",
    "program",
    "terms_at",
    "written",
]

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


def program(step: Step, live: Live, shown: Sequence[Step] = STEPS) -> str:
    """A whole program: the lines of the steps that it builds on, and its own. The last number it prints is the step's.

    ``shown`` are the steps of this lesson, whose numbers stand in the program.

    Raises
    ------
    UserError
        One of these steps has no plain lines for these settings.
    """
    needed = {step.name, *step.builds_on}
    chosen = [each for each in STEPS if each.name in needed]
    parts = [f"# {_numbered(each, shown)}\n{each.code(live)}" for each in chosen]
    return "\n\n".join([*_files("".join(parts)), *parts]) + "\n"


def _numbered(step: Step, shown: Sequence[Step]) -> str:
    """The title of a step after its number; one that this lesson leaves out has no number."""
    return f"{place(step, shown)}. {step.title}" if step in shown else step.title


def _files(code: str) -> list[str]:
    """The comment that says where the files of a program are; none if it reads no file of this project."""
    needed = {"MODEL_FOLDER": "the model's folder", "TAGGED_TEXT": "the file of tagged sentences"}
    named = [f"{name} ({what})" for name, what in needed.items() if f'"{name}"' in code]
    if not named:
        return []
    where = "# Run this in the folder of the project Grammar Neurons."
    return [f"{where}\n# Or set in the environment: {', '.join(named)}."]


def terms_at(step: Step, shown: Sequence[Step]) -> tuple[str, ...]:
    """The words that are explained at a step: its own, and those of steps that are left out if it is first to use them.

    Examples
    --------
    >>> terms_at(of_name("chance"), [of_name("hook"), of_name("chance")])
    ('alpha', 'p', 'shuffled labels', 'volcano')
    """
    earlier = STEPS[: STEPS.index(step)]
    missing = sorted(term for each in earlier if each not in shown for term in each.terms if _has(step, term))
    before = [each for each in shown if STEPS.index(each) < STEPS.index(step)]
    known = {term for term in missing for each in before if _has(each, term)}
    return (*(term for term in missing if term not in known), *step.terms)


def _has(step: Step, term: str) -> bool:
    """Whether a word stands in what a student reads before the answer."""
    options = getattr(step.guess(ContrastSpec()), "options", ())
    texts = " ".join([step.title, *step.idea, step.look_for, step.question, step.hint, *options])
    return bool(re.search(rf"(?<![\w’'-]){re.escape(term)}(?![\w’'-])", texts))


def place(step: Step, shown: Sequence[Step] = STEPS) -> int:
    """The number of a step among those that a lesson shows, from 1.

    Examples
    --------
    >>> place(STEPS[1])
    2
    """
    return list(shown).index(step) + 1
