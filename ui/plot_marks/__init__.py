"""Marks of neurons over a plot, and clicks in it.

A changed figure is a new element for Streamlit, which loses its zoom. So the figure of a plot says nothing of neurons
that are selected: ``marks.js`` draws their marks over the plot that is there, and reports clicks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from ui import chosen

_HERE = Path(__file__).parent
# Also for other components that draw over a plot: it finds the plot, and says when it has moved.
FOLLOW_SCRIPT = (_HERE / "follow.js").read_text(encoding="utf-8")
_component = st.components.v2.component(
    "plot_marks",
    css=":host {display: none}",
    js=f"{FOLLOW_SCRIPT}\n{(_HERE / 'marks.js').read_text(encoding='utf-8')}",
)


@dataclass(frozen=True)
class Ring:
    """A mark at a place of the plot's axes, for points that are in no trace of plotly's."""

    x: float
    y: float
    label: str
    selected: bool


def draw(
    plot: str,
    drawn: str,
    on_click: Callable[[int, chosen.Snapshot], None],
    *,
    n_places: int,
    marks: Mapping[int, int] | None = None,
    selected: int | None = None,
    across: bool = False,
    band: bool = False,
) -> None:
    """Draw marks over a plot of the page, and call back with the place that is clicked.

    Parameters
    ----------
    plot : str
        The key of the plot, which was drawn in this run, with the same ``drawn``.
    drawn : str
        What the plot shows, in a few characters: a click is reported with those of the figure that is on the screen. In
        another figure, which a slow browser still shows, it does not count.
    on_click : callable
        A callback; it gets the place, and the settings that the plot was drawn with.
    n_places : int
        A place is a whole number below this.
    marks : mapping, optional
        Neurons by their places: the index of a point in the first trace, or, with ``across``, a column.
    selected : int, optional
        The neuron whose mark stands out.
    across : bool
        Whether places are columns, marked by lines. Else they are points of the first trace, marked by rings.
    band : bool
        Whether the columns are shaded instead, and have no number: their axis names them.
    """
    key = f"{plot}_marks"
    _component(
        key=key,
        data={
            "plot": f"st-key-{plot}",
            "across": across,
            "band": band,
            # The selected one last: it is drawn over the others.
            "marks": sorted(
                (
                    {"place": place, "label": f"{neuron}", "selected": neuron == selected}
                    for place, neuron in (marks or {}).items()
                ),
                key=lambda mark: bool(mark["selected"]),
            ),
        },
        on_clicked_change=listener(key, drawn, n_places, on_click),
    )


def draw_rings(plot: str, rings: Sequence[Ring]) -> None:
    """Draw rings over a plot whose points are in no trace of plotly's (``ui.point_cloud``, which reports clicks)."""
    marks = sorted(map(asdict, rings), key=lambda mark: bool(mark["selected"]))
    data = {"plot": f"st-key-{plot}", "across": False, "placed": True, "marks": marks}
    _component(key=f"{plot}_marks", data=data, on_clicked_change=_nothing)


def listener(
    key: str, drawn: str, n_places: int, on_click: Callable[[int, chosen.Snapshot], None]
) -> Callable[[], None]:
    """The callback of a component that reports clicks as ``clicked``: a ``place``, and what was ``drawn``.

    It calls ``on_click`` with the place and the settings of now, unless another figure was clicked in.
    """
    return partial(_click, key, drawn, n_places, on_click, chosen.snapshot())


def _nothing() -> None:
    """Callback: nobody clicks on a ring."""


def _click(
    key: str,
    drawn: str,
    n_places: int,
    on_click: Callable[[int, chosen.Snapshot], None],
    drawn_with: chosen.Snapshot,
) -> None:
    """Callback. A browser can send any value."""
    sent = (st.session_state.get(key) or {}).get("clicked")
    if not isinstance(sent, Mapping) or sent.get("drawn") != drawn:
        return
    place = sent.get("place")
    if isinstance(place, int) and not isinstance(place, bool) and 0 <= place < n_places:
        on_click(place, drawn_with)
