"""The checks by name, in the order in which a reviewer asks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from core.errors import Cancelled, UserError
from core.progress import Progress, unwatched
from core.records import IMPOSSIBLE, Finding

if TYPE_CHECKING:
    from core.evidence.subject import Subject

CHECKS = (
    "test_choice",
    "both_sides",
    "multiplicity",
    "effect_size",
    "held_out",
    "control_task",
    "untrained",
    "confounds",
    "input_grid",
    "gold_text",
    "one_versus_rest",
    "ambiguous",
    "causal",
    "top_contexts",
)


# What may pass: another try may give a verdict.
PASSING = ("busy", "memory", "network")


class CheckModule(Protocol):
    """What each module of a check has."""

    TITLE: str
    QUESTION: str
    RULE: str
    VALUE: str
    LIMITS: str

    def check(self, subject: Subject, progress: Progress = ...) -> Finding:
        """Run the check."""


def about(name: str) -> CheckModule:
    """The module of a check: its title, question, rule, limits and the name of its value, and the check itself.

    Raises
    ------
    UserError
        There is no such check.

    Examples
    --------
    >>> about("input_grid").TITLE
    'How the words are read'
    """
    if name not in CHECKS:
        raise UserError(f"There is no check “{name}”; there are {', '.join(CHECKS)}.")
    return cast(CheckModule, import_module(f"core.evidence.{name}"))


def run_check(name: str, subject: Subject, progress: Progress = unwatched) -> Finding:
    """Run one check of a subject.

    Returns
    -------
    Finding
        "cannot be run here", with the reason as its sentence, where the check raises a UserError.

    Raises
    ------
    Cancelled
        ``progress`` has stopped the work.
    UserError
        For now it cannot be run: memory runs out, or the server is busy.
    """
    module = about(name)
    try:
        return module.check(subject, progress)
    except Cancelled:
        raise
    except UserError as error:
        if error.about in PASSING:
            raise
        return Finding(IMPOSSIBLE, module.RULE, str(error))
