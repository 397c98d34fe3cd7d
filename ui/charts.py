"""Charts: pictures as Streamlit sends them to the browser, with the look that all of them share."""

from __future__ import annotations

import zlib
from typing import Any

import streamlit as st
from plotly.basedatatypes import BaseFigure

from core.report.figures import Picture, packed
from core.report.figures.look import in_dark, with_look


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
        themed = in_dark if st.context.theme.type == "dark" else _as_it_is
        data, layout = themed(packed(picture["data"])), packed(picture["layout"])
        # Streamlit's script gives a plot its data twice. By this, plotly knows that they are the same.
        revision = zlib.crc32(repr(data).encode())
        meta = {"meta": drawn} if drawn else {}
        self._plain = {"data": data, "layout": themed({**with_look(layout), "datarevision": revision, **meta})}

    def to_dict(self) -> Picture:
        """The dictionary that plotly's JavaScript reads."""
        return self._plain


def _as_it_is(part: Any) -> Any:
    return part
