"""What pages say of the same data by several protocols: a row for each, and how far they overlap."""

from __future__ import annotations

from core.records import ContrastResult, ContrastSpec
from core.records.protocols import Overlap, ProtocolFound, Protocols
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import as_chosen, readable_auc, signed, to_decimals
from core.report.selection import percent
from core.report.sentences import counted_words


def columns_of(found: Protocols, layer: int) -> dict[str, list[str]]:
    """The table: a row for each protocol that was run, as texts by their column.

    Every count of selected neurons has the strong ones beside it. A layer that was not read has no columns.
    """
    rows = found.found
    columns = {
        "protocol": [one.preset.label for one in rows],
    }
    at = found.layers.index(layer) if layer in found.layers else None
    if at is not None:
        columns[f"in layer {layer}"] = [_counted(one, at) for one in rows]
    columns["in the model"] = [_counted(one, None) for one in rows]
    columns["selects"] = [_selects(one) for one in rows]
    columns["compares"] = [_compares(one.spec) for one in rows]
    if at is not None:
        for place, name in enumerate(("largest", "smallest")):
            columns[f"{name} in layer {layer}"] = [_extreme(one, at, place) for one in rows]
    return columns


def _compares(spec: ContrastSpec) -> str:
    """Such as "lemmas, before the nonlinearity: Welch's t-test"."""
    return f"{spec.unit}s, {SIDE_WORDS[spec.hook_side]} the nonlinearity: {spec.tested_by.label}"


def _selects(one: ProtocolFound) -> str:
    if one.preset.top_share is not None:
        return f"top {percent(one.preset.top_share)} of the model by {statistic_name(one.spec.test)}"
    over = "the model" if one.spec.family == "model" else "each layer"
    return f"p ≤ {as_chosen(one.spec.alpha)}, {one.spec.corrected_by.label} over {over}"


def _counted(one: ProtocolFound, at: int | None) -> str:
    """Such as "363, 31 strong"."""
    n, n_strong = (int((each if at is None else each[at]).sum()) for each in (one.selected, one.strong))
    return f"{n:,}, {n_strong:,} strong"


def _extreme(one: ProtocolFound, at: int, place: int) -> str:
    """Such as "120: t = +80.9, AUC 1.00"."""
    extremes = one.extremes(at)
    if extremes is None:
        return "none varies"
    neuron = extremes[place]
    size = f"AUC {readable_auc(one.auc[at, neuron])}"
    return f"{neuron}: {statistic_name(one.spec.test)} = {signed(one.statistic[at, neuron])}, {size}"


def jaccard(overlap: Overlap) -> str:
    """The Jaccard index, or that there is none in either set.

    Examples
    --------
    >>> jaccard(Overlap(2072, 179, 19)), jaccard(Overlap(0, 0, 0))
    ('0.91', 'none in either')
    """
    value = overlap.jaccard
    return "none in either" if value is None else to_decimals(value, 2)


def held_equal(result: ContrastResult) -> str:
    """What is the same for all protocols of a result's words, and what each of them changes."""
    target, baseline = counted_words(result)
    return (
        f"Held equal: the model, the words ({target} and {baseline}), and how each was read and pooled. Each protocol "
        "changes what is done with the values: the side of the nonlinearity, whether signs count, the unit, the test, "
        "the correction and its family, alpha, and how neurons are selected."
    )


def of_overlaps(found: Protocols, at: int | None, where: str) -> str:
    """A matrix of overlaps in words: each pair, with its counts. ``where`` is such as "layer 3"."""
    pairs = []
    for second in range(len(found.found)):
        for first in range(second):
            overlap = found.overlap(first, second, at)
            names = " and ".join(found.found[k].preset.label for k in (first, second))
            pairs.append(
                f"{names}: {overlap.both:,} in both, {overlap.only_first:,} and {overlap.only_second:,} in one alone, "
                f"Jaccard {jaccard(overlap)}"
            )
    return f"Matrix of how the neurons overlap that the protocols select in {where}. {'; '.join(pairs)}."
