"""The same data by several protocols, in words and as files: a row for each, and how far they overlap."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from core.records import ContrastResult, ContrastSpec
from core.records.protocols import ProtocolFound, Protocols
from core.report.agreement import overlap_sentence, readable_jaccard
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import as_chosen, readable_auc, signed
from core.report.selection import percent
from core.report.sentences import about_control, counted_words, read_as
from core.report.tables import Table
from core.version import __version__

PROTOCOL_COLUMNS = (
    "protocol",
    "layer",
    "hook_side",
    "unit",
    "test",
    "correction",
    "family",
    "alpha",
    "top_share",
    "target_units",
    "baseline_units",
    "neurons_tested",
    "selected",
    "selected_strong",
    "largest_neuron",
    "statistic_largest",
    "auc_of_largest",
    "smallest_neuron",
    "statistic_smallest",
    "auc_of_smallest",
    "shuffled_labels",
)
OVERLAP_COLUMNS = ("protocol", "other_protocol", "place", "both", "only_first", "only_other", "neither", "jaccard")


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
    neuron = int(one.extremes[place][at])
    if neuron < 0:
        return "none varies"
    size = f"AUC {readable_auc(one.auc[at, neuron])}"
    return f"{neuron}: {statistic_name(one.spec.test)} = {signed(one.statistic[at, neuron])}, {size}"


def held_equal(result: ContrastResult) -> str:
    """What is the same for all protocols of a result's words, and what each of them changes."""
    target, baseline = counted_words(result)
    return (
        f"Held equal: the model, the words ({target} and {baseline}), and how each was read and pooled. Each protocol "
        "changes what is done with the values: the side of the nonlinearity, whether signs count, the unit, the test, "
        "the correction and its family, alpha, and how neurons are selected."
    )


def caption_of(result: ContrastResult, found: Protocols, model: str) -> tuple[str, ...]:
    """The paragraphs below a saved figure of the overlap: the words, how they were read, and each protocol.

    ``model`` is what the model is called.
    """
    protocols = [f"{one.preset.label}: {_compares(one.spec)}, {_selects(one)}." for one in found.found]
    reading = f"{model}, each word read {read_as(result)}. Grammar Neurons {__version__}."
    control = (about_control(result.spec),) if result.spec.shuffle_labels else ()
    return (reading, *control, held_equal(result), " ".join(protocols))


def of_overlaps(found: Protocols, at: int | None, where: str) -> str:
    """A matrix of overlaps in words: each pair, with its counts. ``where`` is such as "layer 3"."""
    pairs = []
    for first, second in combinations(range(len(found.found)), 2):
        sets, names = found.overlap(first, second, at), _names(found, first, second)
        pairs.append(f"{overlap_sentence(sets, ' and '.join(names), names)} Jaccard: {readable_jaccard(sets)}.")
    return f"Matrix of how the neurons overlap that the protocols select in {where}. {' '.join(pairs)}"


def shared(found: Protocols) -> list[str]:
    """How many neurons of the model each pair selects together: of a small set in a large one, Jaccard is low anyway.

    Such as "Careful and Localiser 30 in both, of 2,091 and 30".
    """
    said = []
    for first, second in combinations(range(len(found.found)), 2):
        sets = found.overlap(first, second)
        sizes = f"{sets.both + sets.only_a:,} and {sets.both + sets.only_b:,}"
        said.append(f"{' and '.join(_names(found, first, second))} {sets.both:,} in both, of {sizes}")
    return said


def _names(found: Protocols, first: int, second: int) -> tuple[str, str]:
    return found.found[first].preset.label, found.found[second].preset.label


def protocols_table(found: Protocols) -> Table:
    """A row of ``PROTOCOL_COLUMNS`` for each protocol that was run, and each layer."""
    return Table(PROTOCOL_COLUMNS, [row for one in found.found for row in _rows(one, found.layers)])


def _rows(one: ProtocolFound, layers: tuple[int, ...]) -> list[tuple[object, ...]]:
    spec, rows = one.spec, []
    share = float("nan") if one.preset.top_share is None else one.preset.top_share
    protocol = (spec.hook_side, spec.unit, spec.test, spec.correction, spec.family, spec.alpha, share)
    for at, layer in enumerate(layers):
        counts = [int(each[at].sum()) for each in (~np.isnan(one.statistic), one.selected, one.strong)]
        sizes = (one.n_target, one.n_baseline)
        ends = [cell for each in one.extremes for cell in _end(one, at, int(each[at]))]
        rows.append((one.preset.name, layer, *protocol, *sizes, *counts, *ends, spec.shuffle_labels))
    return rows


def _end(one: ProtocolFound, at: int, neuron: int) -> tuple[float, float, float]:
    """An extreme neuron of a layer, its statistic and its AUC; NaN if no neuron varies."""
    if neuron < 0:
        return (float("nan"),) * 3
    return neuron, float(one.statistic[at, neuron]), float(one.auc[at, neuron])


def overlaps_table(found: Protocols) -> Table:
    """A row of ``OVERLAP_COLUMNS`` for each pair of protocols, in each layer and in the model."""
    rows = []
    for first, second in combinations(range(len(found.found)), 2):
        pair = [found.found[k].preset.name for k in (first, second)]
        for at, place in (*enumerate(map(str, found.layers)), (None, "model")):
            sets = found.overlap(first, second, at)
            share = float("nan") if sets.jaccard is None else sets.jaccard
            rows.append((*pair, place, sets.both, sets.only_a, sets.only_b, sets.neither, share))
    return Table(OVERLAP_COLUMNS, rows)
