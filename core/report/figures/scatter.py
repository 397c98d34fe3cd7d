"""The scatter of a layer: every neuron's statistic against its index, with lines at the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.records import ContrastResult
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import rounded_auc, scientific
from core.report.sentences import class_names, mark_texts, silent_or_reverses

_FAINT = "rgba(138,143,152,0.5)"  # half of NEUTRAL_COLOUR
# The symbols of neurons that are not significant, higher for the target and higher for the baseline (circle, triangle
# up, triangle down), then the same hollow: plotly's numbers, which are shorter than its names. As text, because
# plotly.js takes the number 0 for no symbol, and fails on hover.
_SYMBOLS = ("0", "5", "6", "100", "105", "106")


@dataclass(frozen=True)
class Line:
    """A line at a statistic, and at its negative, with its label in the legend."""

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


def waiting() -> Picture:
    """Empty axes, to be shown while the scatter is computed."""
    layout = {
        "height": 440,
        "margin": MARGIN,
        "xaxis": {"title": {"text": "Neuron"}, "range": [0, 1], "showticklabels": False, "zeroline": False},
        "yaxis": {"title": {"text": "Statistic"}, "range": [-1, 1], "showticklabels": False},
    }
    return {"data": [], "layout": layout}


def neuron_scatter(result: ContrastResult, highlight: int | None = None) -> Picture:
    """The scatter of all neurons. Significant ones are triangles, hollow if they are silent or reverse.

    Parameters
    ----------
    result : ContrastResult
    highlight : int, optional
        A neuron to mark, as a click would.

    Returns
    -------
    Picture
        All neurons are in the first trace, so the index of a selected point is the neuron.
    """
    tests, spec = result.tests, result.spec
    target, baseline = class_names(spec)
    kind = np.where(~result.significant, 0, np.where(tests.statistic > 0, 1, 2)).astype(np.uint8)
    looks = (
        ("Not significant", NEUTRAL_COLOUR, "circle", 5),
        (f"Significantly higher for {target}", TARGET_COLOUR, "triangle-up", 9),
        (f"Significantly higher for {baseline}", BASELINE_COLOUR, "triangle-down", 9),
    )
    sizes = [size for *_, size in looks]
    hollow = result.significant & silent_or_reverses(result)
    # SVG, not WebGL: it is fast enough for a few thousand points, and not every classroom computer has WebGL.
    points = {
        "type": "scatter",
        # Without x, plotly counts the points from 0.
        "y": tests.statistic.astype(np.float32),
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
        "customdata": _hover_numbers(result),
        "hovertemplate": _hover(result),
        "selected": {"marker": {"size": 15, "opacity": 1.0}},
        "unselected": {"marker": {"opacity": 0.35}},
        "showlegend": False,
    }
    if highlight is not None:
        points["selectedpoints"] = [highlight]
    lines = _lines(result)
    shown = [looks[1], looks[2], looks[0]]
    if hollow.any():
        shown.insert(2, ("Hollow: silent or reverses", NEUTRAL_COLOUR, "triangle-up-open", 9))
    entries = [_legend_entry(*look) for look in shown] + [line.legend_entry() for line in lines]
    return {"data": [points, *entries], "layout": _layout(result, lines)}


def _layout(result: ContrastResult, lines: list[Line]) -> Picture:
    """The axes, with all points and lines on them, and the lines."""
    spec, statistic = result.spec, result.tests.statistic
    target, baseline = class_names(spec)
    drawn = [*statistic[np.isfinite(statistic)], *(sign * line.height for line in lines for sign in (1, -1))] or [-1, 1]
    heights = f"{statistic_name(spec.test)} ({target} − {baseline})"
    return {
        "height": 500,
        "margin": {**MARGIN, "t": 88},
        "legend": {**LEGEND, "font": {"size": 11}},
        "clickmode": "event+select",
        "dragmode": "zoom",
        "xaxis": {
            "title": {"text": f"Neuron of layer {spec.layer}"},
            "zeroline": False,
            "range": _with_room(0, result.n_neurons - 1),
        },
        "yaxis": {"title": {"text": heights}, "zeroline": True, "range": _with_room(min(drawn), max(drawn))},
        "shapes": _shapes(lines),
    }


def _with_room(low: float, high: float) -> list[float]:
    """A range with room for whole points at its ends."""
    room = 0.05 * (high - low) or 1.0
    return [float(low - room), float(high + room)]


def _legend_entry(name: str, colour: str, symbol: str, size: int) -> Picture:
    marker = {"color": colour, "symbol": symbol, "size": size}
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "name": name, "marker": marker}


def _shapes(lines: list[Line]) -> list[Picture]:
    """Each line at its statistic, and at the negative one."""
    ends = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "yref": "y"}
    return [{**ends, "y0": y, "y1": y, "line": line.look()} for line in lines for y in (line.height, -line.height)]


def _lines(result: ContrastResult) -> list[Line]:
    """The threshold, and with max-T ``null_95`` if alpha makes it another line; only finite ones."""
    spec, critical, null_95 = result.spec, result.critical_statistic, result.null_95
    if null_95 is not None:
        what = f" ({100 * (1 - spec.alpha):.6g}% of permutations stay below)"
    else:
        what = " (median df)" if spec.test == "welch" else ""
    lines = [Line(critical, f"Threshold ±{critical:.2f}{what}", "dash")]
    if null_95 is not None and spec.alpha != 0.05:
        lines.append(Line(null_95, f"Null 95 ±{null_95:.2f} (95% of permutations stay below)", "dot"))
    return [line for line in lines if np.isfinite(line.height)]


def _hover(result: ContrastResult) -> str:
    """The text of a hover. The browser formats the numbers: as finished text, they would triple the figure's bytes."""
    target, baseline = class_names(result.spec)
    name, there = statistic_name(result.spec.test), SIDE_WORDS[result.other_side.side]
    return (
        f"<b>Neuron %{{x:d}}</b> %{{text}}<br>{name} = %{{y:.2f}}, adjusted p = %{{customdata[0]:.1f}} × "
        "10<sup>%{customdata[1]:d}</sup><br>AUC %{customdata[2]:.6~f}, "
        f"{there} the nonlinearity %{{customdata[3]:.6~f}}<br>Hedges' g = %{{customdata[4]:.2f}}<br>"
        f"above zero: %{{customdata[5]:.1%}} of {target}, %{{customdata[6]:.1%}} of {baseline}<extra></extra>"
    )


def _hover_numbers(result: ContrastResult) -> np.ndarray:
    """The numbers that a hover shows for each neuron: float32 (n_neurons, 7), in the order of ``_hover``."""
    other = result.other_side
    columns = [
        *scientific(result.log10_p_adjusted),
        rounded_auc(result.tests.auc),
        rounded_auc(other.auc),
        result.effect_sizes.hedges_g,
        _percent(other.above_zero_target),
        _percent(other.above_zero_baseline),
    ]
    return np.stack(columns, axis=1).astype(np.float32)  # 7 arrays [n_neurons] -> [n_neurons, 7]


def _percent(share: np.ndarray) -> np.ndarray:
    """Shares that read 0% or 100% with one decimal only if they are exactly that."""
    return np.where((share == 0) | (share == 1), share, np.clip(share, 0.001, 0.999))
