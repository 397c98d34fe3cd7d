"""How a neuron's values are spread over the tokens of a long text, by the word list that each is on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import HOVER, readable_share

_KINDS = (
    ("own", "on the list of its own class", TARGET_COLOUR, "solid"),
    ("other", "on the other list", BASELINE_COLOUR, "dash"),
    ("neither", "on neither, or on both", NEUTRAL_COLOUR, "dot"),
)


def picture(figures: Mapping[str, Any]) -> Picture:
    """A line for each kind of token: its share in each bin of values."""
    histogram = figures["histogram"]
    edges = histogram["edges"]
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    traces = []
    for name, label, colour, dash in _KINDS:
        counts = histogram[name]
        total = sum(counts) or 1
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{label} ({total:,})",
                "x": middles,
                "y": [count / total for count in counts],
                "line": {"color": colour, "dash": dash, "shape": "hvh", "width": 2},
                "text": [readable_share(count / total) for count in counts],
                "hovertemplate": "value %{x}: %{text} of tokens<extra>" + label + "</extra>",
            }
        )
    layout = {
        "height": 330,
        "margin": {**MARGIN, "t": 70},
        "legend": LEGEND,
        "xaxis": {"title": {"text": "Value of the neuron at a token"}, "hoverformat": HOVER},
        "yaxis": {"title": {"text": "Share of these tokens"}, "tickformat": ".0%", "rangemode": "tozero"},
    }
    return {"data": traces, "layout": layout}
