"""Many points over the axes of a plot: a Streamlit component that draws them on a canvas, and reports clicks in them.

Plotly's own points for many (``scattergl``) need WebGL, which not every classroom computer has, and build their code at
run time, which the security policy of the class server forbids (``server/headers.py``). A canvas needs neither, so all
browsers show all points.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui import chosen, plot_marks

_HERE = Path(__file__).parent
# One module for the browser, of several files; the last one has the ``export default``.
_SHARED = (plot_marks.FOLLOW_SCRIPT, (_HERE.parent / "token_heatmap" / "numbers.js").read_text(encoding="utf-8"))
_SCRIPTS = ("columns.js", "painting.js", "nearest.js", "tip.js", "main.js")

_component = st.components.v2.component(
    "point_cloud",
    css=":host {display: none}",
    js="\n".join((*_SHARED, *((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS))),
)


def draw(
    points: bytes, drawn: str, on_click: Callable[[int, chosen.Snapshot], None], *, n_places: int, key: str
) -> None:
    """Draw points over a plot of the page.

    Parameters
    ----------
    points : bytes
        From ``core.report.figures.neuron_map``. Equal ones are sent to a browser once.
    drawn : str
        What the points show, as it is in their header. They are drawn over the plot of this run that was drawn with the
        same (``ui.charts.draw``), and a click in other points does not count.
    on_click : callable
        A callback; it gets the place of a point, and the settings that the points were drawn with.
    n_places : int
        A place is a whole number below this.
    key : str
    """
    _component(key=key, data=points, on_clicked_change=plot_marks.listener(key, drawn, n_places, on_click))
