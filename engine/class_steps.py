"""The steps of a class that repeats one study: the words of every seat, the effect of one, and what is on the board.

The server computes what it puts on the board, from a code and a seat number: nobody can post a number.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from core.progress import Progress
from core.records.replication import Deal, Pooled, SeatEffect, SignAgreement, Study
from core.replication import deal, measure
from engine import board
from engine.folders import downloads
from engine.pipeline import Request, step, waiting
from engine.steps import activations, model_info, tests_key, words
from engine.visitors import Visitor

DEFAULT_WORDS = 12  # of each class, that a seat gets: the bundled lists of nouns and verbs have 64 such seats


def _dealt_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec = request.spec
    lists = (spec.target, spec.baseline, spec.word_source, spec.target_words, spec.baseline_words)
    return *lists, spec.n_target, spec.n_baseline, request.code


@step(
    _dealt_key,
    key_text="the two lists, the number of words of a seat, the class code",
    entries=64,
    share=0.02,
    # As of the words: if bundled lists replaced downloaded ones, the network may be back.
    max_age=300,
    stored="memory, for five minutes",
)
def dealt(request: Request, need: Any, progress: Progress) -> Deal:
    """The words of every seat of a class. A seat's number of words is that of the spec."""
    progress(0.0, "Dealing the words")
    return deal(request.spec, request.code, downloads())


@step(
    lambda request, need: (*tests_key(request, need), request.spec.layer, request.marked),
    key_text="the key of the tests, the layer, and the neuron",
    needs=(words, activations),
    entries=2048,
)
def seat_effect(request: Request, need: Any, progress: Progress) -> SeatEffect:
    """The effect of one neuron for the words of one seat."""
    return measure(request.spec, need(activations), request.marked or 0)


# --- The board ---


@dataclass(frozen=True)
class OnBoard:
    """What the board has of a study, by seat, and how many effects the class has of other settings or neurons."""

    effects: tuple[SeatEffect, ...]
    n_elsewhere: int


def post(code: str, study_key: str, seat: int, effect: SeatEffect, visitor: Visitor | None = None) -> None:
    """Put on the board what a seat has measured; one of the same seat is replaced.

    Raises
    ------
    UserError
        The board does not take it, or cannot be reached.
    """
    with waiting(visitor) if visitor else nullcontext():
        board.put(code, study_key, replace(effect, seat=seat), visitor)


def _study_key(request: Request, need: Any) -> str:
    return Study(request.spec, request.marked or 0).key(need(dealt).pool, need(model_info).revision)


@step(
    lambda request, need: (request.code, _study_key(request, need), board.state()),
    key_text="the class code, the study, what this process has written to the board",
    needs=(dealt, model_info),
    entries=256,
    max_age=1.0,  # all who watch ask the database once a second together
    stored="memory, for a second",
)
def on_board(request: Request, need: Any, progress: Progress) -> OnBoard:
    """What is on the board of a class, of one study: the spec with its lists, and the neuron."""
    key = _study_key(request, need)
    progress(0.0, "Asking the board")
    effects = board.effects(request.code, key)
    return OnBoard(effects, sum(each.n_effects for each in board.studies(request.code) if each.study != key))


@lru_cache(maxsize=64)
def pooled(effects: tuple[SeatEffect, ...]) -> tuple[Pooled, SignAgreement]:
    """The effects together, computed once for all who watch the same board."""
    from core.stats.meta_analysis import pool_of_one_size, sign_agreement  # the start needs none of it

    g = np.array([effect.g for effect in effects])
    found = pool_of_one_size(g, np.array([effect.variance for effect in effects]))
    return found, sign_agreement(g, found.estimate, sum(effect.includes_zero for effect in effects))


def seats_csv(effects: tuple[SeatEffect, ...]) -> bytes:
    """The effects of all seats as CSV, with all digits."""
    from core.report.replication import seats_table
    from core.report.tables import BYTE_ORDER_MARK

    return f"{BYTE_ORDER_MARK}{seats_table(effects).csv()}".encode()


def seats_json(effects: tuple[SeatEffect, ...]) -> bytes:
    """The same as JSON."""
    from core.report.replication import seats_table

    return seats_table(effects).json().encode()
