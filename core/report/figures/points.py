"""What the plots of all neurons of a layer share: how a neuron looks, what its hover says, the legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.records import ContrastResult
from core.report.figures.style import BASELINE_COLOUR, LEGEND, NEUTRAL_COLOUR, TARGET_COLOUR, Picture, in_lines, literal
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import HOVER, MINUS, readable_p, rounded_auc
from core.report.sentences import class_names, mark_texts, silent_or_reverses

_LEGEND_LINE = 48  # characters: a phone is no wider
_FAINT = f"{NEUTRAL_COLOUR}80"  # half transparent

# The symbols of neurons that are not significant, higher for the target and higher for the baseline (circle, triangle
# up, triangle down), then the same hollow: plotly's numbers, which are shorter than its names. As text, because
# plotly.js takes the number 0 for no symbol, and fails on hover.
_SYMBOLS = ("0", "5", "6", "100", "105", "106")


# What a plot of all neurons does with clicks and drags, its height, and its legend.
LAYOUT: Picture = {
    "height": 500,
    "legend": {**LEGEND, "font": {"size": 11}},
    "dragmode": "zoom",
    "hovermode": "closest",
}


@dataclass(frozen=True)
class Line:
    """A line at a height, with its label in the legend."""

    height: float
    label: str
    dash: str

    def look(self) -> Picture:
        """The line for plotly."""
        return {"dash": self.dash, "width": 1, "color": NEUTRAL_COLOUR}

    def legend_entry(self) -> Picture:
        """A trace without points, for the legend."""
        line = {**self.look(), "width": 1.5}
        return {"type": "scatter", "x": [None], "y": [None], "mode": "lines", "name": self.label, "line": line}

    def shape(self, sign: int = 1) -> Picture:
        """The line across the plot, at its height or at the negative one."""
        ends = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "yref": "y"}
        return {**ends, "y0": sign * self.height, "y1": sign * self.height, "line": self.look()}


def neuron_points(result: ContrastResult, number: str, axis: Literal["statistic", "g", ""] = "") -> Picture:
    """A trace with a marker for each neuron, in their order, without places.

    Significant neurons are triangles, hollow if they are silent or reverse. A hover begins with the neuron's number,
    which is ``number`` in plotly's terms. ``axis`` is what the picture's axis shows: the statistic (y), Hedges' g (x),
    or neither, and then a hover says nothing of g. That axis has ``SIGNED_HOVER`` as its ``hoverformat``.
    """
    kind = np.where(~result.significant, 0, np.where(result.tests.statistic > 0, 1, 2)).astype(np.uint8)
    hollow = result.significant & silent_or_reverses(result)
    sizes = [size for *_, size in _looks(result)]
    # SVG, not WebGL: it is fast enough for a few thousand points, and not every classroom computer has WebGL.
    return {
        "type": "scatter",
        "mode": "markers",
        # Short numbers for each point: names of colours would be most of the figure's size.
        "marker": {
            "color": kind,
            "colorscale": [[0, _FAINT], [0.5, TARGET_COLOUR], [1, BASELINE_COLOUR]],
            "cmin": 0,
            "cmax": 2,
            "symbol": np.array(_SYMBOLS)[kind + 3 * hollow].tolist(),
            "size": np.array(sizes, dtype=np.uint8)[kind],
            "opacity": 0.9,
            "line": {"width": 0},
        },
        "text": mark_texts(result),
        "hovertext": _hover_texts(result, axis),
        "customdata": _hover_numbers(result, axis),
        "hovertemplate": f"<b>Neuron {number}</b> %{{text}}<br>{_hover(result, axis)}",
        "showlegend": False,
    }


def _looks(result: ContrastResult) -> tuple[tuple[str, str, str, int], ...]:
    """The name, colour, symbol and size of neurons that are not significant, and of those higher for each class."""
    higher = [in_lines(f"Significantly higher for {name}", _LEGEND_LINE) for name in class_names(result.spec)]
    return (
        ("Not significant", NEUTRAL_COLOUR, "circle", 5),
        (higher[0], TARGET_COLOUR, "triangle-up", 9),
        (higher[1], BASELINE_COLOUR, "triangle-down", 9),
    )


def legend(result: ContrastResult) -> list[Picture]:
    """Traces without points, which explain those of ``neuron_points``."""
    nothing, higher, lower = _looks(result)
    shown = [higher, lower, nothing]
    if (result.significant & silent_or_reverses(result)).any():
        shown.insert(2, ("Hollow: silent or reverses", NEUTRAL_COLOUR, "triangle-up-open", 9))
    return [
        legend_entry(name, {"color": colour, "symbol": symbol, "size": size}) for name, colour, symbol, size in shown
    ]


def legend_entry(name: str, marker: Picture) -> Picture:
    """A trace without points, for the legend."""
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "name": name, "marker": marker}


def with_room(low: float, high: float) -> list[float]:
    """A range with room for whole points at its ends."""
    room = 0.05 * (high - low) or 1.0
    return [float(low - room), float(high + room)]


def _hover(result: ContrastResult, axis: str) -> str:
    """The text of a hover. The browser formats the numbers: as finished text, they would triple the figure's bytes."""
    target, baseline = map(literal, class_names(result.spec))
    there = SIDE_WORDS[result.other_side.side]
    first = {"statistic": f"{statistic_name(result.spec.test)} = %{{y}}, ", "g": "g = %{x}, "}.get(axis, "")
    return (
        f"{first}adjusted p = %{{hovertext}}%{{customdata[4]:{HOVER}}}<br>"
        f"AUC %{{customdata[0]:.6~f}}, {there} the nonlinearity %{{customdata[1]:.6~f}}<br>"
        f"above zero: %{{customdata[2]:.1%}} of {target}, %{{customdata[3]:.1%}} of {baseline}<extra></extra>"
    )


def _hover_texts(result: ContrastResult, axis: str) -> list[str]:
    """The adjusted p of each neuron, then the name and the sign of the number of ``_off_axis``.

    plotly itself would write hyphens for minus signs, and 0 for p-values that float32 does not have.
    """
    name = "g" if axis == "statistic" else statistic_name(result.spec.test)
    numbers = _off_axis(result, axis)
    signs = np.where(numbers < 0, MINUS, np.where(numbers > 0, "+", "")).tolist()
    each = zip(result.log10_p_adjusted.tolist(), signs, strict=True)
    return [f"{readable_p(log10_p)}, {name} = {sign}" for log10_p, sign in each]


def _off_axis(result: ContrastResult, axis: str) -> np.ndarray:
    """Hedges' g if the statistic is on an axis, else the statistic: float64 (n_neurons,)."""
    return result.effect_sizes.hedges_g if axis == "statistic" else result.tests.statistic


def _hover_numbers(result: ContrastResult, axis: str) -> np.ndarray:
    """The numbers that a hover shows for each neuron: float32 (n_neurons, 5), in the order of ``_hover``; no signs."""
    other = result.other_side
    columns = [
        rounded_auc(result.tests.auc),
        rounded_auc(other.auc),
        _percent(other.above_zero_target),
        _percent(other.above_zero_baseline),
        np.abs(_off_axis(result, axis)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)  # 5 arrays [n_neurons] -> [n_neurons, 5]


def _percent(share: np.ndarray) -> np.ndarray:
    """Shares that read 0% or 100% with one decimal only if they are exactly that."""
    return np.where((share == 0) | (share == 1), share, np.clip(share, 0.001, 0.999))
