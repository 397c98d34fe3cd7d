"""Which neurons the Text page colours."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.report.readable import readable_auc
from ui import chosen, page, settings
from ui.defaults import MAX_NEURONS


def draw(result: ContrastResult) -> list[int]:
    """Draw the box of neurons, and return them. Default: the two extremes of the layer."""
    view = settings.current().view
    extremes = (result.largest, result.smallest)
    neurons = tuple(neuron for neuron in view.neurons if neuron < result.n_neurons)
    if len(neurons) < len(view.neurons):
        page.show_warning(f"A layer has neurons 0 to {result.n_neurons - 1:,}; others were set aside.")
    chosen.write("neurons", list(neurons or extremes))
    labels = [f"{neuron} (AUC {readable_auc(auc)})" for neuron, auc in enumerate(result.tests.auc.tolist())]
    st.multiselect(
        "Neurons",
        np.argsort(-np.abs(np.nan_to_num(result.tests.statistic)), kind="stable").tolist(),
        key="neurons",
        format_func=labels.__getitem__,
        max_selections=MAX_NEURONS,
        on_change=_save,
        args=(extremes, chosen.snapshot()),
        help=f"Up to {MAX_NEURONS}. By default the largest and the smallest statistic of the layer.",
    )
    return list(st.session_state["neurons"])


def _save(extremes: tuple[int, int], drawn_with: chosen.Snapshot) -> None:
    """Callback: save the neurons, unless they belong to settings that have changed since."""
    if not chosen.is_stale(drawn_with, "neurons"):
        # A browser can send an option that is not in the list; it arrives as text.
        neurons = tuple(neuron for neuron in st.session_state["neurons"] if isinstance(neuron, int))[:MAX_NEURONS]
        settings.choose(neurons=() if neurons == extremes else neurons)
