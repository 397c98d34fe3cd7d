"""The plot of the Neurons page: every neuron of the layer. A click chooses one."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.report import figures
from engine import steps
from ui import charts, chosen, settings
from ui.progress import show

# The spec and the marked neuron (or None) with which the plot was last drawn.
_DRAWN = "_neurons_plot_drawn"
# When this session drew the plot first. For a while after that, the browser may not have the plotting library.
_BEGAN = "_neurons_plot_began"
_PREVIEW_SECONDS = 30.0


def draw_waiting() -> None:
    """Draw an empty chart in place of the scatter: the browser loads the plotting library while the model loads."""
    charts.draw(figures.waiting(), "waiting_plot", config={"displayModeBar": False})


def draw(result: ContrastResult) -> None:
    """Draw the scatter. A click chooses a neuron."""
    st.subheader("Every neuron of the layer")
    picture = show(steps.scatter, result.spec, marked=_mark(result))
    began = st.session_state.setdefault(_BEGAN, time.monotonic())
    if time.monotonic() - began < _PREVIEW_SECONDS and result.null_95 is None:  # else the legend has more rows
        charts.draw_preview(figures.scatter_preview(picture), picture["layout"]["margin"], "neurons_plot")
    charts.draw(
        picture,
        "neurons_plot",
        on_select=partial(_choose, chosen.snapshot()),
        selection_mode="points",
        config={"displaylogo": False, "scrollZoom": False},
    )
    st.caption(f"Click a point to see its words. Drag to zoom, double-click to zoom out. {_about_colours(result)}")


def _about_colours(result: ContrastResult) -> str:
    """A sentence about neurons on the wrong side of the dashed line: their colour is right.

    Without max-T, the paired and the Mann-Whitney test have one threshold for all neurons, which is the line.
    """
    if not np.isfinite(result.critical_statistic):
        return ""  # no line is drawn
    beyond = np.abs(result.tests.statistic) >= result.critical_statistic
    if result.null_95 is not None:
        strays, why = result.significant & ~beyond, "Max-T goes down step by step"
        where = "between the dashed lines, but significant too"
    elif result.spec.test == "welch":
        strays, why = result.significant != beyond, "In Welch's test each neuron has its own df"
        where = "on the other side of the dashed line"
    else:
        return ""
    n = int(strays.sum())
    counted = "1 neuron is" if n == 1 else f"{n:,} neurons are"
    return f"Triangles are significant. {why}, so {counted} {where}." if n else ""


def _mark(result: ContrastResult) -> int | None:
    """The neuron to mark in the figure: the chosen one, unless the plot in the browser marks it already.

    The plot marks a point that was clicked in it. To mark it in the figure too would rebuild the plot, and lose the
    zoom. The plot does not know a choice from elsewhere (table, box, link), or from before it was rebuilt.
    """
    neuron = settings.current().view.neuron
    clicked = st.session_state.get(_DRAWN) == (result.spec, None) and neuron in _selected_points()
    mark = None if clicked else neuron
    st.session_state[_DRAWN] = (result.spec, mark)
    return mark


def _selected_points() -> list[int]:
    plot = st.session_state.get("neurons_plot")
    return [point["point_index"] for point in plot.selection.points] if plot else []


def _choose(drawn_with: chosen.Snapshot) -> None:
    """Callback. The selection may contain two points: the mark from the figure, and the point that was clicked."""
    points = _selected_points()
    _, mark = st.session_state.get(_DRAWN, (None, None))
    clicked = [neuron for neuron in points if neuron != mark] or points
    chosen.choose(clicked[0] if clicked else None, drawn_with)
