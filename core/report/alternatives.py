"""What each figure shows, in words: the text alternative of a chart, for readers who hear a page.

Each says what is drawn, then the finding, and with every count of significant neurons how many are strong. The texts
are plain: not Markdown, not HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.records import ContrastResult, Finding, ShuffledPoints
from core.report.glossary import statistic_name, value_name
from core.report.readable import readable_auc, readable_number, readable_p, signed
from core.report.sentences import class_names, n_strongly, singular, where

if TYPE_CHECKING:
    from core.records.layers import AllLayers


def of_scatter(result: ContrastResult) -> str:
    """The scatter of all neurons: how many differ, how many of these strongly, and the two extremes."""
    name, (target, baseline) = statistic_name(result.spec.test), class_names(result.spec)
    return (
        f"Scatter of the {name} ({target} minus {baseline}) of {result.n_neurons:,} neurons of layer "
        f"{result.spec.layer}: {_counts(result)}. {_extremes(result)}"
    )


def of_volcano(result: ContrastResult, chance: ShuffledPoints | None) -> str:
    """The volcano: as of the scatter, and how far the neurons go with shuffled labels."""
    said = (
        f"Volcano of {result.n_neurons:,} neurons of layer {result.spec.layer}, Hedges' g against p: "
        f"{_counts(result)}. {_extremes(result)}"
    )
    if chance is None or not np.isfinite(chance.hedges_g).any():
        return said
    farthest = float(np.nanmax(np.abs(np.where(np.isfinite(chance.hedges_g), chance.hedges_g, np.nan))))
    smallest = float(np.nanmin(chance.log10_p))
    return (
        f"{said} With shuffled labels, drawn downward, no g is farther from 0 than {readable_number(farthest)}, and no "
        f"p is below {readable_p(smallest)}."
    )


def of_layers(result: ContrastResult, higher: np.ndarray, lower: np.ndarray) -> str:
    """The bars of all layers.

    Parameters
    ----------
    result : ContrastResult
        That of the layer that is shown, whose strong neurons are named.
    higher, lower : ndarray of int, shape (n_layers,)
        The significant neurons of each layer, whatever their effect size.
    """
    target, baseline = class_names(result.spec)
    bars = "; ".join(f"layer {n}: {up:,} and {down:,}" for n, (up, down) in enumerate(zip(higher, lower, strict=True)))
    return (
        f"Bars of the significant neurons of {len(higher)} layers, whatever their effect size, higher for {target} and "
        f"higher for {baseline}. {bars[0].upper()}{bars[1:]}. In layer {result.spec.layer}, {_strongly(result)}."
    )


def of_neuron_map(found: AllLayers, view: str) -> str:
    """The map of all neurons (``view`` of ``figures.neuron_map``): how many differ, and the model's two extremes."""
    (up, down), (target, baseline) = n_strongly(found), class_names(found.spec)
    name = statistic_name(found.spec.test)
    what = "by layer and index" if view == "layers" else f"the {name} against the AUC"
    said = (
        f"Map of {found.n_layers * found.n_neurons:,} neurons of {found.n_layers} layers, {what}: "
        f"{found.n_higher:,} significantly higher for {target} ({up:,} strongly), {found.n_lower:,} for {baseline} "
        f"({down:,} strongly)."
    )
    statistic = found.tests.statistic
    if np.isnan(statistic).all():
        return said
    places = (np.unravel_index(find(statistic), statistic.shape) for find in (np.nanargmax, np.nanargmin))
    extremes = [
        f"{place}: neuron {neuron} of layer {found.layers[layer]}, {name} = {signed(statistic[layer, neuron])}, "
        f"AUC {readable_auc(found.tests.auc[layer, neuron])}"
        for place, (layer, neuron) in zip(("Largest", "smallest"), places, strict=True)
    ]
    return f"{said} {'; '.join(extremes)}."


