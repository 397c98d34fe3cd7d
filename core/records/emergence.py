"""One contrast at the checkpoints of a training run: a small summary of each, and the curve that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.records.model_info import ModelInfo
from core.records.spec import ContrastSpec


@dataclass(frozen=True, eq=False)
class SideSummary:
    """Every layer of one checkpoint, tested at one side of the nonlinearity.

    The second axis of arrays (n_layers, 2) is the direction: higher for the target, higher for the baseline.
    ``significant`` and ``strong`` are counts, int64, of the ``tested`` neurons (n_layers,). ``auc_ends`` and ``g_ends``
    are the largest and the smallest AUC and Hedges' g of a tested neuron, significant or not, and ``auc_neurons`` and
    ``g_neurons`` those neurons; NaN and -1 where there is none. ``chance_auc`` (n_layers,) is the largest own AUC, of
    either direction, with shuffled labels, once; NaN of too few words. ``auc`` float32 and ``is_significant`` bool,
    both (n_layers, n_neurons), are those of every neuron.
    """

    tested: np.ndarray
    significant: np.ndarray
    strong: np.ndarray
    auc_ends: np.ndarray
    auc_neurons: np.ndarray
    g_ends: np.ndarray
    g_neurons: np.ndarray
    chance_auc: np.ndarray
    auc: np.ndarray
    is_significant: np.ndarray

    @property
    def best_auc(self) -> np.ndarray:
        """The largest own AUC of each layer and direction, (n_layers, 2): that for the target, or 1 minus it."""
        return np.stack([self.auc_ends[:, 0], 1 - self.auc_ends[:, 1]], axis=-1)


@dataclass(frozen=True, eq=False)
class CheckpointSummary:
    """One checkpoint: its model, and both sides of the nonlinearity, each tested in its own right."""

    model: ModelInfo
    pre_activation: SideSummary
    activation: SideSummary
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Layers, and neurons of each."""
        n_layers, n_neurons = self.pre_activation.auc.shape
        return int(n_layers), int(n_neurons)

    def at(self, side: str) -> SideSummary:
        """The summary at one side of the nonlinearity."""
        return self.pre_activation if side == "pre-activation" else self.activation


@dataclass(frozen=True)
class FailedCheckpoint:
    """A checkpoint that could not be read, and why, in a sentence."""

    step: int
    name: str
    why: str


@dataclass(frozen=True, eq=False)
class Emergence:
    """One contrast over the checkpoints of a training run. The model and the layer of the spec do not matter.

    ``steps`` are in ascending order, and ``summaries`` in theirs; all models have one shape. ``unit`` is what the steps
    count: "step", or "token". ``failed`` are the checkpoints that could not be read.
    """

    spec: ContrastSpec
    unit: str
    steps: tuple[int, ...]
    summaries: tuple[CheckpointSummary, ...]
    failed: tuple[FailedCheckpoint, ...] = ()

    @property
    def n_layers(self) -> int:
        """How many layers the models have; 0 if none was read."""
        return self.summaries[0].shape[0] if self.summaries else 0

    @property
    def n_neurons(self) -> int:
        """How many neurons a layer has."""
        return self.summaries[0].shape[1] if self.summaries else 0

    def best_auc(self, side: str, layer: int | None = None) -> np.ndarray:
        """The largest own AUC at each checkpoint, of a layer or of all: (n_checkpoints, 2)."""
        return _over(largest, [each.at(side).best_auc for each in self.summaries], layer)

    def strong(self, side: str, layer: int | None = None) -> np.ndarray:
        """The number of strong neurons at each checkpoint, of a layer or of all: int64 (n_checkpoints, 2)."""
        return _over(_total, [each.at(side).strong for each in self.summaries], layer)

    def significant(self, side: str, layer: int | None = None) -> np.ndarray:
        """The number of significant neurons at each checkpoint, of a layer or of all: int64 (n_checkpoints, 2)."""
        return _over(_total, [each.at(side).significant for each in self.summaries], layer)

    def chance_auc(self, side: str) -> np.ndarray:
        """The largest own AUC of any neuron with shuffled labels, at each checkpoint: (n_checkpoints,)."""
        return np.array([float(largest(each.at(side).chance_auc)) for each in self.summaries])

    def auc_of(self, side: str, layer: int, neuron: int) -> np.ndarray:
        """The AUC of one neuron for the target, at each checkpoint: (n_checkpoints,)."""
        return np.array([float(each.at(side).auc[layer, neuron]) for each in self.summaries])


def largest(values: np.ndarray) -> np.ndarray:
    """The largest value of each column that is not NaN; NaN if all are.

    Examples
    --------
    >>> largest(np.array([[0.5, np.nan], [0.75, np.nan]])).tolist()
    [0.75, nan]
    """
    found = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    return np.where(np.isneginf(found), np.nan, found)


def _total(values: np.ndarray) -> np.ndarray:
    return values.sum(axis=0)


def _over(
    all_layers: Callable[[np.ndarray], np.ndarray], values: Sequence[np.ndarray], layer: int | None
) -> np.ndarray:
    rows = [all_layers(each) if layer is None else each[layer] for each in values]
    return np.stack(rows) if rows else np.empty((0, 2))
