"""Every layer at once: counts, strongest effects, the statistic's distribution, and extremes in tagged text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.records import STRONG_AUC
from core.records.layers import GoldLayers
from core.report.figures.layer_axes import (
    FEW_LAYERS,
    columns,
    count_ticks,
    finite,
    head,
    layout_of_layers,
    limits_at,
    row_axis,
    title_of_side,
    y_of,
)
from core.report.figures.style import (
    BASELINE_COLOUR,
    NEUTRAL_COLOUR,
    TARGET_COLOUR,
    Picture,
    in_lines,
    literal,
)
from core.report.glossary import SIDE_WORDS
from core.report.layer_numbers import Direction, LayerNumbers, gold_of_extremes
from core.report.readable import readable_auc, signed

Sides = Sequence[LayerNumbers]
_AUC_ENDS = [-0.06, 1.06]
_PALE = "4D"  # the opacity of a colour, in hexadecimal: 30%
_NOTHING = "no neuron varies"


def layer_counts(sides: Sides, tested: str, names: Sequence[str], axis: str) -> Picture:
    """Bars of the significant neurons of each layer, pale, and in them those that are strong: a row for each side.

    Parameters
    ----------
    sides : sequence of LayerNumbers
        The rows, from above. Both have one scale.
    tested : str
        The side that the experiment tests.
    names : (str, str)
        Of the target, whose bars go up, and of the baseline.
    axis : str
        ``"layer"`` or ``"depth"``.
    """
    layout = layout_of_layers(sides[0], axis, [title_of_side(numbers.side, tested) for numbers in sides])
    most = max(int(each.significant.max()) for numbers in sides for each in (numbers.higher, numbers.lower))
    bound = 1.25 * max(1, most)
    ticks, texts = count_ticks(max(1, most))
    data: list[Picture] = []
    for row, numbers in enumerate(sides):
        for (name, colour), direction, sign in zip(_classes(names), _directions(numbers), (1, -1), strict=True):
            data += _bars(numbers, row, direction, sign=sign, name=name, colour=colour)
        data.append(columns(numbers, row, [-bound, bound], _count_texts(numbers, names)))
        axis_of_row = {"range": [-bound, bound], "tickvals": ticks, "ticktext": texts, "zeroline": True}
        layout["yaxis" + y_of(row)[1:]] = {**row_axis(row, len(sides)), **axis_of_row, "title": {"text": "Neurons"}}
    return {"data": data, "layout": layout}


def _bars(numbers: LayerNumbers, row: int, direction: Direction, *, sign: int, name: str, colour: str) -> list[Picture]:
    few = len(numbers.layers) <= FEW_LAYERS
    shared = {
        "type": "bar",
        "x": np.array(numbers.layers, dtype=np.int32),
        "yaxis": y_of(row),
        "width": 0.72,
        "hoverinfo": "skip",
        "showlegend": row == 0,
        "cliponaxis": False,
    }
    outline = {"color": f"{colour}{_PALE}", "line": {"color": colour, "width": 1}}
    return [
        {
            **shared,
            "y": (sign * direction.significant).astype(np.int32),
            "name": in_lines(f"{name}: significant", 40),
            "marker": outline,
            "text": [f"{n:,}" for n in direction.significant.tolist()] if few else [],
            "textposition": "outside",
        },
        {
            **shared,
            "y": (sign * direction.strong).astype(np.int32),
            "name": in_lines(f"{name}: strong", 40),
            "marker": {"color": colour, "line": {"color": colour, "width": 1}},
        },
    ]


def _count_texts(numbers: LayerNumbers, names: Sequence[str]) -> list[str]:
    texts = []
    for at in range(len(numbers.layers)):
        lines = [
            f"significantly higher for {literal(name)}: {direction.significant[at]:,}, of these strong: "
            f"{direction.strong[at]:,}"
            for name, direction in zip(names, _directions(numbers), strict=True)
        ]
        texts.append(_hover(numbers, at, [*lines, f"of {numbers.tested[at]:,} neurons that vary"]))
    return texts


def layer_strength(sides: Sides, tested: str, names: Sequence[str], axis: str) -> Picture:
    """Lines of the strongest neuron of each layer and class: its AUC above, and Hedges' g below, of both sides.

    Parameters are those of ``layer_counts``. The tested side has full lines and markers, the other one dashed lines and
    hollow markers.
    """
    layout = layout_of_layers(sides[0], axis, ["AUC", "Hedges’ g"])
    farthest = [np.abs(finite(each.g)) for numbers in sides for each in _directions(numbers)]
    bound = 1.15 * float(np.nanmax(np.concatenate([[0.1], *farthest])))
    data: list[Picture] = []
    for row, (what, ends) in enumerate((("auc", _AUC_ENDS), ("g", [-bound, bound]))):
        for numbers in sides:
            for (name, colour), direction in zip(_classes(names), _directions(numbers), strict=True):
                data.append(_line(numbers, row, getattr(direction, what), (name, colour), tested))
        data.append(columns(sides[0], row, ends, _strength_texts(sides, names)))
    layout["yaxis"] = {**row_axis(0, 2), "range": _AUC_ENDS, "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    layout["yaxis2"] = {**row_axis(1, 2), "range": [-bound, bound], "zeroline": True}
    layout["shapes"] = limits_at(0, [0.5], [STRONG_AUC, 1 - STRONG_AUC])
    return {"data": data, "layout": layout}


def _line(numbers: LayerNumbers, row: int, values: np.ndarray, of: tuple[str, str], tested: str) -> Picture:
    (name, colour), full = of, numbers.side == tested
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": np.array(numbers.layers, dtype=np.int32),
        "y": finite(values).astype(np.float32),
        "yaxis": y_of(row),
        "name": in_lines(f"{name}: {SIDE_WORDS[numbers.side]}", 40),
        "line": {"color": colour, "width": 2, "dash": "solid" if full else "dot"},
        "marker": {"size": 7, "symbol": "circle" if full else "circle-open", "color": colour},
        "hoverinfo": "skip",
        "showlegend": row == 0,
    }


def _strength_texts(sides: Sides, names: Sequence[str]) -> list[str]:
    texts = []
    for at in range(len(sides[0].layers)):
        lines = []
        for numbers in sides:
            lines.append(f"<i>{SIDE_WORDS[numbers.side]} the nonlinearity</i>")
            if not numbers.tested[at]:
                lines.append(_NOTHING)
                continue
            for name, direction in zip(names, _directions(numbers), strict=True):
                lines.append(
                    f"{literal(name)}: AUC {readable_auc(direction.auc[at])} (neuron {direction.auc_neuron[at]}), "
                    f"g {signed(direction.g[at])} (neuron {direction.g_neuron[at]})"
                )
        texts.append("<br>".join([head(sides[0], at), *lines]))
    return texts


def layer_spread(sides: Sides, tested: str, names: Sequence[str], axis: str, statistic: str) -> Picture:
    """Boxes of the statistic of each layer's neurons, from their quantiles, and its two extremes as points.

    Parameters are those of ``layer_counts``. A box is the middle half, its whiskers go from 5% to 95%.
    """
    layout = layout_of_layers(sides[0], axis, [title_of_side(numbers.side, tested) for numbers in sides])
    farthest = [np.abs(finite(numbers.quantiles)).ravel() for numbers in sides]
    bound = 1.2 * float(np.nanmax(np.concatenate([[1.0], *farthest])))
    data: list[Picture] = []
    for row, numbers in enumerate(sides):
        data.append(_boxes(numbers, row))
        ends = zip(_classes(names), ("Largest", "Smallest"), (-1, 0), ("triangle-up", "triangle-down"), strict=True)
        for (name, colour), which, quantile, symbol in ends:
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": np.array(numbers.layers, dtype=np.int32),
                    "y": finite(numbers.quantiles[quantile]).astype(np.float32),
                    "yaxis": y_of(row),
                    "name": in_lines(f"{which} ({name})", 40),
                    "marker": {"size": 9, "symbol": symbol, "color": colour},
                    "hoverinfo": "skip",
                    "showlegend": row == 0,
                }
            )
        data.append(columns(numbers, row, [-bound, bound], _spread_texts(numbers, statistic)))
        axis_of_row = {"range": [-bound, bound], "zeroline": True, "title": {"text": statistic}}
        layout["yaxis" + y_of(row)[1:]] = {**row_axis(row, len(sides)), **axis_of_row}
    return {"data": data, "layout": layout}


def _boxes(numbers: LayerNumbers, row: int) -> Picture:
    _, low, first, middle, third, high, _ = (finite(each) for each in numbers.quantiles)
    there = numbers.tested > 0  # a box without numbers would be drawn at 0
    quartiles = {"q1": first, "median": middle, "q3": third, "lowerfence": low, "upperfence": high}
    return {
        "type": "box",
        "x": np.array(numbers.layers, dtype=np.int32)[there],
        "yaxis": y_of(row),
        **{name: values[there].astype(np.float32) for name, values in quartiles.items()},
        "name": "Middle half, whiskers 5% to 95%",
        "fillcolor": f"{NEUTRAL_COLOUR}{_PALE}",
        "line": {"color": NEUTRAL_COLOUR, "width": 1.5},
        "width": 0.5,
        "hoverinfo": "skip",
        "showlegend": row == 0,
    }


def _spread_texts(numbers: LayerNumbers, statistic: str) -> list[str]:
    texts = []
    for at in range(len(numbers.layers)):
        least, low, first, middle, third, high, most = numbers.quantiles[:, at]
        lines = [
            f"largest {statistic} {signed(most)} (neuron {numbers.higher.extreme[at]})",
            f"95% {signed(high)} · 75% {signed(third)} · median {signed(middle)}",
            f"25% {signed(first)} · 5% {signed(low)}",
            f"smallest {statistic} {signed(least)} (neuron {numbers.lower.extreme[at]})",
        ]
        texts.append(_hover(numbers, at, lines))
    return texts


def layer_gold(numbers: LayerNumbers, gold: GoldLayers, names: Sequence[str], axis: str) -> Picture:
    """The two extreme neurons of each layer: their AUC on the word lists, hollow, and in tagged text, filled.

    Parameters
    ----------
    numbers : LayerNumbers
        Of the side of ``gold``.
    gold : GoldLayers
    names, axis
        As in ``layer_counts``.
    """
    layout = layout_of_layers(numbers, axis, [title_of_side(numbers.side, numbers.side)])
    in_text = gold_of_extremes(numbers, gold)
    x = np.array(numbers.layers, dtype=np.int32)
    data: list[Picture] = []
    for (name, colour), direction, values in zip(_classes(names), _directions(numbers), in_text, strict=True):
        pairs = np.stack([direction.extreme_auc, values, np.full(len(x), np.nan)], axis=1)
        line = {"type": "scatter", "mode": "lines", "line": {"color": colour, "width": 2}, "showlegend": False}
        data.append({**line, "x": np.repeat(x, 3), "y": pairs.ravel().astype(np.float32), "hoverinfo": "skip"})
        for where, its_values, symbol in (
            ("word lists", direction.extreme_auc, "circle-open"),
            ("sentences", values, "circle"),
        ):
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": x,
                    "y": its_values.astype(np.float32),
                    "name": in_lines(f"{name}: {where}", 40),
                    "marker": {"size": 9, "symbol": symbol, "color": colour},
                    "hoverinfo": "skip",
                }
            )
    data.append(columns(numbers, 0, _AUC_ENDS, _gold_texts(numbers, in_text, names)))
    layout["yaxis"] = {**row_axis(0, 1), "range": _AUC_ENDS, "title": {"text": "AUC"}}
    layout["yaxis"]["tickvals"] = [0, 0.25, 0.5, 0.75, 1]
    layout["shapes"] = limits_at(0, [0.5], [STRONG_AUC, 1 - STRONG_AUC])
    return {"data": data, "layout": layout}


def _gold_texts(numbers: LayerNumbers, in_text: tuple[np.ndarray, np.ndarray], names: Sequence[str]) -> list[str]:
    texts = []
    for at in range(len(numbers.layers)):
        lines = [
            f"neuron {direction.extreme[at]}, higher for {literal(name)}:<br>"
            f"AUC {readable_auc(direction.extreme_auc[at])} in the word lists, "
            f"{readable_auc(values[at])} in tagged sentences"
            for name, direction, values in zip(names, _directions(numbers), in_text, strict=True)
        ]
        texts.append(_hover(numbers, at, lines))
    return texts


def _hover(numbers: LayerNumbers, at: int, lines: Sequence[str]) -> str:
    return "<br>".join([head(numbers, at), *(lines if numbers.tested[at] else [_NOTHING])])


def _classes(names: Sequence[str]) -> list[tuple[str, str]]:
    """The name and the colour of target and baseline."""
    return list(zip(names, (TARGET_COLOUR, BASELINE_COLOUR), strict=True))


def _directions(numbers: LayerNumbers) -> tuple[Direction, Direction]:
    return numbers.higher, numbers.lower
