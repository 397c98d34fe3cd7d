"""Buttons that save the pictures of a page: a Streamlit component that draws them anew from what the browser shows.

The server needs no browser of its own for it. A saved figure is as it stands on the page, zoom and marks of neurons
included, with the settings below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
# One module for the browser, of several files; the last one has the ``export default``.
_SCRIPTS = ("../popover_focus.js", "save.js", "caption.js", "figure.js", "heatmap.js", "main.js")

_component = st.components.v2.component(
    "exporter",
    html='<div class="pictures"></div>',
    css=(_HERE / "exporter.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
)


@dataclass(frozen=True)
class Exported:
    """A picture that may be on the page: the key of its element, its title, and its file's name without the ending.

    ``lines`` are the paragraphs of its caption, if they are not those of the page's other pictures.
    """

    key: str
    title: str
    file: str
    lines: tuple[str, ...] = ()


def draw(figures: Sequence[Exported], heatmap: Exported | None, lines: Sequence[str], *, key: str) -> None:
    """Draw buttons for each figure that is on the page now (SVG, PNG), and for the coloured text (PNG).

    Parameters
    ----------
    figures : sequence of Exported
        Plots of ``ui.charts``; those that are not on the page, or that cannot be seen, get no buttons.
    heatmap : Exported, optional
        The element of ``ui.token_heatmap``.
    lines : sequence of str
        The paragraphs of the caption: plain text. A figure may have its own.
    key : str
    """
    _component(
        key=key,
        data={
            "figures": [asdict(figure) for figure in figures],
            "heatmap": heatmap and asdict(heatmap),
            "lines": list(lines),
        },
    )
