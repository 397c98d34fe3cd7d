"""The board of a class: the effect that each student has measured, as numbers, for the whole class to see.

    put("meadow-7b", study, SeatEffect(seat=12, g=0.8, variance=0.04, auc=0.71, n_target=50, n_baseline=50))
    effects("meadow-7b", study)     # one a seat, by seat
    studies("meadow-7b")            # what this class has measured, the newest first
    clear("meadow-7b")
    classes(), kept()               # of all classes, for whoever runs the server

A *study* is what the students of a class measure together: one neuron, with the same settings. Effects of different
studies are never pooled. Rows are in SQLite in the cache folder, or in the PostgreSQL database of
``GRAMMAR_NEURONS_BOARD_URL``. They hold numbers and digests: no word, no name, and no class code, of which a digest
with the database's own key is kept. All functions raise UserError with one sentence where something is not allowed, and
where the database does not answer.
"""

# SQLAlchemy is imported with engine.board.database, and so only once the board is used.

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING

from core.errors import UserError
from core.records import MAX_WORDS
from core.records.replication import class_code
from engine.limits import limits

if TYPE_CHECKING:
    from core.records.replication import SeatEffect
    from engine.visitors import Visitor

# A mistake of the board, for pages: what they add is that the rest of the app goes on.
ABOUT = "board"
_STUDY = re.compile(r"[0-9a-f]{8,64}(?:-[0-9]{1,7}){0,2}")
_LARGEST = 1e6  # of an effect or a variance: what is larger is no measurement


@dataclass(frozen=True)
class StudyOnBoard:
    """A study of a class: its digest, how many seats have an effect, and when the newest came (seconds since 1970)."""

    study: str
    n_effects: int
    at: float


@dataclass(frozen=True)
class Class:
    """A class on the board: the digest of its code, how much it has, and when the newest came (seconds since 1970)."""

    digest: str
    n_seats: int
    n_studies: int
    n_effects: int
    at: float


@dataclass(frozen=True)
class Kept:
    """An effect with the digest of its class and its study."""

    digest: str
    study: str
    effect: SeatEffect


def put(code: str, study: str, effect: SeatEffect, visitor: Visitor | None = None) -> None:
    """Keep what a seat has measured. If the seat has an effect in this study, the new one takes its place.

    Parameters
    ----------
    code : str
        The class code, as it was typed.
    study : str
        A digest of the settings, in hexadecimal digits, and up to two numbers after it with hyphens between, such as
        those of a layer and a neuron.
    effect : SeatEffect
    visitor : Visitor, optional
        Who posts. One visitor may post only so fast.

    Raises
    ------
    UserError
        Something is not allowed, or the board is full, or its database does not answer.
    """
    code, study, effect = class_code(code), _study(study), _checked(effect)
    from engine.board.database import board

    board().put(code, study, effect, visitor)


def effects(code: str, study: str) -> tuple[SeatEffect, ...]:
    """The effects of a study, by seat. Empty if there is none."""
    code, study = class_code(code), _study(study)
    from engine.board.database import board

    return board().effects(code, study)


def studies(code: str) -> tuple[StudyOnBoard, ...]:
    """The studies of a class, the newest first. Empty if there is none."""
    code = class_code(code)
    from engine.board.database import board

    return board().studies(code)


def state() -> Hashable:
    """What changes with each write of this process, and is another for another database: for the key of a cache."""
    from engine.board.database import board

    return board(), board().n_writes


def clear(code: str | None, until: float = math.inf) -> int:
    """Remove the effects of a class, or with None of all classes. How many there were.

    What came after ``until`` (seconds since 1970) stays: so nothing goes that was not exported before.
    """
    code = None if code is None else class_code(code)
    from engine.board.database import board

    return board().clear(code, until)


def classes() -> tuple[Class, ...]:
    """All classes, those of the newest effect first."""
    from engine.board.database import board

    return board().classes()


def kept(code: str | None = None) -> tuple[Kept, ...]:
    """All effects of a class, or with None of all classes, by class, study and seat."""
    code = None if code is None else class_code(code)
    from engine.board.database import board

    return board().kept(code)


def _study(study: str) -> str:
    if not _STUDY.fullmatch(study):
        raise UserError(
            f"The study is “{study[:40]}”; 8 to 64 hexadecimal digits are allowed, and up to two numbers after them.",
            about=ABOUT,
        )
    return study


def _checked(effect: SeatEffect) -> SeatEffect:
    """The effect with plain numbers; UserError if one of them cannot be a measurement."""
    seats = limits().board_seats
    for what, value, least, most in (
        ("seat number", effect.seat, 1, seats),
        ("number of target words", effect.n_target, 2, MAX_WORDS),
        ("number of baseline words", effect.n_baseline, 2, MAX_WORDS),
    ):
        if not _is_number(value) or int(value) != value or not least <= value <= most:
            raise UserError(f"The {what} is {str(value)[:40]}; {least:,} to {most:,} are allowed.", about=ABOUT)
    for what, number, low, high in (
        ("effect", effect.g, -_LARGEST, _LARGEST),
        ("variance of the effect", effect.variance, 0.0, _LARGEST),
        ("AUC", effect.auc, 0.0, 1.0),
    ):
        if not _is_number(number) or not low <= number <= high:
            raise UserError(
                f"The {what} is {str(number)[:40]}; a number from {low:g} to {high:g} is allowed.", about=ABOUT
            )
    return replace(
        effect,
        seat=int(effect.seat),
        g=float(effect.g),
        variance=float(effect.variance),
        auc=float(effect.auc),
        n_target=int(effect.n_target),
        n_baseline=int(effect.n_baseline),
    )


def _is_number(value: object) -> bool:
    """Whether a value, which may be a browser's, is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
