"""One contrast over every neuron of every layer, and what a tagged text says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.records.effects import Marks, OtherSide
from core.records.model_info import ModelInfo
from core.records.results import NeuronTests
from core.records.spec import ContrastSpec


@dataclass(frozen=True, eq=False)
class AllLayers(Marks):
    """One contrast at every layer that was read, at the spec's side of the nonlinearity. The spec's layer counts not.

    Arrays are (n_layers, n_neurons), float64 or bool, in the order of ``layers``; those of ``other_side`` too.
    ``n_target`` and ``n_baseline`` are how many units were compared. A neuron that does not vary has NaN for statistic,
    p and g.
    """

    spec: ContrastSpec
    model: ModelInfo
    layers: tuple[int, ...]
    tests: NeuronTests
    p_adjusted: np.ndarray
    significant: np.ndarray
    log10_p_adjusted: np.ndarray
    hedges_g: np.ndarray
    other_side: OtherSide
    n_target: int
    n_baseline: int

    @property
    def n_layers(self) -> int:
        """The number of layers that were read."""
        return len(self.layers)

    @property
    def n_neurons(self) -> int:
        """The number of neurons in each layer, tested or not."""
        return int(self.significant.shape[1])

    @property
    def auc_before(self) -> np.ndarray:
        """The AUC of the pre-activations, whichever side was tested."""
        return self.tests.auc if self.spec.hook_side == "pre-activation" else self.other_side.auc

    @property
    def auc_after(self) -> np.ndarray:
        """The AUC of the activations, whichever side was tested."""
        return self.other_side.auc if self.spec.hook_side == "pre-activation" else self.tests.auc

    @property
    def depth(self) -> np.ndarray:
        """Each layer's relative depth, (n_layers,): 0 for the model's first layer, 1 for its last one."""
        return np.array(self.layers) / max(1, self.model.n_layers - 1)

    @cached_property
    def extremes(self) -> tuple[np.ndarray, np.ndarray]:
        """The neurons with the largest and the smallest statistic of each layer, int64 (n_layers,) twice; -1 if none.

        A layer without a neuron that varies has none.
        """
        return extremes_of(self.tests.statistic)


def extremes_of(statistic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of the largest and the smallest number of each row, int64 (n_rows,) twice; -1 in a row of NaN alone.

    Examples
    --------
    >>> extremes_of(np.array([[1.0, np.nan, -3.0], [np.nan] * 3]))
    (array([ 0, -1]), array([ 2, -1]))
    """
    none = np.isnan(statistic).all(axis=1)
    # [n_layers, n_neurons] -> [n_layers]
    largest = np.where(np.isnan(statistic), -np.inf, statistic).argmax(axis=1)
    smallest = np.where(np.isnan(statistic), np.inf, statistic).argmin(axis=1)
    return np.where(none, -1, largest), np.where(none, -1, smallest)


@dataclass(frozen=True, eq=False)
class GoldLayers:
    """How well every neuron separates the two classes in running text that people have tagged.

    ``auc`` (n_layers, n_neurons) is float64, that of the target's words over the baseline's, at ``side``.
    ``target_tags`` and ``baseline_tags`` are the parts of speech of the two classes, and ``n_target`` and
    ``n_baseline`` how many words have them.
    """

    auc: np.ndarray
    side: str
    target_tags: tuple[str, ...]
    baseline_tags: tuple[str, ...]
    n_target: int
    n_baseline: int
    notes: tuple[str, ...] = ()
