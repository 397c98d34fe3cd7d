"""The largest statistics that chance makes in the layer and in the model, and the neuron's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from core.report.figures.evidence.steps import mark, steps
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import as_chosen, readable_number

# A strong neuron is far above all of chance, so the axis is logarithmic.
_TICKS = [0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 70, 100, 200, 500, 1000]


def picture(figures: Mapping[str, Any]) -> Picture:
    """Two histograms of the maxima, and a line at the neuron; dotted lines at the 95% quantiles."""
    layer, model = figures["layer"], figures["model"]
    letter, edges, statistic = figures["letter"], figures["edges"], figures["statistic"]
    line, note = mark(statistic, f"this neuron: {readable_number(statistic)}", TARGET_COLOUR)
    # Towards the middle of the picture, so that it is not cut off.
    note["xanchor"] = "right" if statistic > edges[-1] else "center" if statistic > edges[0] else "left"
    quantiles = [
        {"type": "line", "x0": one["quantile"], "x1": one["quantile"], "y0": 0, "y1": 1, "yref": "paper"}
        | {"line": {"color": colour, "width": 1.5, "dash": "dot"}}
        for one, colour in ((layer, NEUTRAL_COLOUR), (model, BASELINE_COLOUR))
        if one["quantile"] is not None  # infinite
    ]
    layout = {
        "height": 320,
        "margin": {**MARGIN, "t": 64},
        "legend": {**LEGEND, "y": 1.1},
        "shapes": [*quantiles, line],
        # Shapes and annotations: plotly takes the first in the axis's units, the second as its logarithm.
        "annotations": [{**note, "x": _log10(statistic)}],
        "xaxis": {
            "type": "log",
            "title": {"text": f"Largest |{letter}| in a permutation (dotted: 95%)"},
            "tickvals": _TICKS,
            "ticktext": [as_chosen(tick) for tick in _TICKS],
            "range": [_log10(0.9 * min(edges[0], statistic)), _log10(1.1 * max(edges[-1], statistic))],
        },
        "yaxis": {"title": {"text": "Permutations"}, "rangemode": "tozero"},
    }
    traces = [
        steps(edges, layer["counts"], f"of {layer['n_neurons']:,} neurons (layer)", NEUTRAL_COLOUR, "permutations"),
        steps(edges, model["counts"], f"of {model['n_neurons']:,} (model)", BASELINE_COLOUR, "permutations"),
    ]
    return {"data": traces, "layout": layout}


def _log10(value: float) -> float:
    return math.log10(max(value, 0.01))
