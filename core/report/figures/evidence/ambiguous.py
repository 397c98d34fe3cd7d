"""One neuron at the same forms as nouns and as verbs: points are above the diagonal where its own class is higher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.report.figures.style import LEGEND, MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture, literal
from core.report.readable import HOVER
from core.report.sentences import singular


def picture(figures: Mapping[str, Any]) -> Picture:
    """Points at (value in the other class, value in its own class), of the forms and of the words before them."""
    forms = figures["forms"]
    traces = [
        _points(forms, "before_", "the word before", NEUTRAL_COLOUR, "x"),
        _points(forms, "", "the form", TARGET_COLOUR, "circle"),
    ]
    shown = [
        value for form in forms for value in (form["own"], form["other"], form["before_own"], form["before_other"])
    ]
    low, high = min(shown), max(shown)
    margin = 0.05 * (high - low) or 0.5
    ends = [low - margin, high + margin]
    diagonal = {"type": "line", "x0": ends[0], "x1": ends[1], "y0": ends[0], "y1": ends[1], "layer": "below"}
    axis = {"range": ends, "hoverformat": HOVER}
    layout = {
        "height": 440,
        "margin": {**MARGIN, "t": MARGIN["t"] + 30},
        "legend": LEGEND,
        "shapes": [{**diagonal, "line": {"color": NEUTRAL_COLOUR, "dash": "dot"}}],
        "xaxis": {"title": {"text": f"Value where the form is a {literal(singular(figures['other']))}"}, **axis},
        "yaxis": {"title": {"text": f"Value where the form is a {literal(singular(figures['own']))}"}, **axis},
    }
    return {"data": traces, "layout": layout}


def _points(forms: Sequence[Mapping[str, Any]], prefix: str, name: str, colour: str, symbol: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "x": [form[f"{prefix}other"] for form in forms],
        "y": [form[f"{prefix}own"] for form in forms],
        "text": [literal(form["form"]) for form in forms],
        "mode": "markers",
        "marker": {"color": colour, "size": 7, "symbol": symbol, "opacity": 0.8},
        "hovertemplate": f"<b>%{{text}}</b>, {name}<br>%{{y}} against %{{x}}<extra></extra>",
    }
