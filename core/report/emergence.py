"""Emergence in words and files: a sentence, the text alternatives of its figures, and its table."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np

from core.records import HOOK_SIDES
from core.records.checkpoint_names import TOKENS
from core.records.emergence import Emergence, SideSummary
from core.report.columns import definitions
from core.report.layer_table import COUNTS_AND_ENDS
from core.report.readable import readable_auc
from core.report.sentences import STRONG_FROM, class_names, where
from core.report.tables import Table

CHECKPOINT_COLUMNS = (
    "step",
    "step_unit",
    "checkpoint",
    "revision",
    "layer",
    "relative_depth",
    "hook_side",
    *COUNTS_AND_ENDS,
    "auc_shuffled",
    "shuffled_labels",
)


def readable_step(step: int, unit: str) -> str:
    """A step within a sentence.

    Examples
    --------
    >>> readable_step(1000, "step"), readable_step(300_000_000, "token"), readable_step(3, "epoch")
    ('step 1,000', '300,000,000 tokens', 'epoch 3')
    """
    return f"{step:,} tokens" if unit == TOKENS else f"{unit} {step:,}"


def headline(emergence: Emergence, side: str) -> str:
    """From the first to the last checkpoint: strong neurons each way, the largest AUC, and what chance gives.

    ``**`` marks what stands out, as in Markdown. Empty if no checkpoint was read.
    """
    if not emergence.steps:
        return ""
    names, strong, auc = class_names(emergence.spec), emergence.strong(side), emergence.best_auc(side)
    chance = emergence.chance_auc(side)

    def at(place: int) -> str:
        both = [
            f"**{int(strong[place, way]):,}** strong for {name} ({_largest(float(auc[place, way]))})"
            for way, name in enumerate(names)
        ]
        known = math.isfinite(chance[place])  # not of too few words to shuffle
        shuffled = f"; with shuffled labels, the largest AUC is {readable_auc(float(chance[place]))}" if known else ""
        return f"at {readable_step(emergence.steps[place], emergence.unit)}, {' and '.join(both)}{shuffled}"

    said = f"{at(0)[0].upper()}{at(0)[1:]}."
    return said if len(emergence.steps) == 1 else f"{said} {at(-1)[0].upper()}{at(-1)[1:]}."


def alt_of_curves(emergence: Emergence, side: str, layer: int, what: str) -> str:
    """The text alternative of the curves of effects (``what`` "effect") or of counts ("strong").

    Each checkpoint has both numbers: no count stands without an effect size.
    """
    target, baseline = class_names(emergence.spec)
    strong, auc = emergence.strong(side), emergence.best_auc(side)
    rows = [
        f"{readable_step(step, emergence.unit)}: {_pair(strong[at])} strong, AUC up to {_aucs(auc[at])}"
        for at, step in enumerate(emergence.steps)
    ]
    drawn = "the largest AUC for its own class" if what == "effect" else "strong neurons"
    return (
        f"Curves of {drawn} against the step of training, {where(side)}, in all layers and in layer {layer}, for "
        f"{target} and for {baseline}. All layers: {'; '.join(rows)}."
    )


def alt_of_layers(emergence: Emergence, side: str) -> str:
    """The text alternative of the image of layers by checkpoints: the layer with the largest AUC at each."""
    rows = []
    for step, found in zip(emergence.steps, emergence.summaries, strict=True):
        by_layer = found.at(side).best_auc.max(axis=1)
        layer = int(np.where(np.isnan(by_layer), -np.inf, by_layer).argmax())
        largest = float(by_layer[layer])
        said = "no neuron varies" if math.isnan(largest) else f"layer {layer}, AUC {readable_auc(largest)}"
        rows.append(f"{readable_step(step, emergence.unit)}: {said}")
    return (
        f"Image of {emergence.n_layers} layers by {len(emergence.steps)} checkpoints: the largest AUC of a neuron for "
        f"its own class, {where(side)}. The layer with the largest one: {'; '.join(rows)}."
    )


def alt_of_neuron(emergence: Emergence, layer: int, neuron: int) -> str:
    """The text alternative of one neuron's curve."""
    before, after = (emergence.auc_of(side, layer, neuron).tolist() for side in HOOK_SIDES)
    rows = [
        f"{readable_step(step, emergence.unit)}: {readable_auc(before[at])} before, {readable_auc(after[at])} after"
        for at, step in enumerate(emergence.steps)
    ]
    target = class_names(emergence.spec)[0]
    return (
        f"Curves of the AUC for {target} of neuron {neuron} of layer {layer}, before and after the nonlinearity: "
        f"{'; '.join(rows)}."
    )


def emergence_table(emergence: Emergence) -> Table:
    """A row for each checkpoint, layer and side: ``CHECKPOINT_COLUMNS``, which mean the same as those of all layers."""
    rows = [
        (step, emergence.unit, found.model.name, found.model.revision, *row)
        for step, found in zip(emergence.steps, emergence.summaries, strict=True)
        for layer in range(emergence.n_layers)
        for row in (_of_layer(emergence, found.at(side), side, layer) for side in HOOK_SIDES)
    ]
    return Table(CHECKPOINT_COLUMNS, rows)


def _of_layer(emergence: Emergence, found: SideSummary, side: str, layer: int) -> tuple[object, ...]:
    """The cells of a layer at one side, from its number on."""
    cells: list[object] = [layer, layer / max(1, emergence.n_layers - 1), side, int(found.tested[layer])]
    for way in (0, 1):
        cells += [int(found.significant[layer, way]), int(found.strong[layer, way])]
    for values, neurons in ((found.auc_ends, found.auc_neurons), (found.g_ends, found.g_neurons)):
        for value, neuron in zip(values[layer].tolist(), neurons[layer].tolist(), strict=True):
            cells += [value, None if neuron < 0 else neuron]
    return (*cells, float(found.chance_auc[layer]), emergence.spec.shuffle_labels)


def emergence_json(emergence: Emergence) -> str:
    """The table with what it was computed from: the settings, the columns' meanings, and what could not be read."""
    settings = {
        name: value for name, value in asdict(emergence.spec).items() if name not in ("model", "layer", "hook_side")
    }
    document = {
        "settings": settings,
        "strong": f"significant, with an AUC of at least {STRONG_FROM} for its class",
        "columns": definitions(CHECKPOINT_COLUMNS),
        "rows": json.loads(emergence_table(emergence).json()),
        "not_read": [asdict(failed) for failed in emergence.failed],
        "notes": sorted({note for found in emergence.summaries for note in found.notes}),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _pair(counts: np.ndarray) -> str:
    return " and ".join(f"{int(count):,}" for count in counts)


def _aucs(values: np.ndarray) -> str:
    return " and ".join("none" if math.isnan(value) else readable_auc(value) for value in values.tolist())


def _largest(value: float) -> str:
    return "no neuron varies" if math.isnan(value) else f"largest AUC {readable_auc(value)}"
