"""The statistic of each test, and of the paired one under random pairings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.style import BASELINE_COLOUR, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture
from core.report.readable import SIGNED_HOVER, as_chosen, readable_p

_NAMES = {"paired": "Paired", "welch": "Welch", "mannwhitney": "Mann–Whitney"}
_PAIRINGS = "Paired, other pairs"


def picture(figures: Mapping[str, Any]) -> Picture:
    """A row for each test: a dot at its statistic, and a stroke where its adjusted p would be alpha."""
    tests, pairing = figures["tests"], figures["pairing"]
    names = [_NAMES[one["test"]] for one in tests]
    sign = -1 if tests and tests[0]["statistic"] < 0 else 1
    traces = [
        {
            "type": "scatter",
            "x": [one["statistic"] for one in tests],
            "y": names,
            "mode": "markers",
            "marker": {"color": TARGET_COLOUR, "size": 11},
            "text": [f"by {one['unit']}, adjusted p {readable_p(one['log10_p_adjusted'])}" for one in tests],
            "hovertemplate": "%{y}: %{x}<br>%{text}<extra></extra>",
        },
        {
            "type": "scatter",
            "x": [sign * one["critical"] for one in tests],
            "y": names,
            "mode": "markers",
            "marker": {"color": NEUTRAL_COLOUR, "size": 16, "symbol": "line-ns-open", "line": {"width": 2}},
            "hovertemplate": f"%{{y}}: significant from %{{x}} on (α = {as_chosen(figures['alpha'])})<extra></extra>",
        },
    ]
    if pairing:
        dots = {"color": BASELINE_COLOUR, "size": 6, "opacity": 0.3}
        traces.append(
            {
                "type": "scatter",
                "x": pairing["t"],
                "y": [_PAIRINGS] * len(pairing["t"]),
                "mode": "markers",
                "marker": dots,
                "hovertemplate": "a random pairing: %{x}<extra></extra>",
            }
        )
        names = [*names[:1], _PAIRINGS, *names[1:]]
    layout = {
        "height": 90 + 46 * len(names),
        "showlegend": False,
        "margin": {**MARGIN, "l": 138},
        "xaxis": {
            "title": {"text": "t or z (strokes: significant from there)"},
            "rangemode": "tozero",
            "hoverformat": SIGNED_HOVER,
        },
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names,
            "autorange": "reversed",
            "showgrid": False,
        },
    }
    return {"data": traces, "layout": layout}
