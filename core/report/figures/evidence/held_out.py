"""The AUC of the chosen neuron where it was chosen, against that on the other half of the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import readable_auc


def picture(figures: Mapping[str, Any]) -> Picture:
    """A dot for each split, below the diagonal if the other half has less; a cross where another neuron is chosen."""
    neuron, splits = figures["neuron"], figures["splits"]
    this = [one for one in splits if one["neuron"] == neuron]
    others = [one for one in splits if one["neuron"] != neuron]
    traces = []
    for chosen, name, colour, symbol in (
        (this, f"chosen: {neuron}", TARGET_COLOUR, "circle"),
        (others, "chosen: another", BASELINE_COLOUR, "x"),
    ):
        traces.append(
            {
                "type": "scatter",
                "x": [one["chosen_auc"] for one in chosen],
                "y": [one["held_out_auc"] for one in chosen],
                "mode": "markers",
                "name": f"{name} ({len(chosen)})",
                "marker": {"color": colour, "symbol": symbol, "size": 8, "opacity": 0.6},
                "text": [_hover(one) for one in chosen],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    values = [one[name] for one in splits for name in ("chosen_auc", "held_out_auc")]
    ends = [min(0.5, *values) - 0.02, 1.02]
    diagonal = {"type": "line", "x0": ends[0], "y0": ends[0], "x1": ends[1], "y1": ends[1]}
    layout = {
        "height": 380,
        "margin": {**MARGIN, "t": 46},
        "legend": LEGEND,
        "showlegend": True,  # though one of the traces is empty
        "shapes": [{**diagonal, "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}],
        "xaxis": {"title": {"text": "AUC where it was chosen"}, "range": ends},
        "yaxis": {"title": {"text": "AUC on the other half"}, "range": ends},
    }
    return {"data": traces, "layout": layout}


def _hover(split: Mapping[str, Any]) -> str:
    chosen, held_out = readable_auc(split["chosen_auc"]), readable_auc(split["held_out_auc"])
    return f"neuron {split['neuron']}<br>where chosen {chosen}<br>other half {held_out}"
