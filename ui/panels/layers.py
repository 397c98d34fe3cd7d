"""The profile of layers: significant neurons of every layer. A click goes to a layer."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult
from core.report import alternatives, figures, layer_sentences, sentences
from engine import steps
from ui import charts, chosen, page, plot_marks, settings
from ui.progress import show

ONE_LAYER_READ = "With so many words only the chosen layer is read; fewer words show all layers."


def draw(result: ContrastResult) -> None:
    """Draw the profile, or a note if only one layer was read."""
    st.header("Every layer")
    counts = show(steps.profile, result.spec)
    if counts is None:
        page.show_notes((ONE_LAYER_READ,))
        return
    spec = result.spec
    profile = figures.layer_profile(*counts, spec.layer, *sentences.class_names(spec))
    alt = alternatives.of_layers(result, *counts)
    charts.draw(profile, "layer_profile", spec.digest, alt=alt, config={"displayModeBar": False})
    plot_marks.draw("layer_profile", spec.digest, go_to, n_places=len(counts[0]), across=True)
    st.caption(
        "Click a layer to go there. Significant neurons, whatever their effect size: higher for the target upward, for "
        "the baseline downward. " + layer_sentences.of_result(result)
    )


def go_to(layer: int, drawn_with: chosen.Snapshot) -> None:
    """Callback: show another layer, unless a setting has changed since."""
    if not chosen.is_stale(drawn_with):
        settings.set_values({"layer": layer})
