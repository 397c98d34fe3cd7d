"""Emergence: one contrast against the step of training. One figure each for effects, counts, layers and one neuron."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.records.checkpoint_names import TOKENS
from core.records.emergence import Emergence
from core.report.emergence import readable_step
from core.report.figures.style import (
    BASELINE_COLOUR,
    LEGEND,
    MARGIN,
    NEUTRAL_COLOUR,
    TARGET_COLOUR,
    Picture,
    in_lines,
    literal,
)
from core.report.readable import readable_auc
from core.report.sentences import class_names

_HEIGHT = 360
# Of the axis of steps: how far step 0 is set apart, in powers of ten, and how near two labels may be, in its length.
_APART, _NEAR = 0.5, 0.09
_DIRECTIONS = ((TARGET_COLOUR, "triangle-up"), (BASELINE_COLOUR, "triangle-down"))


def places_of(steps: Sequence[int]) -> list[float]:
    """The places of ascending steps on a logarithmic axis, on which step 0, if there is one, is set apart.

    Examples
    --------
    >>> places_of([0, 10, 1000]), places_of([0]), places_of([500, 1000])[0].__round__(3)
    ([0.5, 1.0, 3.0], [0.0], 2.699)
    """
    positive = [math.log10(step) for step in steps if step > 0]
    return [positive[0] - _APART] * (len(steps) - len(positive)) + positive if positive else [0.0] * len(steps)


def effect_over_steps(emergence: Emergence, side: str, layer: int) -> Picture:
    """The largest own AUC each way, of all layers and of one, against the step; and what shuffled labels give.

    The first trace has a point for each checkpoint.
    """
    every, alone = emergence.best_auc(side), emergence.best_auc(side, layer)
    chance = emergence.chance_auc(side)
    traces = _curves(emergence, every, alone, layer)
    traces.append({**_line(emergence, chance, NEUTRAL_COLOUR, "dash"), "mode": "lines", "name": "Labels shuffled once"})
    names = list(map(literal, class_names(emergence.spec)))
    hovers = [
        [
            *(
                f"for {name}: {_auc_or(every[at, way])} (layer {layer}: {_auc_or(alone[at, way])})"
                for way, name in enumerate(names)
            ),
            f"labels shuffled: {_auc_or(chance[at], 'too few words')}",
        ]
        for at in range(len(chance))
    ]
    values = np.concatenate([every.ravel(), alone.ravel(), chance])
    low = min(0.5, float(np.nanmin(values))) if np.isfinite(values).any() else 0.5
    axis = {"title": {"text": "Largest AUC for its own class"}, "range": [low - 0.02, 1.02]}
    return {"data": _with_hovers(emergence, traces, hovers), "layout": {**_layout(emergence), "yaxis": axis}}


def strong_over_steps(emergence: Emergence, side: str, layer: int) -> Picture:
    """The number of strong neurons each way, in all layers and in one, against the step.

    The first trace has a point for each checkpoint.
    """
    every, alone = emergence.strong(side), emergence.strong(side, layer)
    significant, names = emergence.significant(side), list(map(literal, class_names(emergence.spec)))
    hovers = [
        [
            f"for {name}: {every[at, way]:,} strong, of {significant[at, way]:,} significant (layer {layer}: "
            f"{alone[at, way]:,} strong)"
            for way, name in enumerate(names)
        ]
        for at in range(len(every))
    ]
    traces = _with_hovers(emergence, _curves(emergence, every, alone, layer), hovers)
    top = max(1, int(every.max(initial=0)))
    axis = {"title": {"text": "Strong neurons"}, "range": [-0.05 * top, 1.08 * top], "hoverformat": ",d"}
    whole = {"tickmode": "linear", "dtick": 1} if top <= 6 else {"tickformat": ",d"}
    return {"data": traces, "layout": {**_layout(emergence), "yaxis": {**axis, **whole}}}


def layers_by_step(emergence: Emergence, side: str) -> Picture:
    """The largest own AUC of either class in each layer, one column for each checkpoint: an image.

    Its only trace has the layers upward. Columns are evenly apart, by their numbers.
    """
    summaries = [each.at(side) for each in emergence.summaries]
    by_class = np.stack([each.best_auc for each in summaries], axis=1)  # [n_layers, n_checkpoints, 2]
    target, baseline = map(literal, class_names(emergence.spec))
    hovers = [
        [_about_layer(emergence, side, layer, at, (target, baseline)) for at in range(len(summaries))]
        for layer in range(emergence.n_layers)
    ]
    image = {
        "type": "heatmap",
        "z": by_class.max(axis=2).astype(np.float32),
        "text": hovers,
        "hovertemplate": "%{text}<extra></extra>",
        "zmin": 0.5,
        "zmax": 1.0,
        "colorscale": [[0.0, f"{NEUTRAL_COLOUR}0A"], [0.5, f"{NEUTRAL_COLOUR}60"], [1.0, f"{NEUTRAL_COLOUR}FF"]],
        "colorbar": {"title": {"text": "AUC", "side": "right"}, "thickness": 12, "outlinewidth": 0, "nticks": 6},
        "xgap": 1,
        "ygap": 1 if emergence.n_layers <= 16 else 0,
    }
    labels = [_tick(step) for step in emergence.steps]
    layout = {
        "height": _HEIGHT,
        "margin": MARGIN,
        "dragmode": False,
        "xaxis": {
            "title": {"text": _axis_title(emergence, "")},
            "tickmode": "array",
            "tickvals": list(range(len(labels))),
            "ticktext": labels,
            "tickangle": -45 if len(labels) > 6 else 0,
        },
        "yaxis": {"title": {"text": "Layer"}, "showgrid": False, **_whole_ticks(emergence.n_layers)},
    }
    return {"data": [image], "layout": layout}


def neuron_over_steps(emergence: Emergence, layer: int, neuron: int) -> Picture:
    """The AUC of one neuron for the target against the step, on both sides of the nonlinearity.

    The first trace has a point for each checkpoint; filled marks are significant.
    """
    traces: list[Picture] = []
    hovers: list[list[str]] = [[] for _ in emergence.steps]
    target = literal(class_names(emergence.spec)[0])
    for side, name, dash, symbol in (
        ("pre-activation", "before the nonlinearity", "solid", "circle"),
        ("activation", "after the nonlinearity", "dot", "square"),
    ):
        values = emergence.auc_of(side, layer, neuron)
        marked = [bool(each.at(side).is_significant[layer, neuron]) for each in emergence.summaries]
        for lines, value, yes in zip(hovers, values.tolist(), marked, strict=True):
            tested = "significant" if yes else "not significant"
            lines.append(f"{name}: AUC {readable_auc(value)} for {target}, {tested}")
        line = _line(emergence, values, NEUTRAL_COLOUR, dash)
        line["marker"] |= {"symbol": [symbol if yes else f"{symbol}-open" for yes in marked], "size": 9}
        traces.append({**line, "name": name.capitalize()})
    both = class_names(emergence.spec)
    title = in_lines(f"AUC: 1 is {both[0]} higher, 0 is {both[1]}", 34)
    half = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5, "layer": "below"}
    layout = {
        **_layout(emergence),
        "yaxis": {"title": {"text": title}, "range": [-0.04, 1.04], "dtick": 0.25},
        "shapes": [{**half, "line": {"color": NEUTRAL_COLOUR, "width": 1, "dash": "dash"}}],
    }
    return {"data": _with_hovers(emergence, traces, hovers), "layout": layout}


def _curves(emergence: Emergence, every: np.ndarray, alone: np.ndarray, layer: int) -> list[Picture]:
    """Lines of both classes: of all layers, which are solid, and of one. Values are (n_checkpoints, 2)."""
    traces = []
    for values, of, dash, hollow, size in (
        (every, "all layers", "solid", "", 9),
        (alone, f"layer {layer}", "dot", "-open", 7),
    ):
        for way, (name, (colour, symbol)) in enumerate(zip(class_names(emergence.spec), _DIRECTIONS, strict=True)):
            line = _line(emergence, values[:, way], colour, dash)
            line["marker"] |= {"symbol": f"{symbol}{hollow}", "size": size}
            traces.append({**line, "name": in_lines(f"For {name}, {of}", 36)})
    return traces


def _with_hovers(emergence: Emergence, traces: list[Picture], hovers: Sequence[Sequence[str]]) -> list[Picture]:
    """Lines whose first one has the hovers of all, and their clicks: those of a checkpoint are wherever its step is."""
    titles = [_at(emergence, at) for at in range(len(hovers))]
    texts = ["<br>".join((f"<b>{title}</b>", *lines)) for title, lines in zip(titles, hovers, strict=True)]
    first = {**traces[0], "hoverinfo": "text", "hovertext": texts, "hoverlabel": {"align": "left"}}
    return [first, *({**each, "hoverinfo": "skip"} for each in traces[1:])]


def _line(emergence: Emergence, values: np.ndarray, colour: str, dash: str) -> Picture:
    return {
        "type": "scatter",
        "x": places_of(emergence.steps),
        "y": values,
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour},
        "cliponaxis": False,
    }


def _layout(emergence: Emergence) -> Picture:
    """The axis of steps, with as many labels as have room."""
    places = places_of(emergence.steps)
    length = (places[-1] - places[0]) if places else 0.0
    shown: list[int] = []
    for at in [0, *reversed(range(1, len(places)))]:  # the first and the last, then from the right
        if all(abs(places[at] - places[other]) >= _NEAR * length for other in shown):
            shown.append(at)
    shown.sort()
    ends = [places[0] - 0.04 * (length or 1.0), places[-1] + 0.04 * (length or 1.0)] if places else [0.0, 1.0]
    return {
        "height": _HEIGHT,
        "margin": {**MARGIN, "t": 70},
        "legend": LEGEND,
        "dragmode": False,  # a press goes to a checkpoint
        "hovermode": "x",
        "hoverdistance": -1,  # at any height
        "xaxis": {
            "title": {"text": _axis_title(emergence, "logarithmic")},
            "tickmode": "array",
            "tickvals": [places[at] for at in shown],
            "ticktext": [_tick(emergence.steps[at]) for at in shown],
            "range": ends,
        },
    }


def _axis_title(emergence: Emergence, scale: str) -> str:
    what = "Tokens read in training" if emergence.unit == TOKENS else f"{emergence.unit.capitalize()} of training"
    zero = ", 0 set apart" if scale and 0 in emergence.steps and len(emergence.steps) > 1 else ""
    return f"{what} ({scale}{zero})" if scale else what


def _tick(step: int) -> str:
    """A step in few characters.

    Examples
    --------
    >>> _tick(512), _tick(143000), _tick(1234), _tick(300_000_000_000)
    ('512', '143k', '1,234', '300B')
    """
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if step >= size and step % size == 0:
            return f"{step // size:,}{letter}"
    return f"{step:,}"


def _at(emergence: Emergence, at: int) -> str:
    return readable_step(emergence.steps[at], emergence.unit).capitalize()


def _auc_or(value: float, else_said: str = "no neuron varies") -> str:
    return else_said if math.isnan(value) else f"AUC {readable_auc(value)}"


def _about_layer(emergence: Emergence, side: str, layer: int, at: int, names: tuple[str, str]) -> str:
    """What a cell of the image says: of each class, the best neuron, and the strong ones."""
    found = emergence.summaries[at].at(side)
    lines = [f"<b>{_at(emergence, at)}, layer {layer}</b>"]
    for direction, name in enumerate(names):
        best = int(found.auc_neurons[layer, direction])
        said = _auc_or(float(found.best_auc[layer, direction])) + (f" (neuron {best})" if best >= 0 else "")
        lines.append(f"for {name}: {said}, {int(found.strong[layer, direction]):,} strong")
    return "<br>".join(lines)


def _whole_ticks(n_layers: int) -> Picture:
    return {"tickmode": "linear", "tick0": 0, "dtick": max(1, math.ceil(n_layers / 10))}
