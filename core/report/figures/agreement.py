"""Pictures of two experiments: statistic against statistic, quantiles against quantiles, layers on one axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.records import ContrastResult
from core.records.agreement import NeuronAgreement, QuantilePairs
from core.report.agreement import statistics_named
from core.report.figures.points import LAYOUT, legend_entry, with_room
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture, in_lines
from core.report.palette import palette
from core.report.readable import SIGNED_HOVER, rounded_auc
from core.report.sentences import class_names

INK = palette("light")["significant"]
_FAINT = f"{NEUTRAL_COLOUR}80"  # half transparent
# By what a neuron is: its name, colour, plotly's number of the symbol (as text, see points.py), and size. The symbol
# of those in one experiment points along the axis of that one.
_KINDS = (
    ("Significant in neither", NEUTRAL_COLOUR, "0", "circle", 4),
    ("Only in A", INK, "108", "triangle-right-open", 8),
    ("Only in B", INK, "105", "triangle-up-open", 8),
    ("In both", INK, "0", "circle", 7),
    ("In both, on opposite sides", INK, "4", "x", 7),
)
_BOTH = 3  # the kind that has the classes' colours, if both compare the same ones


def agreement_scatter(a: ContrastResult, b: ContrastResult, found: NeuronAgreement) -> Picture:
    """Every neuron's statistic in A (to the right) and in B (upward).

    All neurons are in the first trace, so the index of a point is the neuron. Those that one of the two has not tested
    have no point.
    """
    kind = (a.significant + 2 * b.significant).astype(np.uint8)  # 0 neither, 1 only A, 2 only B, 3 both
    kind[found.changed_sides] = 4
    colours = kind.copy()
    same_classes = class_names(a.spec) == class_names(b.spec)
    if same_classes:
        both = kind == _BOTH
        colours[both] = np.where(a.tests.statistic[both] > 0, 5, 6)
    place = [np.where(found.tested, each.tests.statistic, np.nan).astype(np.float32) for each in (a, b)]
    one, other = statistics_named(a, b)
    points = {
        "type": "scatter",
        "x": place[0],
        "y": place[1],
        "mode": "markers",
        "marker": {
            "color": colours,
            "colorscale": _steps([_FAINT, INK, INK, INK, INK, TARGET_COLOUR, BASELINE_COLOUR]),
            "cmin": 0,
            "cmax": 6,
            "symbol": np.array([symbol for _, _, symbol, _, _ in _KINDS])[kind].tolist(),
            "size": np.array([size for *_, size in _KINDS], dtype=np.uint8)[kind],
            "opacity": 0.9,
            "line": {"width": 0},
        },
        "customdata": np.stack([rounded_auc(a.tests.auc), rounded_auc(b.tests.auc)], axis=1).astype(np.float32),
        "hovertemplate": f"<b>Neuron %{{pointNumber:d}}</b><br>{one} = %{{x}}, AUC %{{customdata[0]:.6~f}}<br>"
        f"{other} = %{{y}}, AUC %{{customdata[1]:.6~f}}<extra></extra>",
        "showlegend": False,
    }
    return {"data": [points, *_legend(a, kind, same_classes)], "layout": _layout(a, b, place)}


def _steps(colours: Sequence[str]) -> list[list[object]]:
    """A colour scale of single colours, at equal distances."""
    return [[at / (len(colours) - 1), colour] for at, colour in enumerate(colours)]


def _legend(a: ContrastResult, kind: np.ndarray, same_classes: bool) -> list[Picture]:
    """Traces without points, for the kinds that there are."""
    entries = []
    for number in (3, 1, 2, 4, 0):
        if not (kind == number).any():
            continue
        name, colour, _, symbol, size = _KINDS[number]
        looks = [(name, colour)]
        if number == _BOTH and same_classes:
            target, baseline = class_names(a.spec)
            looks = [(f"In both, for {target}", TARGET_COLOUR), (f"In both, for {baseline}", BASELINE_COLOUR)]
        entries += [
            legend_entry(in_lines(said, 40), {"color": its, "symbol": symbol, "size": size}) for said, its in looks
        ]
    return entries


def _layout(a: ContrastResult, b: ContrastResult, place: Sequence[np.ndarray]) -> Picture:
    ends = [_ends(each) for each in place]
    axes = {
        f"{axis}axis": {
            "title": {"text": in_lines(f"{name} ({class_names(each.spec)[0]} − {class_names(each.spec)[1]})", 44)},
            "range": with_room(*low_high),
            "zeroline": True,
            "hoverformat": SIGNED_HOVER,
        }
        for axis, name, each, low_high in zip("xy", statistics_named(a, b), (a, b), ends, strict=True)
    }
    return {**LAYOUT, "height": 460, "margin": {**MARGIN, "t": 88}, **axes, "shapes": [_diagonal(ends)]}


def _ends(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)


def _diagonal(ends: Sequence[tuple[float, float]]) -> Picture:
    """The line of equal numbers, as far as both axes go."""
    low, high = max(each[0] for each in ends), min(each[1] for each in ends)
    line = {"color": NEUTRAL_COLOUR, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": low, "y0": low, "x1": high, "y1": high, "line": line, "layer": "below"}


def quantile_plot(a: ContrastResult, b: ContrastResult, pairs: QuantilePairs) -> Picture:
    """The quantiles of A's statistic (to the right) against those of B's (upward), with the line of equal ones."""
    points = {
        "type": "scatter",
        "x": pairs.a.astype(np.float32),
        "y": pairs.b.astype(np.float32),
        "mode": "markers",
        "marker": {"color": INK, "size": 5, "opacity": 0.6},
        "customdata": pairs.quantile.astype(np.float32),
        "hovertemplate": "quantile %{customdata:.1%}<br>A %{x}, B %{y}<extra></extra>",
        "showlegend": False,
    }
    layout = _layout(a, b, [pairs.a, pairs.b])
    layout["margin"] = {**MARGIN, "t": 24}
    return {"data": [points], "layout": {**layout, "height": 420}}


def depth_plot(rows: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]], one_size: bool) -> Picture:
    """The layers of both experiments by relative depth: the share of strong neurons, and below it the largest |g|.

    Parameters
    ----------
    rows : sequence of (name, depth, share, size)
        Of A, then of B: what it is called, and three arrays (n_layers,). A layer without a tested neuron has NaN.
    one_size : bool
        Whether the g of both are of one kind; else the axis says that they are not.
    """
    looks = (("solid", "circle", INK), ("dash", "square-open", NEUTRAL_COLOUR))
    traces = []
    for (name, depth, share, size), (dash, symbol, colour) in zip(rows, looks, strict=True):
        line = {"dash": dash, "color": colour, "width": 2}
        common = {"type": "scatter", "x": depth, "mode": "lines+markers", "line": line, "text": np.arange(len(depth))}
        marker = {"marker": {"symbol": symbol, "size": 7, "color": colour}, "legendgroup": name}
        hover = f"{name}, layer %{{text}}<br>"
        traces += [
            {**common, **marker, "y": share, "name": name, "hovertemplate": f"{hover}%{{y:.2%}} strong<extra></extra>"},
            {
                **common,
                **marker,
                **{"y": size, "name": name, "showlegend": False, "xaxis": "x", "yaxis": "y2"},
                "hovertemplate": f"{hover}largest |g| %{{y}}<extra></extra>",
            },
        ]
    of_g = "Largest |g|" if one_size else "Largest |g| (of two kinds)"
    layout = {
        "height": 420,
        "margin": {**MARGIN, "t": 46},
        "legend": LEGEND,
        "dragmode": False,
        "hovermode": "closest",
        "xaxis": {
            "title": {"text": "Relative depth (0: first layer, 1: last)"},
            "range": [-0.03, 1.03],
            "anchor": "y2",
        },
        "yaxis": {"title": {"text": "Strong neurons"}, "domain": [0.56, 1], "rangemode": "tozero", "tickformat": "~%"},
        "yaxis2": {"title": {"text": of_g}, "domain": [0, 0.44], "rangemode": "tozero", "hoverformat": ",.3r"},
    }
    return {"data": traces, "layout": layout}
