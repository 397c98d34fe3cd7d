"""The AUC of a neuron before and after the nonlinearity, on words and in tagged text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.evidence.dots import dots, layout_of_dots
from core.report.figures.style import BASELINE_COLOUR, TARGET_COLOUR, Picture

_SIDES = {False: ("before", "after"), True: ("gate, before", "gated product")}


def picture(figures: Mapping[str, Any]) -> Picture:
    """A dot with an interval for each side and source; the tested side is named."""
    before, after = _SIDES[figures["gated"]]
    rows = []
    for reading in figures["readings"]:
        side = before if reading["side"] == "pre-activation" else after
        tested = " (tested)" if reading["tested"] else ""
        rows.append((f"{reading['source']}, {side}{tested}", reading))
    by_source = {name: [row for row in rows if row[1]["source"] == name] for name in ("words", "text")}
    traces = [dots(by_source["words"], "words", TARGET_COLOUR)]
    if by_source["text"]:
        traces.append(dots(by_source["text"], "tagged text", BASELINE_COLOUR, "square"))
    return {"data": traces, "layout": layout_of_dots([label for label, _ in rows], left=190)}
