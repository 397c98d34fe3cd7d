"""What the loss rises by without a neuron, for its own class against the other; and the tokens that it raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.style import (
    BASELINE_COLOUR,
    LEGEND,
    MARGIN,
    NEUTRAL_COLOUR,
    TARGET_COLOUR,
    Picture,
    literal,
)
from core.report.readable import HOVER

# Suffix of the axes, own class, other class, where; and from where to where it is in the picture.
_PANELS = (
    ("", "own_targets", "other_targets", "where {} are predicted", (0.74, 1.0)),
    ("2", "after_own", "after_other", "right after {}", (0.40, 0.66)),
)
_TOKENS = (0.0, 0.32)
_ZERO = {"zeroline": True, "zerolinecolor": NEUTRAL_COLOUR, "hoverformat": HOVER}
# Group, name in the legend, colour, symbol, size.
_GROUPS = (
    ("random", "other neurons at random", NEUTRAL_COLOUR, "x-thin", 7),
    ("matched", "neurons that write about as much", BASELINE_COLOUR, "circle-open", 8),
    ("subject", "this neuron, ±2 standard errors", TARGET_COLOUR, "diamond", 11),
)


def picture(figures: Mapping[str, Any]) -> Picture:
    """Two panels of neurons, where the classes are predicted and where they have just been read; and tokens in bars.

    Far from the dotted line, where both classes change alike, a neuron matters to one class more than to the other.
    The bars are the tokens that the neuron's output weights raise and lower most.
    """
    own, other = literal(figures["own"]), literal(figures["other"])
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"height": 1180, "margin": {**MARGIN, "t": 90}, "legend": LEGEND, "shapes": []}
    for axis, first, second, where, domain in _PANELS:
        for group in _GROUPS:
            traces.append(_points(figures["neurons"], axis, (first, second), group))
        values = [row[kind]["change"] for row in figures["neurons"] for kind in (first, second)]
        low, high = min(0.0, *values), max(0.0, *values)
        line = {"type": "line", "x0": low, "y0": low, "x1": high, "y1": high, "layer": "below"}
        at = {"xref": f"x{axis}", "yref": f"y{axis}", "line": {"color": NEUTRAL_COLOUR, "dash": "dot", "width": 1}}
        layout["shapes"].append({**line, **at})
        title = {"text": f"Change {where.format(own)} (nats)"}
        layout[f"xaxis{axis}"] = {**_ZERO, "title": title, "anchor": f"y{axis}"}
        title = {"text": f"… {where.format(other)} (nats)"}
        layout[f"yaxis{axis}"] = {**_ZERO, "title": title, "anchor": f"x{axis}", "domain": list(domain)}
    traces.append(_bars(figures["raises"], figures["lowers"]))
    title = {"text": "Direct change of a token's logit"}
    layout["xaxis3"] = {**_ZERO, "title": title, "anchor": "y3"}
    pieces = [row["piece"] for row in (*figures["raises"], *reversed(figures["lowers"]))]
    names = [literal(piece if len(piece) < 14 else f"{piece[:12]}…") for piece in pieces]
    ticks = {"tickmode": "array", "tickvals": traces[-1]["y"], "ticktext": names, "showgrid": False}
    layout["yaxis3"] = {**ticks, "anchor": "x3", "domain": list(_TOKENS), "autorange": "reversed"}
    return {"data": traces, "layout": layout}


def before(figures: Mapping[str, Any]) -> Picture:
    """The other neurons alone."""
    others = [row for row in figures["neurons"] if row["group"] != "subject"]
    whole = picture({**figures, "neurons": others})
    return {**whole, "data": [trace for trace in whole["data"] if trace.get("legendgroup") != "subject"]}


def _bars(raises: list[Mapping[str, Any]], lowers: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The tokens, from the one that is raised most to the one that is lowered most."""
    rows = [*raises, *reversed(lowers)]
    changes = [row["change"] for row in rows]
    return {
        "type": "bar",
        "orientation": "h",
        "x": changes,
        "y": list(range(len(rows))),  # not the pieces: two tokens may read the same
        "text": [literal(row["piece"]) for row in rows],
        "textposition": "none",
        "xaxis": "x3",
        "yaxis": "y3",
        "showlegend": False,
        "marker": {"color": [TARGET_COLOUR if change > 0 else BASELINE_COLOUR for change in changes]},
        "hovertemplate": "%{text}: %{x}<extra></extra>",
    }


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
        "hovertemplate": "%{text}: %{x} and %{y} nats<extra>" + label + "</extra>",
    }
    if name == "subject":
        for which, kind in zip(("error_x", "error_y"), kinds, strict=True):
            trace[which] = {"array": [2 * row[kind]["error"] for row in rows], "color": colour, "thickness": 1.5}
    return trace
