"""The AUC of a neuron's own class against all other words and against single classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.evidence.dots import dots, layout_of_dots
from core.report.figures.style import BASELINE_COLOUR, TARGET_COLOUR, Picture


def picture(figures: Mapping[str, Any]) -> Picture:
    """A dot with an interval for each class; below them the mirrored reading, "not the other class"."""
    own, other = ("/".join(figures[name]) for name in ("own_tags", "other_tags"))
    rows = [(f"{own}, all others", figures["rest"]), (f"{own}, without marks", figures["rest_without_marks"])]
    rows += [(f"{own}, {single['tag']}", single) for single in figures["singles"]]
    mirrored = [(f"not {other}, {other}", figures["mirrored"])]
    traces = [
        dots(rows, f"{own} over others", TARGET_COLOUR),
        dots(mirrored, f"all but {other} over {other}", BASELINE_COLOUR, "square"),
    ]
    return {"data": traces, "layout": layout_of_dots([label for label, _ in (*rows, *mirrored)], left=150)}
