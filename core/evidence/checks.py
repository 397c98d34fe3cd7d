"""The checks by name, in the order in which a reviewer asks.

A check is one module of this package, with what ``CheckModule`` lists. CONTRIBUTING.md, "Add an evidence check",
adds one.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from core.errors import Cancelled, UserError
from core.progress import Progress, unwatched
from core.records import IMPOSSIBLE, Finding

if TYPE_CHECKING:
    from core.evidence.subject import Subject

_PLACE = re.compile(r"^PLACE = (\d+)$", re.MULTILINE)


def _found_checks(folder: Path) -> tuple[str, ...]:
    """The names of the modules of a folder that have a line ``PLACE = 20``, by this number, then by name.

    They are not imported: that would load all that they compute with.
    """
    places = []
    for file in folder.glob("*.py"):
        if place := _PLACE.search(file.read_text(encoding="utf-8")):
            places.append((int(place[1]), file.stem))
    return tuple(name for _, name in sorted(places))


CHECKS = _found_checks(Path(__file__).parent)

# What may pass: another try may give a verdict.
PASSING = ("busy", "memory", "network")


class CheckModule(Protocol):
    """What each module of a check has: it is the record of the check.

    ``PLACE`` is its place among the checks, such as 45: smaller ones come first. ``TITLE`` and ``QUESTION`` are above
    the verdict, ``RULE`` says when it is which, ``VALUE`` names the number that the rule is about in at most 25
    characters, and ``LIMITS`` says what the check cannot show. Its picture is
    ``core/report/figures/evidence/<name>.py``; without that file, a plain one shows the value with its interval.
    """

    PLACE: int
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
