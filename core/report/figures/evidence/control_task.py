"""The best AUCs of random labels, and the neuron's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.report.figures.evidence.steps import mark, steps
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import readable_auc

_N_BINS = 20


def picture(figures: Mapping[str, Any]) -> Picture:
    """A histogram of the best AUC of each labelling; a line and a band at the neuron's AUC and its interval."""
    counts, edges = np.histogram(figures["best"], _N_BINS)
    line, note = mark(figures["auc"], f"this neuron: {readable_auc(figures['auc'])}", TARGET_COLOUR)
    note["xanchor"] = "right" if figures["auc"] > 0.75 else "center"
    band = {"type": "rect", "x0": figures["auc_low"], "x1": figures["auc_high"], "y0": 0, "y1": 1, "yref": "paper"}
    shapes = [{**band, "fillcolor": TARGET_COLOUR, "opacity": 0.2, "line": {"width": 0}}, line]
    traces = [
        steps(edges.tolist(), counts.tolist(), "best with random labels", BASELINE_COLOUR, "labellings"),
    ]
    if held_out := figures["held_out"]:
        height = float(counts.max()) / 20
        traces.append(
            {
                "type": "scatter",
                "x": [held_out["low"], held_out["held_out"], held_out["high"]],
                "y": [height] * 3,
                "mode": "lines+markers",
                "name": "the same on held-out words",
                "line": {"color": NEUTRAL_COLOUR, "width": 3},
                "marker": {"color": NEUTRAL_COLOUR, "size": [1, 9, 1]},
                "text": [readable_auc(held_out[name]) for name in ("low", "held_out", "high")],
                "hovertemplate": "random labels, other half: %{text}<extra></extra>",
            }
        )
    values = [*edges.tolist(), figures["auc"], 0.4, *([held_out["low"], held_out["high"]] if held_out else [])]
    layout = {
        "height": 320,
        "margin": {**MARGIN, "t": 64},
        "legend": {**LEGEND, "y": 1.1},
        "shapes": shapes,
        "annotations": [note],
        "xaxis": {
            "title": {"text": f"Best AUC of {figures['n_neurons']:,} neurons"},
            "range": [min(values), max(*values, 0.8) + 0.02],
        },
        "yaxis": {"title": {"text": "Random labellings"}, "rangemode": "tozero"},
    }
    return {"data": traces, "layout": layout}
