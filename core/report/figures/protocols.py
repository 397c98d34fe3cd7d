"""How the neurons overlap that several protocols select: a matrix of pairs."""

from __future__ import annotations

from collections.abc import Sequence

from core.records.protocols import Protocols
from core.report.agreement import readable_jaccard
from core.report.figures.style import NEUTRAL_COLOUR, Picture, in_lines
from core.report.palette import palette

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
    cells = [[_cell(found, names, row, column, at) for column in range(len(names))] for row in range(len(names))]
    values, texts, hovers = ([[cell[k] for cell in row] for row in cells] for k in range(3))
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
        "height": 60 + _ROW * len(names),
        "margin": {"l": 84, "r": 8, "t": 8, "b": 44},
        "dragmode": False,
        "xaxis": axis,
        "yaxis": {**axis, "autorange": "reversed"},
    }
    return {"data": [trace], "layout": layout}


def _cell(
    found: Protocols, names: Sequence[str], row: int, column: int, at: int | None
) -> tuple[float | None, str, str]:
    """The value of a cell, by which it is coloured, its text and that of its tooltip. Above the diagonal is nothing."""
    if column > row:
        return None, "", ""
    sets = found.overlap(column, row, at)
    if row == column:
        return None, f"{sets.both:,}<br>selected", f"{names[row]}<br>{sets.both:,} selected"
    share = readable_jaccard(sets)
    hover = (
        f"{sets.both:,} in both<br>{sets.only_a:,} only in {names[column]}<br>{sets.only_b:,} only in {names[row]}"
        f"<br>Jaccard: {share}"
    )
    if sets.jaccard is None:
        return 0.0, f"<b>{in_lines(share, 12)}</b>", hover
    return sets.jaccard, f"<b>{share}</b><br>{sets.both:,} of {sets.either:,}", hover
