"""The AUC of a neuron in each way of reading the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.records import CLEAR_AUC
from core.report.figures.style import MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import readable_auc


def picture(figures: Mapping[str, Any]) -> Picture:
    """A dot for each way of reading, and lines at 0.5 and at the threshold."""
    ways = figures["ways"]
    names = [
        f"{'prefix, ' if way['prefix'] else ''}{'space, ' if way['leading_space'] else 'bare, '}{way['pooling']}"
        for way in ways
    ]
    dots = {
        "type": "scatter",
        "x": [way["auc"] for way in ways],
        "y": names,
        "customdata": [readable_auc(way["auc"]) for way in ways],
        "mode": "markers",
        "marker": {"color": TARGET_COLOUR, "size": 10},
        "hovertemplate": "%{y}: AUC %{customdata}<extra></extra>",
    }
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}
    layout = {
        "height": 70 + 34 * len(ways),
        "showlegend": False,
        "margin": {**MARGIN, "l": 170},
        "shapes": [{**line, "x0": at, "x1": at} for at in (0.5, CLEAR_AUC)],
        "xaxis": {"title": {"text": "AUC for its own class"}, "range": [0, 1.02]},
        "yaxis": {"autorange": "reversed", "showgrid": False},
    }
    return {"data": [dots], "layout": layout}
