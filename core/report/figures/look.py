"""The look that all pictures share: fonts, axes, transparent grounds, and the colours of a dark page."""

from __future__ import annotations

from typing import Any

from core.report.figures.style import Picture
from core.report.palette import for_theme, palette

# Text is grey only in a saved picture, and has the colour of the page's text on the page (ui/style.css).
_LIGHT = palette("light")
_WITH_COLOURS = ("color", "colorscale")  # ends of the names of what has colours
_GREY, _LINE, _NONE = _LIGHT["neutral"], f"{_LIGHT['neutral']}38", "rgba(0,0,0,0)"
_FONT = {"family": '"Source Sans", sans-serif', "size": 12, "color": _GREY}
_LOOK = {
    "font": _FONT,
    "paper_bgcolor": _NONE,
    "plot_bgcolor": "rgba(255,255,255,0)",  # not _NONE: what a zoom leaves out is dimmed as on this colour
    "modebar": {"bgcolor": _NONE, "color": _GREY, "activecolor": _LIGHT["control"]},
    "hoverlabel": {"bgcolor": _LIGHT["page"], "bordercolor": _GREY, "font": {**_FONT, "color": _LIGHT["ink"]}},
}


def with_look(layout: Picture) -> Picture:
    """A layout with the look that pictures share, where it says nothing else. Its colours are those of a light page.

    Examples
    --------
    >>> with_look({"xaxis": {"title": {"text": "Neuron"}}})["xaxis"]["title"]
    {'font': {'size': 14}, 'standoff': 20, 'text': 'Neuron'}
    """
    axes = {name: _axis(name, axis) for name, axis in layout.items() if name.startswith(("xaxis", "yaxis"))}
    return {**_LOOK, **layout, **axes}


def in_dark(part: Any) -> Any:
    """A part of a picture in the colours of a dark page.

    Examples
    --------
    >>> light, dark = palette("light")["baseline"], palette("dark")["baseline"]
    >>> in_dark({"marker": {"color": light}, "text": [light]}) == {"marker": {"color": dark}, "text": [light]}
    True
    """
    if isinstance(part, dict):
        return {name: (_dark if name.endswith(_WITH_COLOURS) else in_dark)(inner) for name, inner in part.items()}
    # Rows of numbers and of texts have no colours in them.
    return [in_dark(inner) for inner in part] if isinstance(part, list) and part and isinstance(part[0], dict) else part


def _dark(colours: Any) -> Any:
    """A colour, or a list of colours or of pairs with a colour, in the dark theme."""
    if isinstance(colours, list):
        return [_dark(each) for each in colours]
    return for_theme(colours, "dark") if isinstance(colours, str) else colours


def _axis(name: str, axis: Picture) -> Picture:
    """An axis with quiet lines and as much margin as its labels need, where it says nothing else."""
    vertical = name.startswith("y")
    look = {"gridcolor": _LINE, "zerolinecolor": _LINE, "showgrid": vertical, "zeroline": False, "automargin": True}
    title = {"font": {"size": 14}, "standoff": 24 if vertical else 20, **axis.get("title", {})}
    return {**look, **axis, "title": title}
