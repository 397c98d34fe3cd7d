"""How well each property of the words separates the classes, above the difference with and without adjustment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.evidence.dots import sizes_with_intervals
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import readable_auc


def picture(figures: Mapping[str, Any]) -> Picture:
    """Above, the AUC of the neuron and of each property, before and after matching; below, differences in SD."""
    names = ["the neuron", *(row["name"] for row in figures["confounds"])]
    grey = {"type": "line", "y0": 0, "y1": 1, "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}
    layout = {
        "height": 560,
        "legend": LEGEND,
        "margin": {**MARGIN, "t": 60, "l": 120},
        "shapes": [
            {**grey, "yref": "y domain", "x0": 0.5, "x1": 0.5},
            {**grey, "xref": "x2", "yref": "y2 domain", "x0": 0, "x1": 0},
        ],
        "xaxis": {"title": {"text": "AUC between the classes"}, "anchor": "y", "range": [0.48, 1.02]},
        "yaxis": {
            "domain": [0.45, 1],
            "showgrid": False,
            "categoryorder": "array",
            "categoryarray": names[::-1],
        },
        "xaxis2": {"title": {"text": "Difference for its own class (SD)"}, "anchor": "y2", "rangemode": "tozero"},
        "yaxis2": {"domain": [0, 0.26], "autorange": "reversed", "showgrid": False, "anchor": "x2"},
    }
    before = [figures["neuron_auc"], *(row["auc"] for row in figures["confounds"])]
    after = [figures["matched_auc"], *(row["matched_auc"] for row in figures["confounds"])]
    data = [
        _dots(names, before, "all words", TARGET_COLOUR, "circle"),
        _dots(names, after, f"{figures['n_pairs']} matched pairs", BASELINE_COLOUR, "diamond-open"),
        _differences(figures),
    ]
    return {"data": data, "layout": layout}


def _dots(names: list[str], aucs: list[float | None], label: str, colour: str, symbol: str) -> dict[str, Any]:
    known = [(name, auc) for name, auc in zip(names, aucs, strict=True) if auc is not None]
    return {
        "type": "scatter",
        "name": label,
        "x": [auc for _, auc in known],
        "y": [name for name, _ in known],
        "customdata": [readable_auc(auc) for _, auc in known],
        "mode": "markers",
        "marker": {"color": colour, "size": 10, "symbol": symbol},
        "hovertemplate": f"%{{y}}, {label}: AUC %{{customdata}}<extra></extra>",
    }


def _differences(figures: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        ("raw", figures["raw"], figures["raw_interval"]),
        ("adjusted", figures["adjusted"], figures["clustered"]),
        ("adjusted, HC3", figures["adjusted"], figures["hc3"]),
    ]
    return {**sizes_with_intervals(rows), "showlegend": False, "xaxis": "x2", "yaxis": "y2"}
