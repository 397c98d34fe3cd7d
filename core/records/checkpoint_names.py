"""What the name of a checkpoint says: of which run of training it is, and how far this was; and some of many steps.

Emergence finds the checkpoints of a run by it, and a comparison whether two models are checkpoints of one run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

STEPS, TOKENS, EPOCHS = "step", "token", "epoch"  # what the number of a checkpoint counts

_COUNTED = re.compile(
    r"(?:^|[^a-z0-9])(?P<what>global[-_]?step|step|checkpoint|ckpt|iteration|iter|epoch)s?[-_]?"
    r"(?P<number>\d{1,15})(?![\d.]*\d|[a-z])",
    re.IGNORECASE | re.ASCII,
)
_TOKENS = re.compile(r"(?:tokens?[-_]?)?(\d{1,6}(?:\.\d{1,3})?)([KMBT])(?:[-_]?tokens?)?", re.IGNORECASE | re.ASCII)
_TOKENS_BESIDE = re.compile(
    r"(?:^|[^a-z0-9])tokens?[-_]?\d{1,6}(?:\.\d{1,3})?[KMBT](?![a-z0-9])", re.IGNORECASE | re.ASCII
)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_THOUSANDS = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


@dataclass(frozen=True)
class Position:
    """How far the training of a checkpoint was: a number, and its unit, "step", "token" or "epoch".

    ``stem`` is the name without this number. Checkpoints of one run have the same stem and unit.
    """

    stem: str
    step: int
    unit: str

    @property
    def run(self) -> tuple[str, str]:
        """What the names of all checkpoints of one run have in common."""
        return self.stem, self.unit


def position_of(label: str) -> Position | None:
    """What the name of a checkpoint says; None if it is not plain how far it was.

    Parameters
    ----------
    label : str
        The name of a folder, or of a revision.

    Examples
    --------
    >>> [position_of(label).step for label in ("step1000", "checkpoint-500", "iter_0000020", "1000", "epoch3")]
    [1000, 500, 20, 1000, 3]
    >>> position_of("runA-step1000-tokens4B"), position_of("300B")
    (Position(stem='runA-step', step=1000, unit='step'), Position(stem='', step=300000000000, unit='token'))
    >>> position_of("v1.5"), position_of("step2-checkpoint-3")
    (None, None)
    """
    if _NUMBER.fullmatch(label):
        return Position("", int(label), STEPS)
    if tokens := _TOKENS.fullmatch(label):
        stem = label[: tokens.start(1)] + label[tokens.end(2) :]
        return Position(stem, round(float(tokens[1]) * _THOUSANDS[tokens[2].upper()]), TOKENS)
    found = list(_COUNTED.finditer(label))
    steps = {int(each["number"]) for each in found if each["what"].lower() != EPOCHS}
    numbers = steps or {int(each["number"]) for each in found}  # a name may have the epoch beside the step
    if len(numbers) != 1:
        return None
    (step,) = numbers
    stem = label
    for each in reversed(found):
        stem = stem[: each.start("number")] + stem[each.end("number") :]
    return Position(_TOKENS_BESIDE.sub("", stem), step, STEPS if steps else EPOCHS)


def log_spaced(steps: Iterable[int], most: int = 10, keep: int | None = None) -> tuple[int, ...]:
    """At most so many steps, the first and the last among them, and about evenly apart on a logarithmic scale.

    ``keep`` is one that is chosen in any case, if it is there.

    Examples
    --------
    >>> log_spaced([0, *(2**n for n in range(10)), *range(1_000, 143_001, 1_000)])
    (0, 2, 16, 64, 256, 1000, 3000, 10000, 38000, 143000)
    >>> log_spaced([0, 500, 1000]), log_spaced(range(0, 100, 10), most=3, keep=40)
    ((0, 500, 1000), (0, 40, 90))
    """
    left = sorted(set(steps))
    if len(left) <= most:
        return tuple(left)
    places = np.linspace(math.log1p(left[0]), math.log1p(left[-1]), most)
    chosen = {min(left, key=lambda step: abs(math.log1p(step) - place)) for place in places}
    if keep in left and keep not in chosen:
        between = chosen - {left[0], left[-1]}
        if len(chosen) == most and between:
            chosen.remove(min(between, key=lambda step: abs(math.log1p(step) - math.log1p(keep))))
        chosen.add(keep)
    return tuple(sorted(chosen))
