"""All words: an image of words by neurons for both classes, and the mean of every neuron."""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult
from core.report.colours import N_STEPS, ramp
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, TARGET_COLOUR, Picture, in_lines, literal
from core.report.sentences import class_names, class_titles

_GAP = 0.06  # between the two images, as a share of their height
# The colour bar is below the images: beside them, it would take a quarter of a narrow page.
_BAR_ROOM = 64
_BELOW: Picture = {
    "orientation": "h",
    **{"xref": "paper", "x": 0.5, "xanchor": "center", "len": 0.75},
    **{"yref": "container", "y": 0.0, "yanchor": "bottom", "ypad": 2},
    **{"thickness": 12, "outlinewidth": 0},
}


def words_image(
    result: ContrastResult, n_words: int, order: np.ndarray | None = None, *, dark: bool = False
) -> Picture:
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
    words = [
        [literal(word) for word in its_words[: len(image)]]
        for image, its_words in zip(images, (result.words.target, result.words.baseline), strict=True)
    ]
    shown = "neuron " + ("%{x}" if in_order else "%{text}")
    traces = []
    for n, image, its_words in zip(("", "2"), images, words, strict=True):
        trace = {
            "type": "heatmap",
            "z": image.astype(np.float32),
            "y": its_words,
            "xaxis": f"x{n}",
            "yaxis": f"y{n}",
            "coloraxis": "coloraxis",
            "hovertemplate": f"<b>%{{y}}</b><br>{shown}<br>%{{z:.4g}}<extra></extra>",
        }
        if not in_order:
            trace["text"] = np.broadcast_to(order.astype(np.int32), image.shape)  # [n_neurons] -> [n_words, n_neurons]
        traces.append(trace)
    layout = {
        "height": max(520, min(1100, 180 + 5 * 2 * n_words)) + _BAR_ROOM,
        "margin": {**MARGIN, "l": 110, "t": 40, "b": MARGIN["b"] + _BAR_ROOM},
        "coloraxis": {
            "colorscale": _diverging("dark" if dark else "light"),
            "cmin": -bound,
            "cmax": bound,
            "colorbar": {**_BELOW, "title": {"text": spec.hook_side, "side": "top"}},
        },
        **_axes([len(image) for image in images], "Neuron" if in_order else "Neurons, by statistic"),
    }
    layout["annotations"] = [
        {
            "text": title,
            "x": 0.5,
            "xref": "paper",
            "y": layout[axis]["domain"][1],
            "yref": "paper",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 16},
        }
        for title, axis in zip((in_lines(title, 44) for title in class_titles(spec)), ("yaxis", "yaxis2"), strict=True)
    ]
    return {"data": traces, "layout": layout}


def _diverging(theme: str) -> list[list[object]]:
    """A colour scale from the baseline's hue to the target's, with the colour of the page at its centre."""
    colours = [background for background, _ in ramp("oranges", theme=theme, below="blues")]
    return [[step / (N_STEPS - 1), colours[step]] for step in range(0, N_STEPS, (N_STEPS - 1) // 20)]


def _axes(heights: list[int], title: str) -> Picture:
    """The axes of two images with one horizontal axis, the first above the second, as high as they have words."""
    unit = (1 - _GAP) / sum(heights)
    vertical = {"autorange": "reversed", "type": "category", "nticks": 30, "tickfont": {"size": 10}, "showgrid": False}
    return {
        "xaxis": {"anchor": "y", "matches": "x2", "showticklabels": False},
        "xaxis2": {"anchor": "y2", "title": {"text": title}},
        "yaxis": {**vertical, "anchor": "x", "domain": [1 - unit * heights[0], 1.0]},
        "yaxis2": {**vertical, "anchor": "x2", "domain": [0.0, unit * heights[1]]},
    }


def mean_activations(result: ContrastResult) -> Picture:
    """A line for each class: the mean value of every neuron over the words of the class."""
    spec = result.spec
    target, baseline = map(literal, class_names(spec))
    classes = (
        (target, result.target_activations, TARGET_COLOUR),
        (baseline, result.baseline_activations, BASELINE_COLOUR),
    )
    lines = [
        {
            "type": "scatter",
            "y": activations.mean(axis=0, dtype=np.float64).astype(np.float32),  # [n_words, n_neurons] -> [n_neurons]
            "mode": "lines",
            "name": f"Mean over {name}",
            "line": {"color": colour, "width": 1},
            "hovertemplate": f"neuron %{{x}}<br>%{{y:.4g}}<br>{name}<extra></extra>",
        }
        for name, activations, colour in classes
    ]
    layout = {
        "height": 340,
        "margin": {**MARGIN, "t": 46},
        "legend": LEGEND,
        "xaxis": {"title": {"text": f"Neuron of layer {spec.layer}"}},
        "yaxis": {"title": {"text": f"Mean {spec.hook_side}"}},
    }
    return {"data": lines, "layout": layout}
