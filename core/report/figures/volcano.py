"""The volcano of a layer: the size of every neuron's difference against its p, and what both are by chance."""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult, ShuffledPoints
from core.report.figures.points import LAYOUT, Line, legend, legend_entry, neuron_points, with_room
from core.report.figures.style import MARGIN, NEUTRAL_COLOUR, Picture, in_lines
from core.report.readable import SIGNED_HOVER, as_chosen, readable_p
from core.report.sentences import class_names

_CHANCE = {"color": NEUTRAL_COLOUR, "symbol": "circle", "size": 4}
# Ticks of the vertical axis are some of these, at least so far from each other, as a share of the axis.
_TICKS = (0, *(digit * 10**power for power in range(6) for digit in (1, 2, 3, 5)))
_BETWEEN_TICKS = 0.07


def neuron_volcano(result: ContrastResult, chance: ShuffledPoints | None, critical_log10_p: float) -> Picture:
    """The volcano of all neurons: Hedges' g to the right, -log10 p upward. Neurons look as in ``neuron_scatter``.

    What is found by chance is drawn downward, as in a mirror: p follows from g so closely that the points would hide
    each other. The vertical axis has the scale of a square root. On a plain one, p-values of 10^-300 would leave no
    room for those of chance, which are rarely below 10^-3.

    Parameters
    ----------
    result : ContrastResult
    chance : ShuffledPoints, optional
        The same with shuffled labels, from ``core.comparison.shuffled_points``: small points, which no click finds.
    critical_log10_p : float
        From ``core.comparison.critical_log10_p``; a line in both directions, if it is finite. Below zero, there is also
        a line at alpha.

    Returns
    -------
    Picture
        All neurons are in the first trace, so the index of a point is the neuron.
    """
    points = {
        **neuron_points(result, "%{pointNumber:d}", axis="g"),
        "x": result.effect_sizes.hedges_g.astype(np.float32),
        "y": _height(result.log10_p),
    }
    traces, entries = [points], legend(result)
    if chance is not None:
        traces.append(_chance_points(chance))
        entries.append(legend_entry("By chance, downward: labels shuffled", _CHANCE))
    lines = []
    if np.isfinite(critical_log10_p):
        what = "" if result.spec.tested_by.one_df else ", median df"
        height = float(_height(np.array(critical_log10_p)))
        lines.append(Line(height, f"Threshold (p = {readable_p(critical_log10_p)}{what})", "dash"))
    below = _line_at_alpha(result, critical_log10_p) if chance is not None else []
    lines += below
    entries += [line.legend_entry() for line in lines]
    return {"data": [*traces, *entries], "layout": _layout(result, traces, lines, below)}


def _line_at_alpha(result: ContrastResult, critical_log10_p: float) -> list[Line]:
    """The line at alpha itself, beyond which shuffled labels are significant by chance without a correction.

    None where it is the threshold, as without a correction.
    """
    at_alpha = float(np.log10(result.spec.alpha))
    if np.isfinite(critical_log10_p) and abs(critical_log10_p - at_alpha) < 1e-3:
        return []
    label = f"Alpha, without a correction (p = {as_chosen(result.spec.alpha)})"
    return [Line(float(_height(np.array(at_alpha))), label, "dot")]


def _height(log10_p: np.ndarray) -> np.ndarray:
    """Where p-values are on the vertical axis: float32 of the same shape."""
    return np.sqrt(-log10_p).astype(np.float32)


def _chance_points(chance: ShuffledPoints) -> Picture:
    """Points that no click finds."""
    return {
        "type": "scatter",
        "x": chance.hedges_g.astype(np.float32),
        "y": -_height(chance.log10_p),
        "mode": "markers",
        "marker": _CHANCE,
        "opacity": 0.7,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _layout(result: ContrastResult, traces: list[Picture], lines: list[Line], below: list[Line]) -> Picture:
    """The axes, with all points and the line on them. Lines of ``below`` are in the shuffled half alone."""
    target, baseline = class_names(result.spec)
    sizes, heights = (np.concatenate([trace[axis] for trace in traces]) for axis in ("x", "y"))
    widest = float(np.abs(sizes[np.isfinite(sizes)]).max(initial=0.1))
    at_least = max([1.0, *(line.height for line in lines)])
    heights = heights[np.isfinite(heights)]
    lowest = float(heights.min(initial=-at_least if len(traces) > 1 else 0.0))
    highest = float(heights.max(initial=at_least))
    ticks = _ticks(highest)
    places = {tick**0.5: tick for tick in ticks} | {-(tick**0.5): tick for tick in ticks if -(tick**0.5) >= lowest}
    return {
        **LAYOUT,
        "margin": {**MARGIN, "t": 106},
        "xaxis": {
            "title": {"text": in_lines(f"Hedges' g ({target} − {baseline})", 44)},
            "zeroline": True,
            "range": with_room(-widest, widest),
            "hoverformat": SIGNED_HOVER,
        },
        "yaxis": {
            "title": {"text": "−log<sub>10</sub> p (square-root scale)"},
            "zeroline": True,
            "range": with_room(lowest, highest),
            "tickvals": list(places),
            "ticktext": [f"{tick:,}" for tick in places.values()],
        },
        "annotations": [_below(lowest)] if len(traces) > 1 else [],
        "shapes": [
            line.shape(sign)
            for line in lines
            for sign in ((-1,) if line in below else (1, -1) if len(traces) > 1 else (1,))
        ],
    }


def _below(lowest: float) -> Picture:
    """What is drawn below zero."""
    place = {"x": 1, "xref": "x domain", "xanchor": "right", "y": lowest / 2, "yref": "y"}
    return {**place, "text": "labels shuffled", "showarrow": False, "font": {"size": 11}}


def _ticks(highest: float) -> list[int]:
    """Round values of -log10 p that are not too close to each other on an axis that ends at this height."""
    ticks = [0]
    for tick in _TICKS:
        if ticks[-1] ** 0.5 + _BETWEEN_TICKS * highest <= tick**0.5 <= highest:
            ticks.append(tick)
    return ticks
