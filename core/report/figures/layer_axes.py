"""What the figures of all layers share: an axis of layers or of relative depth, rows for the two sides, hovers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.report.figures.style import LEGEND, MARGIN, NEUTRAL_COLOUR, Picture
from core.report.glossary import SIDE_WORDS
from core.report.layer_numbers import LayerNumbers
from core.report.readable import as_chosen, to_decimals

HEIGHT = 480
# In relative depth, so far from the first and the last layer: the same for all models of at least six layers, so that
# 0 and 1 have the same places.
_ROOM = 0.12
# At most so many layers have each a tick of its own, and a number at each bar.
FEW_LAYERS = 16
# The places of two rows, as shares of the height.
_ROWS = ([0.55, 1.0], [0.0, 0.45])
_TRANSPARENT = "rgba(0,0,0,0)"


def layout_of_layers(numbers: LayerNumbers, axis: str, titles: Sequence[str]) -> Picture:
    """The layout of a figure with one row for each title, and layers from left to right.

    Whatever ``axis`` is ("layer" or "depth"), a layer's place is its number: only ticks and range differ. So a click is
    always that of a layer.
    """
    bottom = {"anchor": "y" if len(titles) == 1 else f"y{len(titles)}", **_axis(numbers, axis)}
    notes = []
    for title, (_, top) in zip(titles, _ROWS if len(titles) == 2 else ([0.0, 1.0],), strict=True):
        place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": top, "yanchor": "bottom"}
        notes.append({**place, "text": title, "showarrow": False, "align": "left", "font": {"size": 13}})
    return {
        "height": HEIGHT,
        "margin": {**MARGIN, "t": 84, "b": 56},
        "legend": {**LEGEND, "y": 1.085, "traceorder": "normal"},
        "annotations": notes,
        "barmode": "overlay",
        "dragmode": False,  # a press goes to a layer
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "xaxis": bottom,
    }


def row_axis(row: int, n_rows: int) -> Picture:
    """The place of a row's vertical axis."""
    return {"domain": _ROWS[row] if n_rows == 2 else [0.0, 1.0]}


def y_of(row: int) -> str:
    """The name of a row's vertical axis, as traces have it."""
    return "y" if row == 0 else f"y{row + 1}"


def _axis(numbers: LayerNumbers, axis: str) -> Picture:
    last = numbers.layers[-1]
    if axis == "depth":
        room = max(_ROOM * last, 0.6)
        shares = np.linspace(0, 1, 6) if last else np.zeros(1)
        ticks = {
            "tickvals": (shares * last).tolist(),
            "ticktext": [as_chosen(round(float(share), 1)) for share in shares],
        }
        return {"title": {"text": "Relative depth"}, "range": [-room, last + room], "showgrid": False, **ticks}
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100) if last / each <= FEW_LAYERS)
    ticks = {"tickmode": "linear", "tick0": 0, "dtick": step}
    return {"title": {"text": "Layer"}, "range": [-0.6, last + 0.6], "showgrid": False, **ticks}


def columns(numbers: LayerNumbers, row: int, ends: Sequence[float], texts: Sequence[str]) -> Picture:
    """Unseen bars that fill the column of each layer: whoever points anywhere in it reads of the layer."""
    return {
        "type": "bar",
        "x": np.array(numbers.layers, dtype=np.int32),
        "y": [ends[1] - ends[0]] * len(numbers.layers),
        "base": ends[0],
        "width": 1,
        "xaxis": "x",
        "yaxis": y_of(row),
        "marker": {"color": _TRANSPARENT, "line": {"width": 0}},
        "hovertext": list(texts),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
    }


def head(numbers: LayerNumbers, at: int) -> str:
    """The first line of a layer's hover."""
    return f"<b>Layer {numbers.layers[at]}</b> · relative depth {to_decimals(float(numbers.depth[at]), 2)}"


def title_of_side(side: str, tested: str) -> str:
    """Which side a row is about, and whether the experiment tests it."""
    return f"{SIDE_WORDS[side].capitalize()} the nonlinearity{' (tested by your experiment)' if side == tested else ''}"


def finite(values: np.ndarray) -> np.ndarray:
    """Values with NaN for infinities, which a plot cannot hold."""
    return np.where(np.isfinite(values), values, np.nan)


def count_ticks(most: int) -> tuple[list[int], list[str]]:
    """Ticks of an axis with counts upward and downward, at most three each way, and their texts without a sign.

    Examples
    --------
    >>> count_ticks(340)
    ([-300, -200, -100, 0, 100, 200, 300], ['300', '200', '100', '0', '100', '200', '300'])
    """
    steps = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    step = next(each for each in steps if most / each < 4)
    places = [step * n for n in range(1, math.floor(most / step) + 1)]
    ticks = [*(-place for place in reversed(places)), 0, *places]
    return ticks, [f"{abs(tick):,}" for tick in ticks]


def limits_at(row: int, places: Sequence[float], dashed: Sequence[float] = ()) -> list[Picture]:
    """Horizontal lines over the whole width of a row."""
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": y_of(row), "layer": "below"}
    return [
        {**across, "y0": place, "y1": place, "line": {"color": NEUTRAL_COLOUR, "width": 1, "dash": dash}}
        for dash, all_of_it in (("solid", places), ("dot", dashed))
        for place in all_of_it
    ]
