"""What a session has been shown, so that nothing comes again while there is something new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

T = TypeVar("T", bound=Hashable)


@dataclass
class Shown:
    """How often each thing was shown: passages, neurons, pairs.

    Examples
    --------
    >>> shown, rng = Shown(), np.random.default_rng(0)
    >>> sorted(shown.draw("passage", [1, 2, 3], rng) for _ in range(3))
    [1, 2, 3]
    """

    times: Counter[tuple[str, Hashable]] = field(default_factory=Counter)

    def draw(self, kind: str, options: Sequence[T], rng: np.random.Generator) -> T:
        """Draw one of the options that were shown least often, each with the same chance, and count it as shown."""
        least = min(self.times[kind, option] for option in options)
        open_ = [option for option in options if self.times[kind, option] == least]
        drawn = open_[int(rng.integers(len(open_)))]
        self.times[kind, drawn] += 1
        return drawn
