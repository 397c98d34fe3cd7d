"""What a result says beside p-values: effect sizes with intervals, the other side of the nonlinearity, cautions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

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
