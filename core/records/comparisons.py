"""What a check of this computer's reading found: our values beside those of plain PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.records.results import ContrastResult

# How far two correct float32 computations may lie apart, as a share of a neuron's largest value. In a real model of 135
# million parameters, sums in another order differ by up to 0.0001; a wrong module, token or position by far more.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Comparison:
    """Our values and the plain ones of some words or of a text, on one side of the nonlinearity, over all layers.

    ``relative`` is the largest difference of a neuron as a share of its own largest value, for the neuron where this is
    worst. For a neuron that is always near zero, it is a share of what is usual in its layer: the median of all
    neurons' largest values.
    """

    what: str
    side: str
    n_values: int
    relative: float

    @property
    def same(self) -> bool:
        """Whether the two readings differ by no more than rounding."""
        return self.relative <= TOLERANCE


@dataclass(frozen=True)
class NotebookComparison:
    """The course notebook's own loop beside our notebook preset, on the same words of one layer.

    ``statistic`` and ``significant`` (n_neurons,) are the notebook's: t, and whether p is below alpha by Bonferroni.
    """

    result: ContrastResult
    statistic: np.ndarray
    significant: np.ndarray

    @property
    def largest_difference(self) -> float:
        """The largest difference between two t."""
        return float(np.nanmax(np.abs(self.result.tests.statistic - self.statistic)))

    @property
    def same_extremes(self) -> bool:
        """Whether the neurons with the largest and the smallest t are the same."""
        extremes = int(np.nanargmax(self.statistic)), int(np.nanargmin(self.statistic))
        return (self.result.largest, self.result.smallest) == extremes

    @property
    def n_otherwise(self) -> int:
        """How many neurons are significant in one of the two alone."""
        return int((self.result.significant != self.significant).sum())

    @property
    def same(self) -> bool:
        """Whether t, extremes and significant neurons are the same."""
        largest = float(np.nanmax(np.abs(self.statistic)))
        return self.largest_difference <= TOLERANCE * largest and self.same_extremes and self.n_otherwise == 0
