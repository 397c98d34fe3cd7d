"""Two experiments side by side: which of their neurons are the same, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from core.records.checkpoint_names import position_of
from core.records.model_info import ModelInfo


@dataclass(frozen=True)
class Correspondence:
    """Whether neuron i of one experiment is neuron i of another, and why, in a sentence."""

    same_neurons: bool
    why: str


def correspondence(a: ModelInfo, a_layer: int, b: ModelInfo, b_layer: int) -> Correspondence:
    """Which neurons of two experiments are the same: those of one layer of one model, at any revision.

    Parameters
    ----------
    a, b : ModelInfo
    a_layer, b_layer : int

    Returns
    -------
    Correspondence
        Two folders are one model at two points of its training if they lie in one folder, have the names of
        checkpoints of one run and the same shape. This is assumed, and the sentence says so.

    Examples
    --------
    >>> from dataclasses import replace
    >>> model = ModelInfo("org/gpt@step100", "r1", "gpt_neo", 6, 512, 64, 9, "cpu", "float32")
    >>> correspondence(model, 3, replace(model, name="org/gpt"), 3)
    Correspondence(same_neurons=True, why='Both are layer 3 of org/gpt, at two revisions: neuron i is the same neuron.')
    >>> correspondence(model, 3, model, 4).same_neurons
    False
    """
    if _model_of(a) != _model_of(b) and not _are_checkpoints(a, b):
        return Correspondence(False, "A and B are two models: neuron i of one is not neuron i of the other.")
    if a_layer != b_layer:
        return Correspondence(False, f"Neuron i of layer {a_layer} is not neuron i of layer {b_layer}.")
    if _shape(a) != _shape(b):
        return Correspondence(False, "The two revisions differ in shape: neuron i of one is not neuron i of the other.")
    if a.name == b.name:
        return Correspondence(True, f"Both are layer {a_layer} of {a.name}: neuron i is the same neuron.")
    if _model_of(a) == _model_of(b):
        name = _model_of(a)[1]
        return Correspondence(
            True, f"Both are layer {a_layer} of {name}, at two revisions: neuron i is the same neuron."
        )
    names = " and ".join(PurePath(each.name).name for each in (a, b))
    return Correspondence(
        True,
        f"{names} lie in one folder, have the names of checkpoints and the same shape. They are taken for one model at "
        f"two points of its training, so that neuron i of layer {a_layer} is the same neuron. If they are from two "
        "training runs, it is not.",
    )


def _model_of(model: ModelInfo) -> tuple[bool, str]:
    """Whether a model is of a folder, and its name without the revision. The name of a folder may have an @ itself."""
    return _is_folder(model), model.name if _is_folder(model) else model.name.partition("@")[0]


def _is_folder(model: ModelInfo) -> bool:
    return model.revision.startswith("sha256:")  # that of a hub's model is a commit


def _shape(model: ModelInfo) -> tuple[object, ...]:
    return model.architecture, model.n_layers, model.d_mlp, model.hook_paths


def _are_checkpoints(a: ModelInfo, b: ModelInfo) -> bool:
    """Whether two models are folders that look like checkpoints of one training run."""
    paths = [PurePath(each.name) for each in (a, b)]
    one, other = (position_of(path.name) for path in paths)
    return (
        all(map(_is_folder, (a, b)))
        and paths[0].parent == paths[1].parent
        and one is not None
        and other is not None
        and one.run == other.run
        and _shape(a) == _shape(b)
    )


@dataclass(frozen=True)
class SetAgreement:
    """How two sets of the same neurons overlap: how many are in both, only in A's, only in B's, and in neither."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @classmethod
    def of(cls, a: np.ndarray, b: np.ndarray) -> SetAgreement:
        """How two sets overlap, given as bool arrays of one shape that say who is in them.

        References
        ----------
        Jaccard (1912), New Phytologist 11:37-50.

        Examples
        --------
        >>> SetAgreement.of(np.array([True, True, False]), np.array([True, False, False]))
        SetAgreement(both=1, only_a=1, only_b=0, neither=1)
        """
        return cls(int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum()))

    @property
    def either(self) -> int:
        """How many are in at least one of the two sets."""
        return self.both + self.only_a + self.only_b

    @property
    def jaccard(self) -> float | None:
        """The share of those in either set that are in both; None if there is none in either.

        Examples
        --------
        >>> SetAgreement(1, 2, 1, 6).jaccard, SetAgreement(0, 0, 0, 9).jaccard
        (0.25, None)
        """
        return self.both / self.either if self.either else None


@dataclass(frozen=True)
class Extreme:
    """An extreme neuron of one experiment (``of``: "A" or "B"; ``end``: "largest" or "smallest"), and in the other.

    ``statistic``, ``auc`` and ``log10_p_adjusted`` are pairs: of A, and of B. ``ranks`` is its place in A and in B, 1
    for the most extreme neuron of that end. NaN and None if it was not tested there.
    """

    of: str
    end: str
    neuron: int
    statistic: tuple[float, float]
    auc: tuple[float, float]
    log10_p_adjusted: tuple[float, float]
    ranks: tuple[int | None, int | None]


@dataclass(frozen=True, eq=False)
class NeuronAgreement:
    """How far two experiments with the same neurons agree.

    ``tested`` (n_neurons,) is True for a neuron that both have tested; all numbers are of these. A correlation is None
    if it is not defined: fewer than two neurons, or a statistic that does not vary. ``changed_sides`` (n_changed,) are
    the neurons that are significant in both, higher for the target in one and for the baseline in the other; those
    first whose smaller |statistic| is largest. ``strong_changed_sides`` is how many of them are strong in both.
    ``selected`` is of what the two protocols select, by p or as a top share; None if both go by p.
    """

    tested: np.ndarray
    pearson: float | None
    spearman: float | None
    significant: SetAgreement
    strong: SetAgreement
    selected: SetAgreement | None
    changed_sides: np.ndarray
    strong_changed_sides: int
    extremes: tuple[Extreme, ...]

    @property
    def n_compared(self) -> int:
        """How many neurons both have tested."""
        return int(self.tested.sum())

    @property
    def n_left_out(self) -> int:
        """How many neurons at least one of the two has not tested."""
        return int((~self.tested).sum())


@dataclass(frozen=True, eq=False)
class QuantilePairs:
    """The statistics of A and of B at the same quantiles, from the smallest to the largest: float64 (n_points,) each.

    ``quantile`` is from 0 to 1. With as many tested neurons in both, these are the sorted statistics.
    """

    quantile: np.ndarray
    a: np.ndarray
    b: np.ndarray


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two experiments side by side. ``neurons`` is None if they have not the same neurons."""

    correspondence: Correspondence
    quantiles: QuantilePairs
    neurons: NeuronAgreement | None