def of_spread(result: ContrastResult, neuron: int, values: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """The values of one neuron for both classes, on both sides: their means, and the AUC of each side.

    Parameters
    ----------
    result : ContrastResult
    neuron : int
    values : mapping from a side to two arrays (n_target_units,) and (n_baseline_units,)
    """
    rows = []
    for side, auc in ((result.spec.hook_side, result.tests.auc), (result.other_side.side, result.other_side.auc)):
        both = zip(class_names(result.spec), values[side], strict=True)
        means = " and ".join(_mean(each, singular(name) if len(each) == 1 else name) for name, each in both)
        tested = ", which was tested" if side == result.spec.hook_side else ""
        rows.append(f"{where(side)}{tested}, mean {means}, AUC {readable_auc(auc[neuron])}")
    return f"Values of neuron {neuron}, a stroke for each {result.spec.unit}: {'; '.join(rows)}."


def of_words_image(result: ContrastResult, n_words: int, n_drawn: int) -> str:
    """The image of words by neurons: what it shows, and the two columns that differ most.

    Parameters
    ----------
    result : ContrastResult
    n_words, n_drawn : int
        How many words of each class, and how many neurons, are in it.
    """
    target, baseline = class_names(result.spec)
    n_target, n_baseline = (min(n_words, len(words)) for words in (result.words.target, result.words.baseline))
    return (
        f"Image of {n_drawn:,} neurons at {n_target:,} {target} above and at {n_baseline:,} {baseline} below: how far "
        f"the {_value(result)} is from the neuron's mean, in standard deviations. {_extremes(result)}"
    )


def of_means(result: ContrastResult) -> str:
    """The mean of every neuron over each class: how many differ, and the neuron whose two means are farthest apart."""
    target, baseline = class_names(result.spec)
    widest = int(np.nanargmax(np.abs(result.tests.mean_difference)))
    return (
        f"Scatter of the mean {_value(result)} of {result.n_neurons:,} neurons, over {target} against over "
        f"{baseline}: {_counts(result)}. The two means are farthest apart at neuron {widest}, by "
        f"{signed(float(result.tests.mean_difference[widest]))}, AUC {readable_auc(result.tests.auc[widest])}."
    )


def of_check(title: str, number: str, finding: Finding) -> str:
    """The picture of a check: its verdict, its number (a text that may be empty), and its sentence.

    Examples
    --------
    >>> of_check("Held-out words", "AUC 0.91", Finding("holds", "", "On words it has not seen, it holds.", 0.91))
    'Picture of the check “Held-out words”: holds, AUC 0.91. On words it has not seen, it holds.'
    """
    return f"Picture of the check “{title}”: {finding.verdict}{number and f', {number}'}. {finding.sentence}"


def of_table(n_rows: int, of_what: str, columns: Sequence[str]) -> str:
    """A table: its rows, and what its columns are.

    Examples
    --------
    >>> of_table(512, "neurons", ("neuron", "t", "AUC"))
    'Table of 512 neurons. Columns: neuron, t, AUC.'
    """
    return f"Table of {n_rows:,} {of_what}. Columns: {', '.join(columns)}."


def _value(result: ContrastResult) -> str:
    return value_name(result.spec.test, result.spec.hook_side)


def _mean(values: np.ndarray, name: str) -> str:
    return f"{readable_number(float(values.mean(dtype=np.float64)))} over {len(values):,} {name}"


def _counts(result: ContrastResult) -> str:
    (up, down), (target, baseline) = n_strongly(result), class_names(result.spec)
    return (
        f"{result.n_higher:,} significantly higher for {target} ({up:,} strongly), {result.n_lower:,} for {baseline} "
        f"({down:,} strongly)"
    )


def _strongly(result: ContrastResult) -> str:
    (up, down), (target, baseline) = n_strongly(result), class_names(result.spec)
    return f"{up:,} are strongly higher for {target} and {down:,} for {baseline}"


def _extremes(result: ContrastResult) -> str:
    """The neurons with the largest and the smallest statistic, with their effect sizes."""
    name = statistic_name(result.spec.test)
    said = [
        f"{place}: neuron {neuron}, {name} = {signed(result.tests.statistic[neuron])}, "
        f"AUC {readable_auc(result.tests.auc[neuron])}"
        for place, neuron in (("Largest", result.largest), ("Smallest", result.smallest))
    ]
    return "; ".join((said[0], said[1][0].lower() + said[1][1:])) + "."
