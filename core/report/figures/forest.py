"""The forest plot of a class: the effect of each seat with its interval, below what all of them are together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.records.replication import Pooled, SeatEffect
from core.report.figures.style import BASELINE_COLOUR, NEUTRAL_COLOUR, TARGET_COLOUR, Picture, literal
from core.report.palette import palette
from core.report.readable import interval, readable_auc, signed

_INK = palette("light")["significant"]
_ROW, _LEAST_ROW = 20, 9  # pixels; with many seats, rows come closer, and only some have a label
_MOST_HEIGHT = 1_100
_LABEL = 16  # pixels that a label takes
_ORDERS = ("seat", "effect")


def forest_plot(
    effects: Sequence[SeatEffect], pooled: Pooled, names: tuple[str, str], own: int | None = None, order: str = "seat"
) -> Picture:
    """Hedges' g of each seat: above, the pooled effect as a diamond, and the prediction interval as a bar.

    Parameters
    ----------
    effects : sequence of SeatEffect
        At least one.
    pooled : Pooled
        Of these effects.
    names : (str, str)
        Of target and baseline.
    own : int, optional
        The seat to mark.
    order : {"seat", "effect"}
        Seats by their numbers, or from the largest effect to the smallest.

    Raises
    ------
    ValueError
        There is no such order.
    """
    if order not in _ORDERS:
        raise ValueError(f"unknown order {order!r}; there are {', '.join(_ORDERS)}")
    rows = sorted(effects, key=(lambda e: e.seat) if order == "seat" else (lambda e: -e.g))
    height = min(_MOST_HEIGHT, _ROW * len(rows))
    row_height = max(_LEAST_ROW, height / len(rows))
    # Where rows are thin, the pooled effect and the prediction interval take several of them, for their labels.
    apart = max(1, math.ceil(_LABEL / row_height))
    first = 2 * apart + 1 if pooled.n > 1 else 0
    places = {each.seat: at + first for at, each in enumerate(rows)}
    groups = [
        (_seats(rows, places, names, where), colour)
        for where, colour in ((1, TARGET_COLOUR), (-1, BASELINE_COLOUR), (0, NEUTRAL_COLOUR))
    ]
    traces = [_trace(*each, colour, filled=colour != NEUTRAL_COLOUR, thin=row_height < 14) for each, colour in groups]
    traces = [trace for trace in traces if trace["x"]]
    return {
        "data": [*_summary(pooled, apart), *traces, *_own(rows, places, own)],
        "layout": {
            **_layout(rows, pooled, names, row_height * (len(rows) + first)),
            "yaxis": _rows_axis(_labels(rows, places, own, row_height), len(rows) + first, pooled, apart),
        },
    }


def _seats(
    rows: Sequence[SeatEffect], places: dict[int, int], names: tuple[str, str], where: int
) -> tuple[list[SeatEffect], list[int], str]:
    """The seats whose interval is above zero (1), below it (-1) or includes it (0), their places, and their name."""
    kept = [each for each in rows if (0 if each.includes_zero else 1 if each.g > 0 else -1) == where]
    name = f"Higher for {literal(names[where < 0])}" if where else "Interval includes zero"
    return kept, [places[each.seat] for each in kept], name


def _trace(
    kept: Sequence[SeatEffect], places: Sequence[int], name: str, colour: str, *, filled: bool, thin: bool
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "x": [each.g for each in kept],
        "y": list(places),
        "text": [_hover(each) for each in kept],
        "mode": "markers",
        "marker": {
            "color": colour,
            "size": 6 if thin else 8,
            "symbol": "circle" if filled else "circle-open",
            "line": {"color": colour, "width": 0 if filled else 1.5},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [each.high - each.g for each in kept],
            "arrayminus": [each.g - each.low for each in kept],
            "color": colour,
            "thickness": 1 if thin else 1.5,
            "width": 0,
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _hover(each: SeatEffect) -> str:
    size = f"{signed(each.g)} {interval(signed(each.low), signed(each.high))}"
    return f"Seat {each.seat}: g = {size}<br>AUC {readable_auc(each.auc)}, {each.n_target} and {each.n_baseline} units"


def _own(rows: Sequence[SeatEffect], places: dict[int, int], own: int | None) -> list[dict[str, Any]]:
    """A ring around one's own seat: its colour stays that of its class."""
    mine = [each for each in rows if each.seat == own]
    ring = {"symbol": "circle-open", "size": 16, "color": _INK, "line": {"width": 2, "color": _INK}}
    return [
        {
            "type": "scatter",
            "name": "Your seat",
            "x": [each.g],
            "y": [places[each.seat]],
            "mode": "markers",
            "marker": ring,
            "hoverinfo": "skip",
        }
        for each in mine
    ]


