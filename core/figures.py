"""Pictures: plain records in, plotly figures out. Colours are safe for colour-blind readers, and never alone.

The target's colour is a red, the baseline's a blue (Okabe & Ito 2008), as in the token heatmaps; shapes repeat
what colours say. Fonts and backgrounds are left to the page's theme. Plotly reads tags in its labels: whatever a
user may have typed is escaped.

What is drawn at every step is a ``Picture``: the plain dictionary that plotly's JavaScript reads, since making one by
plotly's classes takes ten times as long. ``go.Figure(picture)`` checks it, as the tests do.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.records import ContrastResult, NeuronTests

Picture = dict[str, Any]

TARGET_COLOUR = "#D55E00"
BASELINE_COLOUR = "#0072B2"
NEUTRAL_COLOUR = "#8A8F98"

# Purple and green like the light PRGn, but from a dark zero.
_DARK_DIVERGING = [[0.0, "#D9A6FF"], [0.25, "#7B4FA3"], [0.5, "#14171C"], [0.75, "#2F7D4F"], [1.0, "#8CE6A8"]]
_MARGIN = {"l": 60, "r": 20, "t": 20, "b": 50}
_LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}


def waiting() -> go.Figure:
    """The frame of a scatter that is still being computed."""
    figure = go.Figure()
    figure.update_layout(
        height=440,
        margin={**_MARGIN, "r": 50},
        xaxis={"title": "Neuron", "range": [0, 1], "showticklabels": False, "zeroline": False},
        yaxis={"title": "t statistic", "range": [-1, 1], "showticklabels": False},
    )
    return figure


def neuron_scatter(result: ContrastResult, highlight: int | None = None) -> Picture:
    """Every neuron's statistic against its index, significant and not clearly apart, with threshold lines.

    All neurons are in the first trace, so that a selected point's index is the neuron. ``highlight`` marks one
    neuron as a click would.
    """
    tests, spec = result.tests, result.spec
    kind = np.where(~result.significant, 0, np.where(tests.statistic > 0, 1, 2)).astype(np.uint8)
    looks = (
        ("Not significant", NEUTRAL_COLOUR, "circle", 5, 0.45),
        (f"Higher for {spec.target}", TARGET_COLOUR, "triangle-up", 9, 0.9),
        (f"Higher for {spec.baseline}", BASELINE_COLOUR, "triangle-down", 9, 0.9),
    )
    _, colours, symbols, sizes, opacities = zip(*looks, strict=True)
    # SVG, not WebGL: a layer's few thousand points are quick enough, and not every classroom machine has WebGL.
    points = {
        "type": "scatter",
        "x": np.arange(result.n_neurons, dtype=np.int32),
        "y": tests.statistic,
        "mode": "markers",
        # Numbers for each point, a byte or four: as names, colours would be most of the figure.
        "marker": {
            "color": kind,
            "colorscale": [[place / 2, colour] for place, colour in enumerate(colours)],
            "cmin": 0,
            "cmax": 2,
            # Names: plotly.js takes the circle's number, 0, for none, and fails when the pointer meets the point.
            "symbol": np.array(symbols)[kind].tolist(),
            "size": np.array(sizes, dtype=np.uint8)[kind],
            "opacity": np.array(opacities, dtype=np.float32)[kind],
        },
        "customdata": _hover_figures(tests, result.p_adjusted),
        "hovertemplate": _NEURON_HOVER,
        "selected": {"marker": {"size": 15, "opacity": 1.0}},
        "unselected": {"marker": {"opacity": 0.35}},
        "showlegend": False,
    }
    if highlight is not None:
        points["selectedpoints"] = [highlight]
    layout = {
        "height": 500,
        "margin": {**_MARGIN, "r": 50},
        "legend": _LEGEND,
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
    """The dashed lines at both signs of a statistic, and what they stand at; nothing where there is none."""
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


# Numbers that the browser formats: as sentences they would be three times the page's bytes, at every step.
_NEURON_HOVER = (
    "<b>Neuron %{x:d}</b><br>t = %{y:.3f}<br>p = %{customdata[0]:.3g}<br>adjusted p = %{customdata[1]:.3g}"
    "<br>mean difference = %{customdata[2]:.4g}<br>Cohen's d = %{customdata[3]:.3f}<br>AUC = %{customdata[4]:.3f}"
    "<extra></extra>"
)


def _hover_figures(tests: NeuronTests, p_adjusted: np.ndarray) -> np.ndarray:
    """What a hover tells of each neuron beside its statistic: float64 (n_neurons, 5), as ``_NEURON_HOVER`` reads it."""
    return np.stack([tests.p_value, p_adjusted, tests.mean_difference, tests.cohens_d, tests.auc], axis=1)


def neuron_spread(result: ContrastResult, neuron: int) -> Picture:
    """How one neuron's value spreads over the words of each class: a dot a word, a line at each mean."""
    spec, words = result.spec, result.words
    classes = (
        (1.0, spec.target, words.target, result.target_activations, TARGET_COLOUR, "triangle-up"),
        (0.0, spec.baseline, words.baseline, result.baseline_activations, BASELINE_COLOUR, "triangle-down"),
    )
    traces, shapes, annotations = [], [], []
    for height, name, its_words, activations, colour, symbol in classes:
        values = np.ascontiguousarray(activations[:, neuron])
        traces.append(_dots(values, height, name, its_words, {"color": colour, "symbol": symbol}))
        mean = float(values.mean(dtype=np.float64))
        line = {"color": colour, "width": 3}
        shapes.append({"type": "line", "x0": mean, "x1": mean, "y0": height - 0.42, "y1": height + 0.42, "line": line})
        told = f"mean {mean:.3g}".replace("-", "−")
        annotations.append({"x": mean, "y": height + 0.42, "yshift": 9, "text": told, "showarrow": False})
    layout = {
        "height": 300,
        "margin": {**_MARGIN, "l": 90},
        "showlegend": False,
        "shapes": shapes,
        "annotations": annotations,
        "xaxis": {"title": {"text": f"{spec.hook_side.capitalize()} of neuron {neuron}"}, "zeroline": True},
        "yaxis": {
            "tickvals": [1.0, 0.0],
            "ticktext": [f"{name} ({len(its_words):,})" for _, name, its_words, *_ in classes],
            "range": [-0.6, 1.65],
            "showgrid": False,
            "zeroline": False,
        },
    }
    return {"data": traces, "layout": layout}


