"""The distributions of one neuron's values over both classes, on both sides of the nonlinearity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.records import ContrastResult
from core.report.figures.style import BASELINE_COLOUR, MARGIN, TARGET_COLOUR, Picture, in_lines, literal
from core.report.glossary import value_name
from core.report.readable import HOVER, readable_number
from core.report.sentences import class_names

# The vertical places of the tested side and of the other one, as shares of the height.
_DOMAINS = ([0.6, 1.0], [0.0, 0.4])
# On the vertical axes: the heights of target and baseline, how far their strokes and means reach, and the range.
_HEIGHTS = (68, 20)
_STROKES, _MEAN = 16, 18
_RANGE = [0, 100]
# The length of a stroke: a few strokes are longer, and opaque.
_STROKE, _LONG_STROKE = 4, 10
_FEW = 100
# So many paths hold the strokes of a class: where strokes of different paths overlap, they are darker.
_PATHS = 3
# A hover names up to this many forms of a lemma.
_MAX_FORMS = 8

BothClasses = tuple[np.ndarray, np.ndarray]


def neuron_spread(
    result: ContrastResult, neuron: int, values: Mapping[str, BothClasses], *, means: bool = True
) -> Picture:
    """One neuron's values for both classes: a stroke for each unit, and a line at each mean.

    The strokes of a class are a few paths, since a browser takes long to draw a thousand markers. The traces are
    invisible: they show the hovers.

    Parameters
    ----------
    result : ContrastResult
    neuron : int
    values : mapping from a side to two arrays (n_target_units,) and (n_baseline_units,)
        The values at the tested side, which are drawn above, and at the other one. From
        ``core.experiment.unit_values``.
    means : bool
        Whether the means have lines and labels.
    """
    tested, other = result.spec.hook_side, result.other_side.side
    words, by_lemma = result.words, result.spec.unit == "lemma"
    # The forms of a lemma are named at the tested side only: the labels are most of the picture's size.
    forms = (
        _labels(result.target_units, words.target, words.target_lemmas if by_lemma else ()),
        _labels(result.baseline_units, words.baseline, words.baseline_lemmas if by_lemma else ()),
    )
    units = (_labels(result.target_units, (), ()), _labels(result.baseline_units, (), ()))
    names = class_names(result.spec)
    picture: Picture = {"data": [], "layout": {"height": 390, "showlegend": False, "shapes": [], "annotations": []}}
    picture["layout"]["margin"] = {**MARGIN, "l": 110, "b": 52}
    for row, side in enumerate((tested, other)):
        n = "" if row == 0 else "2"
        title = f"{value_name(result.spec.test, side).capitalize()} of neuron {neuron}" + (
            " (tested)" if row == 0 else ""
        )
        ticks = [in_lines(f"{name} ({len(each):,})", 20) for name, each in zip(names, values[side], strict=True)]
        picture["layout"] |= {
            f"xaxis{n}": {
                "title": {"text": title, "standoff": 4},
                "zeroline": True,
                "anchor": f"y{n}",
                "range": _range(values[side]),
                "hoverformat": HOVER,
            },
            f"yaxis{n}": {
                "domain": _DOMAINS[row],
                "anchor": f"x{n}",
                "tickvals": list(_HEIGHTS),
                "ticktext": ticks,
                "range": _RANGE,
                "showgrid": False,
                "zeroline": False,
            },
        }
        _add_row(picture, row, values[side], names, forms if row == 0 else units)
    if not means:
        picture["layout"]["annotations"] = []
        picture["layout"]["shapes"] = [shape for shape in picture["layout"]["shapes"] if shape["type"] != "line"]
    return picture


def _add_row(
    picture: Picture, row: int, values: BothClasses, names: Sequence[str], labels: Sequence[Sequence[str]]
) -> None:
    """Add the strokes and the means of both classes at one side."""
    n = "" if row == 0 else "2"
    axes = {"xref": f"x{n}", "yref": f"y{n}"}
    shown = picture["layout"][f"xaxis{n}"]["range"]
    classes = zip(_HEIGHTS, (TARGET_COLOUR, BASELINE_COLOUR), values, names, labels, strict=True)
    for height, colour, its_values, name, its_labels in classes:
        few = len(its_values) <= _FEW
        length = _LONG_STROKE if few else _STROKE
        heights = height + _spread_out(len(its_values), 2 * _STROKES - length)
        picture["data"].append(
            {
                "type": "scatter",
                "x": [float(f"{value:.6g}") for value in its_values.tolist()],  # a hover shows three digits
                "y": heights,
                "xaxis": f"x{n}",
                "yaxis": f"y{n}",
                "mode": "lines",
                "name": literal(name),
                "line": {"color": colour, "width": 0},
                "text": its_labels,
                "hovertemplate": "<b>%{text}</b><br>%{x}<br>" + literal(name) + "<extra></extra>",
            }
        )
        look = {"type": "path", "opacity": 1.0 if few else 0.7, "line": {"color": colour, "width": 2}}
        strokes = [{**look, "path": path, **axes} for path in _paths(its_values, heights, length, shown)]
        mean = float(its_values.mean(dtype=np.float64))
        ends = {"x0": mean, "x1": mean, "y0": height - _MEAN, "y1": height + _MEAN}
        line = {"type": "line", **ends, "line": {"color": colour, "width": 3}}
        # Few strokes would vanish below the mean's line, and that below many.
        above = strokes if few else [{**line, **axes}]
        picture["layout"]["shapes"] += [*([{**line, **axes}] if few else strokes), *above]
        label = {"x": mean, "y": height + _MEAN, "yshift": 8, "text": f"mean {readable_number(mean)}"}
        picture["layout"]["annotations"].append({**label, **axes, "showarrow": False, "font": {"size": 11}})


def _labels(units: Sequence[str], words: Sequence[str], lemmas: Sequence[str]) -> list[str]:
    """The name of each unit; for a lemma, its forms too. Escaped, because plotly interprets tags."""
    if not lemmas:
        return [literal(unit) for unit in units]
    forms: dict[str, list[str]] = {unit: [] for unit in units}
    for word, lemma in zip(words, lemmas, strict=True):
        forms[lemma].append(word)
    return [literal(_label(unit, its_forms)) for unit, its_forms in forms.items()]


def _label(unit: str, forms: Sequence[str]) -> str:
    if list(forms) == [unit]:
        return unit
    more = ", …" if len(forms) > _MAX_FORMS else ""
    return f"{unit}: {', '.join(forms[:_MAX_FORMS])}{more}"


def _range(values: BothClasses) -> list[float]:
    """A little more than all values need."""
    finite = np.concatenate(values)
    finite = finite[np.isfinite(finite)]
    low, high = float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))
    if low > high:
        return [0.0, 1.0]
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return [low - margin, high + margin]


def _paths(values: np.ndarray, heights: np.ndarray, length: int, ends: Sequence[float]) -> list[str]:
    """Strokes at values (n,) and heights (n,), as a few SVG paths with ``M1.5,3V7`` for each stroke.

    With as many digits as an axis with these ends can show.
    """
    decimals = max(0, 3 - math.floor(math.log10(ends[1] - ends[0])))
    pairs = zip(values.tolist(), (heights - length // 2).tolist(), strict=True)
    strokes = [f"M{x:.{decimals}f},{y}V{y + length}" for x, y in pairs if math.isfinite(x)]
    return ["".join(strokes[part::_PATHS]) for part in range(min(_PATHS, len(strokes)))]


def _spread_out(n: int, reach: int) -> np.ndarray:
    """Whole heights (n,) that separate neighbours, at most ``reach`` apart: the golden-ratio sequence, not random."""
    return np.rint(((np.arange(n) * 0.61803398875) % 1.0 - 0.5) * reach).astype(np.int32)
