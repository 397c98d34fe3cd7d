"""What a check of one neuron has found: a verdict, the rule behind it, the numbers, and a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOLDS, FAILS, UNCLEAR, NOT_RUN, IMPOSSIBLE = VERDICTS = (
    "holds",
    "does not hold",
    "unclear",
    "not run",
    "cannot be run here",
)

# An AUC from which a neuron separates two classes clearly: of four random pairs, three are in order. Half as strong,
# measured from chance (0.5), as a neuron that separates them perfectly.
CLEAR_AUC = 0.75
# With fewer words of a class in a text, no AUC is computed: its 95% interval is about 0.4 wide.
ENOUGH_WORDS = 10

# A plain value of JSON: what a finding's figures are made of, so that a file gives back the same.
Plain = Any


@dataclass(frozen=True)
class Finding:
    """What one check has found about one neuron.

    ``verdict`` is one of ``VERDICTS``, and ``rule`` says in words when it is which. ``value`` is the number that the
    rule is about, and ``interval`` its 95% interval, or the range that the rule names. ``figures`` has all other
    numbers, as plain values of JSON, under names that docs/methods.md defines; a picture needs nothing else.
    ``sentence`` is for the reader.

    Examples
    --------
    >>> Finding("holds", "Holds if the AUC is at least 0.75.", "It is 0.91.", 0.91).verdict
    'holds'
    """

    verdict: str
    rule: str
    sentence: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    figures: Mapping[str, Plain] | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"There is no verdict {self.verdict!r}: choose one of {', '.join(VERDICTS)}.")
        for name in ("value", "interval", "figures"):
            object.__setattr__(self, name, plain(getattr(self, name)))
        if self.interval is not None:
            object.__setattr__(self, "interval", tuple(self.interval))

    @property
    def numbers(self) -> Mapping[str, Plain]:
        """The figures; empty where a check was not run."""
        return self.figures or {}

    def to_plain(self) -> dict[str, Plain]:
        """The finding as an object of JSON."""
        return {
            "verdict": self.verdict,
            "rule": self.rule,
            "value": self.value,
            "interval": None if self.interval is None else list(self.interval),
            "figures": dict(self.numbers),
            "sentence": self.sentence,
        }


def plain(value: Any) -> Plain:
    """Numbers and arrays of NumPy, tuples and mappings as plain values of JSON. What is not finite becomes None.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"auc": np.float64(0.5), "range": (np.nan, np.int64(2))})
    {'auc': 0.5, 'range': [None, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # an array or a number of NumPy
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"{type(value).__name__} is not a plain value.")