def _dots(values: np.ndarray, height: float, name: str, words: Sequence[str], look: Picture) -> Picture:
    return {
        "type": "scatter",
        "x": values,
        "y": height + _spread_out(len(values)),
        "mode": "markers",
        "name": name,
        "marker": {**look, "size": 7, "opacity": 0.55},
        "text": [html.escape(word) for word in words],
        "hovertemplate": "<b>%{text}</b><br>%{x:.4g}<extra>" + name + "</extra>",
    }


def _spread_out(n: int) -> np.ndarray:
    """Heights in -0.35..0.35 that keep neighbours apart: the golden-ratio sequence, the same every time."""
    return ((np.arange(n) * 0.61803398875) % 1.0 - 0.5) * 0.7


def layer_profile(higher: np.ndarray, lower: np.ndarray, layer: int, target: str, baseline: str) -> Picture:
    """Significant neurons by layer, (n_layers,) each: the target's upward, the baseline's downward."""
    layers = np.arange(len(higher), dtype=np.int32)
    bars = [
        {
            "type": "bar",
            "x": layers,
            "y": (sign * counts).astype(np.int32),
            "name": f"Higher for {name}",
            "marker": {"color": colour, "opacity": np.where(layers == layer, 1.0, 0.45)},
            "text": [f"{count:,}" for count in counts],
            "textposition": "outside",
            "hovertemplate": "Layer %{x}: %{text} neurons<extra>Higher for " + name + "</extra>",
            "cliponaxis": False,
        }
        for name, counts, sign, colour in ((target, higher, 1, TARGET_COLOUR), (baseline, lower, -1, BASELINE_COLOUR))
    ]
    reach = 1.25 * max(1, int(max(higher.max(initial=0), lower.max(initial=0))))
    title = {"text": "Significant neurons"}
    layout = {
        "height": 300,
        "margin": _MARGIN,
        "barmode": "relative",
        "legend": _LEGEND,
        "xaxis": {"title": {"text": "Layer"}, "tickmode": "linear", "dtick": 1},
        "yaxis": {"title": title, "showticklabels": False, "showgrid": False, "range": [-reach, reach]},
    }
    return {"data": bars, "layout": layout}


