"""The same data by several protocols: what each selects of the same words and the same reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.records.agreement import SetAgreement
from core.records.effects import is_strong
from core.records.layers import extremes_of
from core.records.model_info import ModelInfo
from core.records.presets import Preset
from core.records.spec import ContrastSpec


@dataclass(frozen=True, eq=False)
class ProtocolFound:
    """What one protocol finds at every layer. Arrays are (n_layers, n_neurons), float64 or bool.

    ``spec`` is the experiment's with the protocol of ``preset``. ``n_target`` and ``n_baseline`` are how many units
    were compared.
    """

    preset: Preset
    spec: ContrastSpec
    statistic: np.ndarray
    auc: np.ndarray
    selected: np.ndarray
    n_target: int
    n_baseline: int

    @cached_property
    def strong(self) -> np.ndarray:
        """Which selected neurons have an AUC of at least 0.90 or at most 0.10, of the values that it compares."""
        return self.selected & is_strong(self.auc)

    @cached_property
    def extremes(self) -> tuple[np.ndarray, np.ndarray]:
        """The neurons with the largest and the smallest statistic of each layer, as ``AllLayers.extremes``."""
        return extremes_of(self.statistic)


@dataclass(frozen=True, eq=False)
class Protocols:
    """The same words and the same reading, analysed by each preset's protocol.

    ``layers`` are the layers that were read, in the order of the arrays. ``not_run`` has the label of each preset that
    does not fit these words, and why.
    """

    model: ModelInfo
    layers: tuple[int, ...]
    found: tuple[ProtocolFound, ...]
    not_run: tuple[tuple[str, str], ...] = ()

    def overlap(self, first: int, second: int, at: int | None = None) -> SetAgreement:
        """How two protocols' selected neurons overlap, in the layer at place ``at``, or in the model if that is None.

        A neuron counts by its layer and number, in whichever direction it is selected.
        """
        return SetAgreement.of(*(self.found[k].selected[slice(None) if at is None else at] for k in (first, second)))
