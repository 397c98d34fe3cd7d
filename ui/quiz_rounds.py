"""The rounds of a session's quiz, which stay on the server, and the answers, which the browser keeps.

What a round has drawn is nowhere but in the session: before the answer, a page draws only what does not tell it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import numpy as np
import streamlit as st

from core.records.quiz import QuizAnswer, answers_of, kept_answers
from ui import learner

if TYPE_CHECKING:
    from core.quiz import Shown

T = TypeVar("T")
_STATE = "_quiz"
_MOST_OPEN = 50  # rounds of other settings that are kept, so that nobody draws anew by going there and back


@dataclass
class Round(Generic[T]):
    """One round: its number in the session, what it has drawn, and the answer (the choices), once it is given."""

    number: int
    drawn: T
    rng: np.random.Generator
    answer: tuple[str, ...] | None = None


@dataclass
class _Session:
    """A session's seed, how many rounds it has had, what it was shown, and the open rounds by kind and settings."""

    seed: int
    shown: Shown
    n: int = 0
    open: dict[tuple[str, str], Round] = field(default_factory=dict)


def shown() -> Shown:
    """What this session was shown."""
    return _session().shown


def find(kind: str, digest: str) -> Round | None:
    """The round of these settings that is on the screen, answered or not; None if one is to be drawn."""
    return _session().open.get((kind, digest))


def begin() -> tuple[int, np.random.Generator]:
    """The number of a new round, and its random numbers: they follow from the session's seed and this number."""
    now = _session()
    now.n += 1
    return now.n, np.random.default_rng((now.seed, now.n))


def put(kind: str, digest: str, drawn: Round[T]) -> Round[T]:
    """Remember the round of these settings."""
    kept = _session().open
    kept[kind, digest] = drawn
    for oldest in list(kept)[:-_MOST_OPEN]:
        del kept[oldest]
    return drawn


def end(kind: str, digest: str) -> None:
    """Callback: the next run draws a new round, if this one has its answer."""
    drawn = find(kind, digest)
    if drawn is not None and drawn.answer is not None:
        del _session().open[kind, digest]


def answers() -> tuple[QuizAnswer, ...]:
    """All valid answers that this browser keeps."""
    return answers_of(learner.part("quiz"))


def note(layer: int, right: Sequence[tuple[str, int, bool]]) -> None:
    """Keep answers: for each its kind, its neuron, and whether it was right."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    new = [QuizAnswer(kind, layer, neuron, is_right, now) for kind, neuron, is_right in right]
    learner.keep("quiz", kept_answers([*answers(), *new]))


def start_again() -> None:
    """Callback: forget all answers, and what was shown."""
    learner.keep("quiz", {})
    now = _session()  # its rounds are counted on: the keys of widgets have the number, and are new ones then
    now.seed, now.open = secrets.randbits(64), {}
    now.shown.times.clear()


def _session() -> _Session:
    if _STATE not in st.session_state:
        from core.quiz import Shown  # the start needs none of it

        st.session_state[_STATE] = _Session(secrets.randbits(64), Shown())
    return cast(_Session, st.session_state[_STATE])
