"""Mean activation: every neuron's mean over the target against that over the baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.records import BothSides, ContrastResult
from core.report.figures.points import LAYOUT, legend, neuron_points, with_room
from core.report.figures.style import MARGIN, NEUTRAL_COLOUR, Picture, in_lines, literal
from core.report.glossary import value_name
from core.report.readable import HOVER
from core.report.sentences import class_names


def mean_activations(result: ContrastResult) -> Picture:
    """The scatter of all neurons: the target's mean upward, the baseline's to the right, and the line of equal means.

    Both axes have the same scale, so a neuron's distance from the line, straight up or down, is its mean difference.
    The means are over what was compared: words, or lemmas, each by the mean of its forms. Neurons look as in
    ``neuron_scatter``.

    Returns
    -------
    Picture
        All neurons are in the first trace, so the index of a point is the neuron.
    """
    words = result.words
    by_lemma = result.spec.unit == "lemma"
    up = _mean(result, result.target_sides, words.target_lemmas if by_lemma else ())
    right = _mean(result, result.baseline_sides, words.baseline_lemmas if by_lemma else ())
    points = neuron_points(result, "%{pointNumber:d}")
    target, baseline = map(literal, class_names(result.spec))
    means = f"<br>mean of {target} %{{y}}<br>mean of {baseline} %{{x}}<extra></extra>"
    points |= {"x": right, "y": up, "hovertemplate": points["hovertemplate"].replace("<extra></extra>", means)}
    finite = np.concatenate([up, right])
    finite = finite[np.isfinite(finite)]
    ends = with_room(float(finite.min()), float(finite.max())) if finite.size else [-1.0, 1.0]
    line = {"dash": "dash", "width": 1, "color": NEUTRAL_COLOUR}
    equal = {"type": "scatter", "x": [None], "y": [None], "mode": "lines", "name": "Equal means", "line": line}
    return {"data": [points, *legend(result), equal], "layout": _layout(result, ends, line)}


def _mean(result: ContrastResult, sides: BothSides, lemmas: Sequence[str]) -> np.ndarray:
    """The mean over words, or over lemmas if there are some: float32 (n_neurons,)."""
    values = result.spec.tested_by.compared(sides.at(result.spec.hook_side))  # [n_words, n_neurons]
    if not lemmas:
        return values.mean(axis=0, dtype=np.float64).astype(np.float32)
    forms = Counter(lemmas)
    # A lemma's forms share its weight: so the mean of lemmas' means is one sum over words.
    weights = np.array([1 / (len(forms) * forms[lemma]) for lemma in lemmas])
    return np.einsum("w,wn->n", weights, values, dtype=np.float64).astype(np.float32)


def _layout(result: ContrastResult, ends: list[float], line: Picture) -> Picture:
    """Two axes with the same scale and the same ends, and the line of equal means from corner to corner."""
    target, baseline = class_names(result.spec)
    side = value_name(result.spec.test, result.spec.hook_side)
    low, high = 2 * ends[0] - ends[1], 2 * ends[1] - ends[0]  # far enough for who moves the plot
    return {
        **LAYOUT,
        "height": 560,
        "margin": {**MARGIN, "t": 88},
        "xaxis": {
            "title": {"text": in_lines(f"Mean {side} of {baseline}", 44)},
            "range": ends,
            "hoverformat": HOVER,
            "constrain": "domain",
            "zeroline": True,
            "showgrid": True,
        },
        "yaxis": {
            "title": {"text": in_lines(f"Mean {side} of {target}", 44)},
            "range": ends,
            "hoverformat": HOVER,
            "scaleanchor": "x",
            "constrain": "domain",
            "zeroline": True,
        },
        "shapes": [{"type": "line", "layer": "below", "x0": low, "y0": low, "x1": high, "y1": high, "line": line}],
    }
