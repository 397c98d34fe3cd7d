"""The outline of a histogram, as one filled line: it is right on a logarithmic axis too, and is small to send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.report.readable import readable_number


def steps(edges: Sequence[float], counts: Sequence[int], name: str, colour: str, unit: str) -> dict[str, Any]:
    """A trace of the counts (n,) between edges (n + 1,), with hovers that name the range and the ``unit`` counted.

    Examples
    --------
    >>> steps([0, 1, 2], [3, 4], "null", "#000000", "draws")["y"]
    [0, 3, 3, 4, 4, 0]
    """
    # The two ends of each step, and the base at both sides: x0 x0 x1 x1 x2 x2 over 0 c0 c0 c1 c1 0.
    x = [edge for edge in edges for _ in range(2)]
    y = [0, *(count for count in counts for _ in range(2)), 0]
    ends = [readable_number(edge) for edge in edges]
    said = [f"{low} to {high}: {n:,}" for low, high, n in zip(ends, ends[1:], counts, strict=False)]
    text = [f"{one} {unit}" for one in said for _ in range(2)]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "name": name,
        "fill": "tozeroy",
        "line": {"color": colour, "width": 1.5},
        "text": [text[0], *text, text[-1]],
        "hovertemplate": f"%{{text}}<extra>{name}</extra>",
    }


def mark(at: float, text: str, colour: str, height: float = 1.0) -> tuple[dict[str, Any], dict[str, Any]]:
    """A vertical line over the whole height of a picture, with its text at a share of that: a shape and an annotation.

    Examples
    --------
    >>> mark(2.5, "this neuron", "#000000")[1]["text"]
    'this neuron'
    """
    line = {
        "type": "line",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": colour, "width": 2},
    }
    note = {"x": at, "y": height, "yref": "paper", "text": text, "showarrow": False, "yanchor": "bottom"}
    return line, {**note, "font": {"color": colour, "size": 12}}
