"""Rows of a picture that several checks share: an AUC, or a size, as a dot, with its interval as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.records import CLEAR_AUC
from core.report.figures.style import LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, literal
from core.report.readable import readable_auc, readable_number

ROW_HEIGHT = 22
_MAX_LABEL = 30


def dots(
    rows: Sequence[tuple[str, Mapping[str, Any]]], name: str, colour: str, symbol: str = "circle"
) -> dict[str, Any]:
    """A trace with a dot and an interval for each row that has an AUC.

    ``rows`` are labels and numbers: ``auc``, ``low``, ``high`` and, for the hover, ``n_own`` and ``n_other``.
    """
    shown = [(label, row) for label, row in rows if row["auc"] is not None]
    return {
        "type": "scatter",
        "name": name,
        "x": [row["auc"] for _, row in shown],
        "y": [label for label, _ in shown],
        "text": [_hover(label, row) for label, row in shown],
        "mode": "markers",
        "marker": {"color": colour, "size": 9, "symbol": symbol},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_up_to(row["high"], row["auc"]) for _, row in shown],
            "arrayminus": [_up_to(row["auc"], row["low"]) for _, row in shown],
            "color": colour,
            "thickness": 1.5,
            "width": 3,
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def sizes_with_intervals(rows: Sequence[tuple[str, Any, Any]]) -> dict[str, Any]:
    """A trace with a dot and a 95% interval for each row (label, size, limits) that has no None."""
    shown = [(label, size, limits) for label, size, limits in rows if limits and None not in (size, *limits)]
    return {
        "type": "scatter",
        "x": [size for _, size, _ in shown],
        "y": [label for label, _, _ in shown],
        "customdata": [_size(*row[1:]) for row in shown],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - size for _, size, (_, high) in shown],
            "arrayminus": [size - low for _, size, (low, _) in shown],
        },
        "mode": "markers",
        "marker": {"color": TARGET_COLOUR, "size": 10},
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }


def layout_of_dots(labels: Sequence[str], left: int) -> dict[str, Any]:
    """The layout of a picture that has only such rows; ``left`` is the room for labels in pixels."""
    return {
        "height": ROW_HEIGHT * len(labels) + MARGIN["t"] + MARGIN["b"] + 30,
        "margin": {**MARGIN, "l": left, "t": MARGIN["t"] + 30},
        "legend": LEGEND,
        "shapes": lines_at_chance_and_clear(),
        "xaxis": {"title": {"text": "AUC for its own class"}, "range": [0, 1.02]},
        "yaxis": axis_of_dots(labels),
    }


def axis_of_dots(labels: Sequence[str]) -> dict[str, Any]:
    """The vertical axis: the first label on top, also those of rows without an AUC."""
    order = {"categoryorder": "array", "categoryarray": list(labels)}
    return {"type": "category", **order, "range": [len(labels) - 0.5, -0.5], "showgrid": False}


def label_of(text: str) -> str:
    """A row's label: text from outside is escaped, and not longer than the margin."""
    return literal(text if len(text) <= _MAX_LABEL else f"{text[: _MAX_LABEL - 1]}…")


def lines_at_chance_and_clear() -> list[dict[str, Any]]:
    """Dotted lines at an AUC of 0.5 and at the threshold."""
    line = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}
    return [{**line, "x0": at, "x1": at} for at in (0.5, CLEAR_AUC)]


def _up_to(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else high - low


def _size(size: float, limits: Sequence[float]) -> str:
    low, high = map(readable_number, limits)
    return f"{readable_number(size)}, 95% interval {low} to {high}"


def _hover(label: str, row: Mapping[str, Any]) -> str:
    lines = [label, f"AUC {readable_auc(row['auc'])}"]
    if row["low"] is not None:
        lines[1] += f" ({readable_auc(row['low'])} to {readable_auc(row['high'])})"
    if row.get("n_own") is not None:
        lines.append(f"{row['n_own']:,} own and {row['n_other']:,} other words")
    return "<br>".join(lines)
