"""All words: an image of words by neurons for both classes, and the mean of every neuron."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.records import ContrastResult
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, TARGET_COLOUR

# Purple and green like PRGn, but zero is dark.
_DARK_DIVERGING = [[0.0, "#D9A6FF"], [0.25, "#7B4FA3"], [0.5, "#14171C"], [0.75, "#2F7D4F"], [1.0, "#8CE6A8"]]


def words_image(
    result: ContrastResult, n_words: int, order: np.ndarray | None = None, *, dark: bool = False
) -> go.Figure:
    """An image of words by neurons for each class, with one colour range.

    The range is symmetric about zero and ends at the 99th percentile of the absolute values. So a few extreme neurons
    do not make all others pale.

    Parameters
    ----------
    result : ContrastResult
    n_words : int
        How many words of each class, the first ones.
    order : ndarray of int, shape (n_neurons,), optional
        The order of the neurons. None is by index.
    dark : bool
        Make zero dark, for a dark page.
    """
    spec = result.spec
    in_order = order is None
    order = np.arange(result.n_neurons) if order is None else order
    # [all words, n_neurons] -> [n_words, n_neurons], in the given order of neurons
    images = [result.target_activations[:n_words][:, order], result.baseline_activations[:n_words][:, order]]
    # 2 arrays [n_words, n_neurons] -> [2 * n_words, n_neurons] -> a number
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
                text=None if in_order else np.broadcast_to(order, image.shape),  # [n_neurons] -> [n_words, n_neurons]
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
        margin={**MARGIN, "l": 110, "t": 40},
        coloraxis={
            "colorscale": _DARK_DIVERGING if dark else "PRGn",
            "cmin": -bound,
            "cmax": bound,
            "colorbar": {"title": {"text": spec.hook_side}, "thickness": 12, "outlinewidth": 0},
        },
    )
    return figure


def mean_activations(result: ContrastResult) -> go.Figure:
    """A line for each class: the mean value of every neuron over the words of the class."""
    spec = result.spec
    figure = go.Figure()
    for name, activations, colour in (
        (spec.target, result.target_activations, TARGET_COLOUR),
        (spec.baseline, result.baseline_activations, BASELINE_COLOUR),
    ):
        figure.add_trace(
            go.Scatter(
                x=np.arange(result.n_neurons),
                y=activations.mean(axis=0, dtype=np.float64).astype(np.float32),  # [n_words, n_neurons] -> [n_neurons]
                mode="lines",
                name=f"Mean over {name}",
                line={"color": colour, "width": 1},
                hovertemplate="neuron %{x}<br>%{y:.4g}<extra>" + name + "</extra>",
            )
        )
    figure.update_layout(
        height=340,
        margin=MARGIN,
        legend=LEGEND,
        xaxis={"title": f"Neuron of layer {spec.layer}"},
        yaxis={"title": f"Mean {spec.hook_side}"},
    )
    return figure
