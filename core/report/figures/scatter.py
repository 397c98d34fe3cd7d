"""The scatter of a layer: every neuron's statistic against its index, with lines at the threshold."""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult
from core.report.figures.points import LAYOUT, Line, legend, neuron_points, with_room
from core.report.figures.style import MARGIN, Picture, in_lines
from core.report.glossary import statistic_name
from core.report.readable import SIGNED_HOVER, as_chosen, readable_number
from core.report.sentences import class_names


def waiting() -> Picture:
    """Empty axes, to be shown while the scatter is computed."""
    layout = {
        "height": 440,
        "margin": MARGIN,
        "xaxis": {"title": {"text": "Neuron"}, "range": [0, 1], "showticklabels": False, "zeroline": False},
        "yaxis": {"title": {"text": "Statistic"}, "range": [-1, 1], "showticklabels": False},
    }
    return {"data": [], "layout": layout}


def neuron_scatter(result: ContrastResult) -> Picture:
    """The scatter of all neurons. Significant ones are triangles, hollow if they are silent or reverse.

    All neurons are in the first trace, so the index of a point is the neuron.
    """
    # Without x, plotly counts the points from 0.
    points = {**neuron_points(result, "%{x:d}", axis="statistic"), "y": result.tests.statistic.astype(np.float32)}
    lines = _lines(result)
    entries = [*legend(result), *(line.legend_entry() for line in lines)]
    return {"data": [points, *entries], "layout": _layout(result, lines)}


def _layout(result: ContrastResult, lines: list[Line]) -> Picture:
    """The axes, with all points and lines on them, and the lines."""
    spec, statistic = result.spec, result.tests.statistic
    target, baseline = class_names(spec)
    drawn = [*statistic[np.isfinite(statistic)], *(sign * line.height for line in lines for sign in (1, -1))] or [-1, 1]
    heights = in_lines(f"{statistic_name(spec.test)} ({target} − {baseline})", 52)
    return {
        **LAYOUT,
        "margin": {**MARGIN, "t": 88},
        "xaxis": {
            "title": {"text": f"Neuron of layer {spec.layer}"},
            "zeroline": False,
            "range": with_room(0, result.n_neurons - 1),
        },
        "yaxis": {
            "title": {"text": heights},
            "zeroline": True,
            "range": with_room(min(drawn), max(drawn)),
            "hoverformat": SIGNED_HOVER,
        },
        "shapes": [line.shape(sign) for line in lines for sign in (1, -1)],
    }


def _lines(result: ContrastResult) -> list[Line]:
    """The threshold, and with max-T ``null_95`` if alpha makes it another line; only finite ones."""
    spec, critical, null_95 = result.spec, result.critical_statistic, result.null_95
    if null_95 is not None:
        what = f" ({as_chosen(100 * (1 - spec.alpha))}% of permutations stay below)"
    else:
        what = "" if spec.tested_by.one_df else " (median df)"
    lines = [Line(critical, f"Threshold ±{readable_number(critical)}{what}", "dash")]
    if null_95 is not None and spec.alpha != 0.05:
        lines.append(Line(null_95, f"Null 95 ±{readable_number(null_95)} (95% of permutations stay below)", "dot"))
    return [line for line in lines if np.isfinite(line.height)]