def words_image(
    result: ContrastResult, n_words: int, order: np.ndarray | None = None, *, dark: bool = False
) -> go.Figure:
    """The words-by-neurons image of both classes, the first ``n_words`` of each, on one robust colour range.

    The range is symmetric about zero and reaches the 99th percentile of the absolute values, so that a few
    extreme neurons do not wash out the rest. ``order`` permutes the neurons; None keeps their index order. On a
    ``dark`` page zero is dark, so that only what stands out shines.
    """
    spec = result.spec
    in_order = order is None
    order = np.arange(result.n_neurons) if order is None else order
    images = [result.target_activations[:n_words][:, order], result.baseline_activations[:n_words][:, order]]
    bound = float(np.percentile(np.abs(np.concatenate(images)), 99)) or 1.0
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.06,
        subplot_titles=[f"{spec.target.capitalize()} (target)", f"{spec.baseline.capitalize()} (baseline)"],
        row_heights=[len(image) for image in images],
    )
    for row, (image, words) in enumerate(zip(images, (result.words.target, result.words.baseline), strict=True), 1):
        figure.add_trace(
            go.Heatmap(
                z=image.astype(np.float32),
                y=[html.escape(word) for word in words[: len(image)]],
                x=np.arange(result.n_neurons) if in_order else None,
                text=None if in_order else np.broadcast_to(order, image.shape),
                coloraxis="coloraxis",
                hovertemplate="<b>%{y}</b><br>neuron "
                + ("%{x}" if in_order else "%{text}")
                + "<br>%{z:.4g}<extra></extra>",
            ),
            row=row,
            col=1,
        )
    figure.update_yaxes(autorange="reversed", type="category", nticks=30, tickfont={"size": 10})
    figure.update_xaxes(title="Neuron" if in_order else "Neurons, by statistic", row=2, col=1)
    figure.update_layout(
        height=max(520, min(1100, 180 + 5 * 2 * n_words)),
        margin={**_MARGIN, "l": 110, "t": 40},
        coloraxis={
            "colorscale": _DARK_DIVERGING if dark else "PRGn",
            "cmin": -bound,
            "cmax": bound,
            "colorbar": {"title": {"text": spec.hook_side}, "thickness": 12, "outlinewidth": 0},
        },
    )
    return figure


def mean_activations(result: ContrastResult) -> go.Figure:
    """The mean activation of every neuron over each class's words."""
    spec = result.spec
    figure = go.Figure()
    for name, activations, colour in (
        (spec.target, result.target_activations, TARGET_COLOUR),
        (spec.baseline, result.baseline_activations, BASELINE_COLOUR),
    ):
        figure.add_trace(
            go.Scatter(
                x=np.arange(result.n_neurons),
                y=activations.mean(axis=0, dtype=np.float64).astype(np.float32),
                mode="lines",
                name=f"Mean over {name}",
                line={"color": colour, "width": 1},
                hovertemplate="neuron %{x}<br>%{y:.4g}<extra>" + name + "</extra>",
            )
        )
    figure.update_layout(
        height=340,
        margin=_MARGIN,
        legend=_LEGEND,
        xaxis={"title": f"Neuron of layer {spec.layer}"},
        yaxis={"title": f"Mean {spec.hook_side}"},
    )
    return figure