def _summary(pooled: Pooled, apart: int) -> list[dict[str, Any]]:
    """The pooled effect as a diamond as wide as its interval, and the prediction interval so many rows below it."""
    if pooled.n == 1:
        return []
    size = f"{signed(pooled.estimate)} {interval(signed(pooled.low), signed(pooled.high))}"
    diamond = {
        "type": "scatter",
        "name": "Pooled",
        "x": [pooled.low, pooled.estimate, pooled.high, pooled.estimate, pooled.low],
        "y": [0, -0.38 * apart, 0, 0.38 * apart, 0],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": _INK,
        "line": {"color": _INK, "width": 1},
        "hoveron": "fills",
        "text": f"Pooled: {size}",
        "hoverinfo": "text",
        "showlegend": False,
    }
    if pooled.prediction is None:
        return [diamond]
    low, high = pooled.prediction
    bar = {
        "type": "scatter",
        "name": "Prediction",
        "x": [low, high],
        "y": [apart, apart],
        "mode": "lines+markers",
        "line": {"color": _INK, "width": 3},
        "marker": {"color": _INK, "symbol": "line-ns-open", "size": 10, "line": {"color": _INK, "width": 2}},
        "text": [f"Prediction interval {interval(signed(low), signed(high))}"] * 2,
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }
    return [diamond, bar]


def _layout(rows: Sequence[SeatEffect], pooled: Pooled, names: tuple[str, str], height: float) -> dict[str, Any]:
    top, bottom = 56, 84
    return {
        "height": int(height + top + bottom),
        "margin": {"l": 96, "r": 16, "t": top, "b": bottom},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1, "x": 0},
        "hovermode": "closest",
        "shapes": _lines(pooled),
        "xaxis": {
            "title": {"text": f"Hedges' g<br>← higher for {literal(names[1])} · higher for {literal(names[0])} →"},
            "range": _reach(rows, pooled),
            "showgrid": True,
        },
    }


def _rows_axis(labels: dict[int, str], end: int, pooled: Pooled, apart: int) -> dict[str, Any]:
    """The vertical axis, to the row ``end``: the pooled effect on top, if there is one."""
    ticks = {0: "<b>Pooled</b>"} if pooled.n > 1 else {}
    ticks |= {apart: "Prediction"} if pooled.prediction is not None else {}
    ticks |= labels
    return {
        "range": [end - 0.3, -0.8 * apart],
        "tickmode": "array",
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "showgrid": False,
    }


def _labels(rows: Sequence[SeatEffect], places: dict[int, int], own: int | None, row_height: float) -> dict[int, str]:
    """Labels of rows by their places: all, or as many as have room; one's own always, and none beside it."""
    every = 1 if row_height >= 14 else 2 if row_height * 2 >= 14 else 5
    labels = {places[each.seat]: f"Seat {each.seat}" for at, each in enumerate(rows) if at % every == 0}
    mine = places.get(own) if own is not None else None
    if mine is None:
        return labels
    if every > 1:
        labels = {place: label for place, label in labels.items() if abs(place - mine) >= every}
    return {**labels, mine: f"<b>Seat {own}, you</b>"}


def _lines(pooled: Pooled) -> list[dict[str, Any]]:
    """A line at zero, and where there is a pooled effect, a dotted one there."""
    line = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "layer": "below"}
    zero = {**line, "x0": 0, "x1": 0, "line": {"color": NEUTRAL_COLOUR, "width": 1.5}}
    if pooled.n == 1:
        return [zero]
    dotted = {"color": _INK, "dash": "dot", "width": 1}
    return [zero, {**line, "x0": pooled.estimate, "x1": pooled.estimate, "line": dotted}]


def _reach(rows: Sequence[SeatEffect], pooled: Pooled) -> list[float]:
    """From the lowest end to the highest one, with zero inside. The interval of two seats may be wide: it is cut."""
    low, high = min(0.0, *(each.low for each in rows)), max(0.0, *(each.high for each in rows))
    if pooled.prediction is not None:
        width = high - low
        low, high = max(min(low, pooled.prediction[0]), low - width), min(max(high, pooled.prediction[1]), high + width)
    room = 0.04 * (high - low)
    return [low - room, high + room]
