"""The distribution of one neuron's values over the words of each class."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from core.records import ContrastResult
from core.report.figures.style import BASELINE_COLOUR, MARGIN, TARGET_COLOUR, Picture


def neuron_spread(result: ContrastResult, neuron: int) -> Picture:
    """One neuron's values at the words of each class: a dot for each word, and a line at each mean."""
    spec, words = result.spec, result.words
    classes = (
        (1.0, spec.target, words.target, result.target_activations, TARGET_COLOUR, "triangle-up"),
        (0.0, spec.baseline, words.baseline, result.baseline_activations, BASELINE_COLOUR, "triangle-down"),
    )
    traces, shapes, annotations = [], [], []
    for height, name, its_words, activations, colour, symbol in classes:
        values = np.ascontiguousarray(activations[:, neuron])  # [n_words, n_neurons] -> [n_words]
        traces.append(_dots(values, height, name, its_words, {"color": colour, "symbol": symbol}))
        mean = float(values.mean(dtype=np.float64))
        line = {"color": colour, "width": 3}
        shapes.append({"type": "line", "x0": mean, "x1": mean, "y0": height - 0.42, "y1": height + 0.42, "line": line})
        label = f"mean {mean:.3g}".replace("-", "−")
        annotations.append({"x": mean, "y": height + 0.42, "yshift": 9, "text": label, "showarrow": False})
    layout = {
        "height": 300,
        "margin": {**MARGIN, "l": 90},
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
    """Heights (n,) from -0.35 to 0.35 that separate neighbours: the golden-ratio sequence, which is not random."""
    return ((np.arange(n) * 0.61803398875) % 1.0 - 0.5) * 0.7
