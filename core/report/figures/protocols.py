"""How the neurons overlap that several protocols select: a matrix of pairs."""

from __future__ import annotations

from core.records.protocols import Protocols
from core.report.figures.style import NEUTRAL_COLOUR, Picture, in_lines
from core.report.palette import palette
from core.report.protocols import jaccard

_ROW = 64  # pixels for a protocol
_INK = palette("light")["ink"]


def overlap_matrix(found: Protocols, at: int | None) -> Picture:
    """The Jaccard index of each pair of protocols with its counts, and on the diagonal how many each selects.

    Parameters
    ----------
    found : Protocols
    at : int or None
        The place of a layer; None for the whole model.
    """
    names = [in_lines(one.preset.label, 14) for one in found.found]
    n = len(names)
    values: list[list[float | None]] = [[None] * n for _ in range(n)]
    texts = [[""] * n for _ in range(n)]
    hovers = [[""] * n for _ in range(n)]
    for row in range(n):
        for column in range(row + 1):
            overlap = found.overlap(column, row, at)
            if row == column:
                texts[row][column] = f"{overlap.both:,}<br>selected"  # without a value, so without a colour
                hovers[row][column] = f"{names[row]}<br>{overlap.both:,} selected"
                continue
            either = overlap.both + overlap.only_first + overlap.only_second
            values[row][column] = overlap.jaccard or 0.0
            texts[row][column] = f"<b>{jaccard(overlap)}</b>" + (
                f"<br>{overlap.both:,} of {either:,}" if either else ""
            )
            hovers[row][column] = (
                f"in both {overlap.both:,}<br>only {names[column]} {overlap.only_first:,}"
                f"<br>only {names[row]} {overlap.only_second:,}<br>Jaccard {jaccard(overlap)}"
            )
    trace = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": values,
        "zmin": 0,
        "zmax": 1,
        "text": texts,
        "texttemplate": "%{text}",
        "textfont": {"color": _INK, "size": 13},
        "customdata": hovers,
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
        "colorscale": [[0, f"{NEUTRAL_COLOUR}1F"], [1, f"{NEUTRAL_COLOUR}99"]],
        "showscale": False,
    }
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "type": "category"}
    layout = {
        "height": 60 + _ROW * n,
        "margin": {"l": 84, "r": 8, "t": 8, "b": 44},
        "dragmode": False,
        "xaxis": axis,
        "yaxis": {**axis, "autorange": "reversed"},
    }
    return {"data": [trace], "layout": layout}
