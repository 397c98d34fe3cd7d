"""What the figures of all layers show, in words: their text alternatives, as in ``core.report.alternatives``."""

from __future__ import annotations

from collections.abc import Sequence

from core.records.layers import GoldLayers
from core.report.layer_numbers import LayerNumbers, gold_of_extremes
from core.report.readable import readable_auc, signed
from core.report.sentences import where

Sides = Sequence[LayerNumbers]
_NOTHING = "no neuron varies"


def of_layer_counts(sides: Sides, names: Sequence[str]) -> str:
    """The bars of every layer: significant neurons each way, and how many of them are strong.

    Parameters
    ----------
    sides : sequence of LayerNumbers
    names : (str, str)
        Of target and baseline.
    """
    said = []
    for numbers in sides:
        layers = []
        for at, layer in enumerate(numbers.layers):
            counts = " and ".join(
                f"{each.significant[at]:,} ({each.strong[at]:,} strong)" for each in (numbers.higher, numbers.lower)
            )
            layers.append(f"layer {layer}: {counts if numbers.tested[at] else _NOTHING}")
        said.append(f"{where(numbers.side).capitalize()}, {'; '.join(layers)}.")
    return (
        f"Bars of the significant neurons of every layer, higher for {names[0]} and higher for {names[1]}, and of "
        f"those that are strong. {' '.join(said)}"
    )


def of_layer_strength(sides: Sides, names: Sequence[str]) -> str:
    """The lines of the strongest neurons: in which layer each class has its strongest one."""
    said = []
    for numbers in sides:
        for name, direction, sign in zip(names, (numbers.higher, numbers.lower), (1, -1), strict=True):
            there = [at for at in range(len(numbers.layers)) if numbers.tested[at]]
            if not there:
                said.append(f"{where(numbers.side)}, {_NOTHING}")
                continue
            best = max(there, key=lambda at: sign * direction.auc[at])
            said.append(
                f"{where(numbers.side)}, strongest for {name} in layer {numbers.layers[best]}: neuron "
                f"{direction.auc_neuron[best]}, AUC {readable_auc(direction.auc[best])}, where the strongest g is "
                f"{signed(direction.g[best])}"
            )
    return f"Lines of the strongest AUC and Hedges' g of every layer: {'; '.join(said)}."


def of_layer_spread(sides: Sides, statistic: str) -> str:
    """The boxes of the statistic: its median and extremes in every layer."""
    said = []
    for numbers in sides:
        layers = []
        for at, layer in enumerate(numbers.layers):
            least, _, _, middle, _, _, most = numbers.quantiles[:, at]
            told = f"{signed(least)} to {signed(most)}, median {signed(middle)}" if numbers.tested[at] else _NOTHING
            layers.append(f"layer {layer}: {told}")
        said.append(f"{where(numbers.side).capitalize()}, {'; '.join(layers)}.")
    return f"Boxes of the {statistic} of every layer's neurons. {' '.join(said)}"


def of_layer_gold(numbers: LayerNumbers, gold: GoldLayers, names: Sequence[str]) -> str:
    """The extreme neurons of every layer in tagged sentences."""
    layers = []
    in_text = gold_of_extremes(numbers, gold)
    for at, layer in enumerate(numbers.layers):
        told = " and ".join(
            f"neuron {direction.extreme[at]}, higher for {name}, AUC {readable_auc(direction.extreme_auc[at])} and "
            f"{readable_auc(values[at])}"
            for name, direction, values in zip(names, (numbers.higher, numbers.lower), in_text, strict=True)
        )
        layers.append(f"layer {layer}: {told if numbers.tested[at] else _NOTHING}")
    return f"The extreme neurons of every layer, on the word lists and in tagged sentences: {'; '.join(layers)}."
