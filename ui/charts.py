"""Charts: pictures as Streamlit sends them to the browser, with the look that all of them share."""

from __future__ import annotations

import zlib
from typing import Any

import streamlit as st
from plotly.basedatatypes import BaseFigure

from core.report.figures import Picture, packed
from core.report.palette import for_theme, palette

# For a light and for a dark page: which one it is may change while a plot stands. Text is grey only in a saved picture,
# and has the colour of the page's text on the page (ui/style.css).
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


def draw(picture: Picture, key: str, drawn: str = "", *, alt: str, **options: Any) -> None:
    """Draw a picture with ``st.plotly_chart``, which gets ``options``.

    ``drawn`` is what a click in it is reported with (``ui.plot_marks``). ``alt`` says in words what is seen
    (``core.report.alternatives``).

    Streamlit's own theme for plots is left out, and ours is much like it: Streamlit gives it to a plot after it was
    drawn, as a new template, and plotly draws everything again.
    """
    st.plotly_chart(Chart(picture, drawn), key=key, theme=None, alt=alt, **options)


def draw_preview(image: str, margin: Picture, key: str) -> None:
    """Show an image between the margins of the chart with this key, until the browser has drawn it.

    The plotting library is the largest file of a first visit. Only on a wide page: on a narrow one, the legend has more
    rows, which move the plot.
    """
    place = f".st-key-{key}:not(:has(.main-svg))"
    size = f"calc(100% - {margin['l'] + margin['r']}px) calc(100% - {margin['t'] + margin['b']}px)"
    look = f'background: url("{image}") {margin["l"]}px {margin["t"]}px / {size} no-repeat'
    hidden = f"{place} [data-testid='stSkeleton'] {{visibility: hidden}}"
    st.html(f"<style>@media (min-width: 75rem) {{{place} {{{look}}} {hidden}}}</style>")


class Chart(BaseFigure):
    """A picture for ``st.plotly_chart``, which accepts it as a figure, but neither validates nor copies it."""

    def __init__(self, picture: Picture, drawn: str = "") -> None:
        # BaseFigure.__init__ is not called: it makes an object for every part, which takes longer than the whole page.
        themed = _themed if st.context.theme.type == "dark" else _as_it_is
        data, layout = themed(packed(picture["data"])), packed(picture["layout"])
        axes = {name: _axis(name, axis) for name, axis in layout.items() if name.startswith(("xaxis", "yaxis"))}
        # Streamlit's script gives a plot its data twice. By this, plotly knows that they are the same.
        revision = zlib.crc32(repr(data).encode())
        meta = {"meta": drawn} if drawn else {}
        self._plain = {"data": data, "layout": themed({**_LOOK, "datarevision": revision, **meta, **layout, **axes})}

    def to_dict(self) -> Picture:
        """The dictionary that plotly's JavaScript reads."""
        return self._plain


def _themed(part: Any) -> Any:
    """A part of a picture in the colours of a dark page."""
    if isinstance(part, dict):
        return {name: (_dark if name.endswith(_WITH_COLOURS) else _themed)(inner) for name, inner in part.items()}
    # Rows of numbers and of texts have no colours in them.
    return [_themed(inner) for inner in part] if isinstance(part, list) and part and isinstance(part[0], dict) else part


def _as_it_is(part: Any) -> Any:
    return part


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
