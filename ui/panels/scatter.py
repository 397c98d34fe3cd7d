"""The plot of the Neurons page: every neuron of the layer, by its index or as a volcano. A click chooses one."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from core.comparison import chance_seed
from core.records import ContrastResult
from core.report import alternatives, figures
from core.report.figures import Picture
from core.report.glossary import GLOSSARY
from core.report.sentences import class_names
from engine import steps
from ui import charts, chosen, page, plot_marks, settings
from ui.defaults import PLOTS
from ui.progress import show

_LABELS = {"index": "By neuron", "volcano": "Volcano"}
_HELP = f"**By neuron**: the statistic of each neuron. **Volcano**: {GLOSSARY['volcano']}"
# The key of each plot. Each has one of its own: a browser keeps the zoom of a plot by its key.
_KEYS = {"index": "neurons_plot", "volcano": "neurons_volcano"}
# When this session drew the plot first. For a while after that, the browser may not have the plotting library.
_BEGAN = "_neurons_plot_began"
_PREVIEW_SECONDS = 30.0


def draw_waiting() -> None:
    """Draw an empty chart in place of the scatter: the browser loads the plotting library while the model loads."""
    alt = "Empty axes: the neurons come in a moment."
    charts.draw(figures.waiting(), "waiting_plot", alt=alt, config={"displayModeBar": False})


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw the plot and the choice between its views, with marks on the selected and the pinned neurons.

    A click selects a neuron.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="plot_head"):
        st.header("Every neuron of the layer", width="content")
        plot = _draw_choice()
    if plot == "volcano":
        picture = show(steps.volcano, result.spec)
        alt = alternatives.of_volcano(result, show(steps.shuffled, result.spec))
    else:
        picture, alt = show(steps.scatter, result.spec), alternatives.of_scatter(result)
        _draw_preview(result, picture)
    look = {"displaylogo": False, "scrollZoom": False}
    charts.draw(picture, _KEYS[plot], result.spec.digest, alt=alt, config=look)
    plot_marks.draw(
        _KEYS[plot],
        result.spec.digest,
        chosen.choose,
        n_places=result.n_neurons,
        marks={each: each for each in chosen.marked(neuron)},
        selected=neuron,
    )
    st.caption(
        "Click a point to see its words. Drag to zoom, double-click to zoom out. Every point is also a row of the "
        "table below, for the keyboard: arrows, then Enter. " + _about(result, plot)
    )


def _draw_choice() -> str:
    """Draw the choice of the plot, and return it."""
    plot = st.session_state["plot"] = settings.current().view.plot
    st.segmented_control(
        "Plot",
        PLOTS,
        key="plot",
        required=True,
        format_func=_LABELS.__getitem__,
        on_change=_save_plot,
        help=_HELP,
        label_visibility="collapsed",
    )
    return plot


def _draw_preview(result: ContrastResult, picture: Picture) -> None:
    began = st.session_state.setdefault(_BEGAN, time.monotonic())
    if time.monotonic() - began < _PREVIEW_SECONDS and result.null_95 is None:  # else the legend has more rows
        charts.draw_preview(figures.scatter_preview(picture), picture["layout"]["margin"], _KEYS["index"])


def _about(result: ContrastResult, plot: str) -> str:
    """What a reader of the plot should know besides."""
    from core.report.selection import marked_by_p  # the start needs none of it

    return " ".join(filter(None, [_about_points(result, plot), marked_by_p(result.spec)]))


def _about_points(result: ContrastResult, plot: str) -> str:
    if plot == "index":
        return _about_colours(result)
    if show(steps.shuffled, result.spec) is None:
        return "With so few words of so few lemmas, no shuffle of the labels can be drawn."
    target, baseline = map(page.plain, class_names(result.spec))
    other = ", another shuffle than that of the points above" if result.spec.shuffle_labels else ""
    return (
        f"Grey points below zero are what chance looks like: the same neurons and words, with the labels {target} and "
        f"{baseline} shuffled once (seed {chance_seed(result.spec)}{other}), tested in the same way, "
        "and drawn downward."
    )


def _about_colours(result: ContrastResult) -> str:
    """A sentence about neurons on the wrong side of the dashed line: their colour is right.

    Without max-T, a test with one df for all neurons has one threshold, which is the line.
    """
    if not np.isfinite(result.critical_statistic):
        return ""  # no line is drawn
    beyond = np.abs(result.tests.statistic) >= result.critical_statistic
    if result.null_95 is not None:
        strays, why = result.significant & ~beyond, "Max-T goes down step by step"
        where = "between the dashed lines, but significant too"
    elif not result.spec.tested_by.one_df:
        strays, why = result.significant != beyond, "In this test each neuron has its own df"
        where = "on the other side of the dashed line"
    else:
        return ""
    n = int(strays.sum())
    counted = "1 neuron is" if n == 1 else f"{n:,} neurons are"
    return f"Triangles are significant. {why}, so {counted} {where}." if n else ""


def _save_plot() -> None:
    """Callback. A browser can send any value."""
    if st.session_state["plot"] in PLOTS:
        settings.choose(plot=st.session_state["plot"])
