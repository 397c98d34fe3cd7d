"""The profile of layers: significant neurons of every layer."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult
from core.report import figures, sentences
from engine import steps
from ui import charts, page
from ui.progress import show


def draw(result: ContrastResult) -> None:
    """Draw the profile, or a note if only one layer was read."""
    st.subheader("Every layer")
    counts = show(steps.profile, result.spec)
    if counts is None:
        page.show_notes(("With so many words only the chosen layer is read; fewer words show all layers.",))
        return
    spec = result.spec
    profile = figures.layer_profile(*counts, spec.layer, *sentences.class_names(spec))
    charts.draw(profile, "layer_profile", config={"displayModeBar": False})
    st.caption(
        "Significant neurons, whatever their effect size: higher for the target upward, for the baseline downward. "
        + sentences.about_layers(result)
    )
