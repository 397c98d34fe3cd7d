"""What the loss rises by without a neuron, for its own class against the other: the neuron among others."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture

_PANELS = (
    ("", "own_targets", "other_targets", "where {} are predicted"),
    ("2", "after_own", "after_other", "right after {}"),
)
# Group, name in the legend, colour, symbol, size.
_GROUPS = (
    ("random", "other neurons at random", NEUTRAL_COLOUR, "x-thin", 7),
    ("matched", "neurons that write about as much", BASELINE_COLOUR, "circle-open", 8),
    ("subject", "this neuron, ±2 standard errors", TARGET_COLOUR, "diamond", 11),
)


def picture(figures: Mapping[str, Any]) -> Picture:
    """Two panels, one above the other: where the classes are predicted, and where they have just been read.

    Far from the dotted line, where both classes change alike, a neuron matters to one class more than to the other.
    """
    own, other = html.escape(figures["own"]), html.escape(figures["other"])
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "height": 760,
        "margin": {**MARGIN, "t": 90},
        "legend": LEGEND,
        "shapes": [],
    }
    for axis, first, second, where in _PANELS:
        for group in _GROUPS:
            traces.append(_points(figures["neurons"], axis, (first, second), group))
        values = [row[kind]["change"] for row in figures["neurons"] for kind in (first, second)]
        low, high = min(0.0, *values), max(0.0, *values)
        line = {"type": "line", "x0": low, "y0": low, "x1": high, "y1": high, "layer": "below"}
        at = {"xref": f"x{axis}", "yref": f"y{axis}", "line": {"color": NEUTRAL_COLOUR, "dash": "dot", "width": 1}}
        layout["shapes"].append({**line, **at})
        title = {"text": f"Change {where.format(own)} (nats)"}
        layout[f"xaxis{axis}"] = {"title": title, "anchor": f"y{axis}", "zeroline": True}
        layout[f"yaxis{axis}"] = {
            "title": {"text": f"… {where.format(other)} (nats)"},
            "anchor": f"x{axis}",
            "domain": [0.0, 0.42] if axis else [0.58, 1.0],
        }
    return {"data": traces, "layout": layout}


def _points(
    neurons: list[Mapping[str, Any]], axis: str, kinds: tuple[str, str], group: tuple[str, str, str, str, int]
) -> dict[str, Any]:
    """The neurons of one group in one panel."""
    name, label, colour, symbol, size = group
    rows = [row for row in neurons if row["group"] == name]
    x, y = ([row[kind]["change"] for row in rows] for kind in kinds)
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": label,
        "legendgroup": name,
        "showlegend": not axis,
        "x": x,
        "y": y,
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "text": [f"neuron {row['neuron']}" for row in rows],
        "marker": {"color": colour, "symbol": symbol, "size": size, "line": {"color": colour, "width": 1.5}},
        "hovertemplate": "%{text}: %{x:.4g} and %{y:.4g} nats<extra>" + label + "</extra>",
    }
    if name == "subject":
        for which, kind in zip(("error_x", "error_y"), kinds, strict=True):
            trace[which] = {"array": [2 * row[kind]["error"] for row in rows], "color": colour, "thickness": 1.5}
    return trace
