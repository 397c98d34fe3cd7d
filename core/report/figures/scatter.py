"""The scatter of a layer: every neuron's statistic against its index, with lines at the threshold."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.records import ContrastResult, NeuronTests
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture


def waiting() -> go.Figure:
    """Empty axes, to be shown while the scatter is computed."""
    figure = go.Figure()
    figure.update_layout(
        height=440,
        margin={**MARGIN, "r": 50},
        xaxis={"title": "Neuron", "range": [0, 1], "showticklabels": False, "zeroline": False},
        yaxis={"title": "t statistic", "range": [-1, 1], "showticklabels": False},
    )
    return figure


def neuron_scatter(result: ContrastResult, highlight: int | None = None) -> Picture:
    """The scatter of all neurons: significant ones are triangles, and dashed lines mark the threshold.

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
    kind = np.where(~result.significant, 0, np.where(tests.statistic > 0, 1, 2)).astype(np.uint8)
    looks = (
        ("Not significant", NEUTRAL_COLOUR, "circle", 5, 0.45),
        (f"Higher for {spec.target}", TARGET_COLOUR, "triangle-up", 9, 0.9),
        (f"Higher for {spec.baseline}", BASELINE_COLOUR, "triangle-down", 9, 0.9),
    )
    _, colours, symbols, sizes, opacities = zip(*looks, strict=True)
    # SVG, not WebGL: it is fast enough for a few thousand points, and not every classroom computer has WebGL.
    points = {
        "type": "scatter",
        "x": np.arange(result.n_neurons, dtype=np.int32),
        "y": tests.statistic,
        "mode": "markers",
        # Numbers of one or four bytes for each point: names of colours would be most of the figure's size.
        "marker": {
            "color": kind,
            "colorscale": [[place / 2, colour] for place, colour in enumerate(colours)],
            "cmin": 0,
            "cmax": 2,
            # Names, not numbers: plotly.js reads the circle's number, 0, as no symbol, and fails on hover.
            "symbol": np.array(symbols)[kind].tolist(),
            "size": np.array(sizes, dtype=np.uint8)[kind],
            "opacity": np.array(opacities, dtype=np.float32)[kind],
        },
        "customdata": _hover_numbers(tests, result.p_adjusted),
        "hovertemplate": _NEURON_HOVER,
        "selected": {"marker": {"size": 15, "opacity": 1.0}},
        "unselected": {"marker": {"opacity": 0.35}},
        "showlegend": False,
    }
    if highlight is not None:
        points["selectedpoints"] = [highlight]
    layout = {
        "height": 500,
        "margin": {**MARGIN, "r": 50},
        "legend": LEGEND,
        "clickmode": "event+select",
        "dragmode": "zoom",
        "xaxis": {"title": {"text": f"Neuron of layer {spec.layer}"}, "zeroline": False},
        "yaxis": {"title": {"text": f"t statistic ({spec.target} − {spec.baseline})"}, "zeroline": True},
        **_thresholds(result.critical_statistic),
    }
    return {"data": [points, *(_legend_entry(*look[:4]) for look in looks)], "layout": layout}


def _legend_entry(name: str, colour: str, symbol: str, size: int) -> Picture:
    marker = {"color": colour, "symbol": symbol, "size": size}
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "name": name, "marker": marker}


def _thresholds(critical: float) -> Picture:
    """Dashed lines at the positive and the negative critical statistic, with labels; nothing if it is not finite."""
    if not np.isfinite(critical):
        return {}
    line = {"dash": "dash", "width": 1, "color": NEUTRAL_COLOUR}
    heights = [sign * float(critical) for sign in (1, -1)]
    return {
        "shapes": [
            {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": y, "y1": y, "yref": "y", "line": line}
            for y in heights
        ],
        "annotations": [
            {
                "x": 1.0,
                "xref": "paper",
                "xanchor": "left",
                "y": y,
                "text": f"{y:+.2f}".replace("-", "−"),
                "showarrow": False,
                "font": {"size": 11},
            }
            for y in heights
        ],
    }


# The browser formats the numbers. As finished text they would triple the bytes of every update.
_NEURON_HOVER = (
    "<b>Neuron %{x:d}</b><br>t = %{y:.3f}<br>p = %{customdata[0]:.3g}<br>adjusted p = %{customdata[1]:.3g}"
    "<br>mean difference = %{customdata[2]:.4g}<br>Cohen's d = %{customdata[3]:.3f}<br>AUC = %{customdata[4]:.3f}"
    "<extra></extra>"
)


def _hover_numbers(tests: NeuronTests, p_adjusted: np.ndarray) -> np.ndarray:
    """The numbers that a hover shows for each neuron: float64 (n_neurons, 5), in the order of ``_NEURON_HOVER``."""
    # 5 arrays [n_neurons] -> [n_neurons, 5]
    return np.stack([tests.p_value, p_adjusted, tests.mean_difference, tests.cohens_d, tests.auc], axis=1)
