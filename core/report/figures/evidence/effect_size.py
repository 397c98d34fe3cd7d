"""The sizes of the difference by unit, with intervals, above the power of the design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.evidence.dots import sizes_with_intervals
from core.report.figures.style import BASELINE_COLOUR, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import HOVER, readable_share

_NAMES = {"word": "g, words", "lemma": "g, lemmas", "pair": "g, pairs"}


def picture(figures: Mapping[str, Any]) -> Picture:
    """Above, a dot with its interval for each unit, and a line at 0.8; below, the share of differences found."""
    power = figures["power"]
    grey = {"type": "line", "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}
    shapes = [{**grey, "yref": "y domain", "y0": 0, "y1": 1, "x0": at, "x1": at} for at in (0, 0.8)]
    shapes.append({**grey, "xref": "x2 domain", "x0": 0, "x1": 1, "yref": "y2", "y0": 0.8, "y1": 0.8})
    layout = {
        "height": 470,
        "showlegend": False,
        "margin": {**MARGIN, "l": 110},
        "shapes": shapes,
        "xaxis": {"title": {"text": "Difference for its own class (SD)"}, "anchor": "y", "rangemode": "tozero"},
        "yaxis": {"domain": [0.62, 1], "autorange": "reversed", "showgrid": False},
        "xaxis2": {
            "title": {"text": "Planted difference (SD)"},
            "anchor": "y2",
            "rangemode": "tozero",
            "hoverformat": HOVER,
        },
        "yaxis2": {
            "domain": [0, 0.4],
            "range": [-0.03, 1.05],
            "tickformat": ".0%",
            "title": {"text": "Share found"},
            "anchor": "x2",
        },
    }
    if not power["power"]:
        unknown = {"text": "The power of this test is not known.", "showarrow": False}
        layout["annotations"] = [{**unknown, "xref": "x2 domain", "yref": "y2 domain", "x": 0.5, "y": 0.5}]
    return {"data": [_sizes(figures), _curve(power), *_smallest(power)], "layout": layout}


def _sizes(figures: Mapping[str, Any]) -> dict[str, Any]:
    by_lemma = figures["mean_difference"]
    rows = [(_NAMES[unit], found["g"], found["g_interval"]) for unit, found in figures["units"].items()]
    rows.append(("mean, by lemma", by_lemma["in_sd"], by_lemma["in_sd_interval"]))
    return sizes_with_intervals(rows)


def _curve(power: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": power["d"],
        "y": power["power"],
        "xaxis": "x2",
        "yaxis": "y2",
        "mode": "lines+markers",
        "line": {"color": BASELINE_COLOUR},
        "text": [readable_share(share) for share in power["power"]],
        "hovertemplate": "%{x} SD: found in %{text} of draws<extra></extra>",
    }


def _smallest(power: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A mark at the smallest difference that is found in 80% of draws, if there is one on the axis."""
    smallest = power["smallest"]
    if smallest is None or smallest > power["d"][-1]:
        return []
    mark = {
        "type": "scatter",
        "x": [smallest],
        "y": [0.8],
        "xaxis": "x2",
        "yaxis": "y2",
        "mode": "markers",
        "marker": {"color": TARGET_COLOUR, "size": 12, "symbol": "diamond"},
        "hovertemplate": "80% of draws: %{x} SD<extra></extra>",
    }
    return [mark]
