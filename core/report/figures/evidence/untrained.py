"""The neuron's AUC in tagged text beside that of the best neurons of untrained networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import readable_auc


def picture(figures: Mapping[str, Any]) -> Picture:
    """A row for each network: in the tagged text with its interval, on the word lists, and the highest of the layer."""
    networks = [("this neuron", figures["trained"])]
    networks += [(f"untrained,<br>seed {each['seed']}", each) for each in figures["untrained"]]
    names, rows = [name for name, _ in networks], [row for _, row in networks]
    counts = [f"neuron {row['neuron']}, {row['n_significant']:,} significant neurons in the layer" for row in rows]
    colours = [TARGET_COLOUR] + [BASELINE_COLOUR] * (len(rows) - 1)
    dots = {"type": "scatter", "y": names, "mode": "markers", "text": counts}
    in_text = {
        **dots,
        "name": "in tagged text (95% interval)",
        "x": [row["auc"] for row in rows],
        "marker": {"color": colours, "size": 11},
        "error_x": {
            "symmetric": False,
            "array": [(row["high"] or row["auc"]) - row["auc"] for row in rows],
            "arrayminus": [row["auc"] - (row["low"] or row["auc"]) for row in rows],
            "color": NEUTRAL_COLOUR,
        },
    }
    on_lists = {
        **dots,
        "name": "on the word lists",
        "x": [row["word_auc"] for row in rows],
        "marker": {"color": colours, "symbol": "diamond-open", "size": 10, "line": {"width": 2}},
    }
    highest = {
        **dots,
        "name": "in text, the highest of the layer",
        "x": [row["highest_auc"] for row in rows],
        "marker": {"color": NEUTRAL_COLOUR, "symbol": "line-ns-open", "size": 14, "line": {"width": 2}},
    }
    for trace in (in_text, on_lists, highest):
        trace["customdata"] = [readable_auc(auc) for auc in trace["x"]]
        trace["hovertemplate"] = "%{text}: AUC %{customdata}<extra>" + str(trace["name"]) + "</extra>"
    lowest = min(0.45, *(value for trace in (in_text, on_lists) for value in trace["x"]))
    chance = {"type": "line", "x0": 0.5, "x1": 0.5, "yref": "paper", "y0": 0, "y1": 1}
    layout = {
        "height": 330,
        "margin": {**MARGIN, "l": 96, "t": 84},
        "legend": LEGEND,
        "shapes": [{**chance, "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}],
        "xaxis": {"title": {"text": "AUC for its own class"}, "range": [lowest - 0.03, 1.02]},
        "yaxis": {"autorange": "reversed", "showgrid": False},
    }
    return {"data": [in_text, on_lists, highest], "layout": layout}
