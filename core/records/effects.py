"""What a result says beside p-values: effect sizes, the other side of the nonlinearity, marks of neurons, cautions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from core.records.results import NeuronTests

# A neuron is strong if its AUC is at least this, or at most one minus this.
STRONG_AUC = 0.9
# A neuron is silent if its pre-activation is above zero on less than this share of the words of both classes.
SILENT_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class EffectSizes:
    """Effect sizes of the neurons of one layer, with 95% confidence intervals.

    All arrays are float64 (n_neurons,), and positive (or above 0.5) if the target is higher. ``hedges_g`` is Cohen's d
    of ``NeuronTests`` without its small-sample bias. The AUC itself is in ``NeuronTests``.
    """

    hedges_g: np.ndarray
    hedges_g_low: np.ndarray
    hedges_g_high: np.ndarray
    auc_low: np.ndarray
    auc_high: np.ndarray


@dataclass(frozen=True, eq=False)
class OtherSide:
    """The same neurons on the side of the nonlinearity that was not tested.

    Arrays are float64 (n_neurons,). ``side`` is this other side. ``mean_difference`` and ``auc`` are its own.
    ``above_zero_target`` and ``above_zero_baseline`` are the shares of words whose pre-activation is above zero,
    whichever side was tested: below zero, the nonlinearity passes on little or nothing.
    """

    side: str
    mean_difference: np.ndarray
    auc: np.ndarray
    above_zero_target: np.ndarray
    above_zero_baseline: np.ndarray


@dataclass(frozen=True, eq=False)
class ShuffledPoints:
    """What the neurons of one layer are once the labels are shuffled: what chance looks like.

    Hedges' g and the log10 of the unadjusted p of each neuron, float64 (n_neurons,), NaN for one that was not tested.
    """

    hedges_g: np.ndarray
    log10_p: np.ndarray


@dataclass(frozen=True)
class Remedy:
    """Changes of a spec that avoid what a caution warns of, with a label for a button."""

    label: str
    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Caution:
    """A sentence with the measured rate of false findings in a situation like this one, and its remedies."""

    sentence: str
    remedies: tuple[Remedy, ...]


def is_strong(auc: np.ndarray) -> np.ndarray:
    """Which AUCs are at least 0.90 or at most 0.10, to within rounding: bool of the same shape.

    Examples
    --------
    >>> is_strong(np.array([0.9, 0.89, 0.1]))
    array([ True, False,  True])
    """
    return np.maximum(auc, 1 - auc) >= STRONG_AUC - 1e-12


def turned(auc: float, low: float, high: float) -> tuple[float, float, float]:
    """An AUC for one class, and the limits of its interval, as those for the other class.

    Examples
    --------
    >>> turned(0.25, 0.125, 0.5)
    (0.75, 0.5, 0.875)
    """
    return 1 - auc, 1 - high, 1 - low


class Marks:
    """The marks of neurons, for a result of one layer and for one of all: bool, of the shape of its arrays."""

    tests: NeuronTests
    other_side: OtherSide
    significant: np.ndarray

    @property
    def n_higher(self) -> int:
        """The number of significant neurons that are higher for the target."""
        return int(np.sum(self.significant & (self.tests.statistic > 0)))

    @property
    def n_lower(self) -> int:
        """The number of significant neurons that are higher for the baseline."""
        return int(np.sum(self.significant & (self.tests.statistic < 0)))

    @property
    def strong(self) -> np.ndarray:
        """Which neurons are significant, and have an AUC of at least 0.90 or at most 0.10."""
        return self.significant & is_strong(self.tests.auc)

    @property
    def strong_on_both_sides(self) -> np.ndarray:
        """Which strong neurons are strong on the other side of the nonlinearity too, in the same direction."""
        return self.strong & is_strong(self.other_side.auc) & ~self._other_direction

    @property
    def strong_reversed(self) -> np.ndarray:
        """Which strong neurons are strong on the other side of the nonlinearity too, in the opposite direction."""
        return self.strong & is_strong(self.other_side.auc) & self._other_direction

    @property
    def silent(self) -> np.ndarray:
        """Which neurons have a pre-activation above zero on under 5% of the words of each class."""
        other = self.other_side
        return np.maximum(other.above_zero_target, other.above_zero_baseline) < SILENT_SHARE

    @property
    def reverses(self) -> np.ndarray:
        """Which neurons are higher for the other class on the other side, by their mean and by their AUC."""
        return (self.tests.mean_difference * self.other_side.mean_difference < 0) & self._other_direction

    @property
    def _other_direction(self) -> np.ndarray:
        """Whether the AUCs of the two sides are on opposite sides of 0.5."""
        return (self.tests.auc - 0.5) * (self.other_side.auc - 0.5) < 0
