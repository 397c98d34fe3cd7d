"""What a student's page should show, and how it is looked up: pairs of what was asked for and what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.tab import Tab
from core.report.sentences import correction_name
from core.stats.correction import LABELS

NEURONS, LAYERS, TEXT = "Neurons", "Layers", "Text heatmap"
# What something is called, what was asked for, and what is there.
Pair = tuple[str, Any, Any]


@dataclass(frozen=True)
class Asked:
    """The settings that the student's page should show; a neuron of None is the page's own choice."""

    layer: int
    correction: str
    n_target: int
    n_baseline: int
    neuron: int | None = None
    text: str | None = None


def on_neurons(tab: Tab, asked: Asked, params: Mapping[str, str]) -> list[Pair]:
    """The headline, the table, and the neuron of the Neurons page."""
    page = tab.page
    headline = page.headline()
    if headline is None:
        return [("headline", "there", "missing")]
    # "Neuron 778 of layer 1." stands with the largest statistic, and the page's own choice is that neuron.
    largest = next((note.split()[1] for label, _, note in headline.figures if label == "Largest t"), "-1")
    neuron = int(largest) if asked.neuron is None else asked.neuron
    return [
        ("layer in the headline", asked.layer, headline.layer),
        (
            "correction in the headline",
            correction_name(asked.correction, LABELS[asked.correction]),
            headline.correction,
        ),
        ("neuron in the address", None if asked.neuron is None else str(asked.neuron), params.get("neuron")),
        ("neuron", neuron, page.neuron()),
        ("widget neuron", neuron, tab.value("neuron")),
        ("table", True, page.table() is not None),
    ]


def on_layers(tab: Tab, asked: Asked, params: Mapping[str, str]) -> list[Pair]:
    """The map of the Layers page, and the neuron."""
    shown = tab.page.neuron_map()
    pairs: list[Pair] = [("map", True, shown is not None)]
    if asked.neuron is not None:
        pairs += [("neuron in the address", str(asked.neuron), params.get("neuron"))]
        pairs += [("widget neuron", asked.neuron, tab.value("neuron"))]
    return pairs


def on_text(tab: Tab, asked: Asked, params: Mapping[str, str]) -> list[Pair]:
    """The text, as it is in its box and in colour."""
    heatmap = tab.page.heatmap()
    if heatmap is None:
        return [("coloured text", "there", "missing")]
    box = tab.value("text")
    text = box if asked.text is None else asked.text
    coloured = "".join(heatmap["pieces"])
    return [
        ("text in the box", text, box),
        ("coloured text", text, coloured),
        ("blocks", 2, len(heatmap["blocks"])),
    ]


# By the titles of the pages that show more than the settings.
PAIRS: dict[str, Callable[[Tab, Asked, Mapping[str, str]], list[Pair]]] = {
    NEURONS: on_neurons,
    LAYERS: on_layers,
    TEXT: on_text,
}
