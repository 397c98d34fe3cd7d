"""The profile of layers: significant neurons of every layer. A click goes to a layer."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.records.layers import AllLayers
from core.report import alternatives, figures, layer_sentences, sentences
from core.report.one_layer import one_layer_read
from engine import steps
from ui import charts, chosen, page, plot_marks, settings
from ui.progress import show


def draw(result: ContrastResult) -> None:
    """Draw the profile, or a note if only one layer was read."""
    st.header("Every layer")
    counts = show(steps.profile, result.spec)
    if counts is None:
        page.show_notes((one_layer_read("all layers"),))
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


def about_correction(found: AllLayers) -> str:
    """What the correction says of all layers together, as far as the p-values can be believed."""
    from core.stats.cautions import cautions

    tested = np.isfinite(found.tests.statistic).sum(axis=1)  # (n_layers,)
    family = int(tested.sum() if found.spec.family == "model" else tested.max())
    cautious = bool(cautions(found.spec, found.n_target, found.n_baseline, family))
    return layer_sentences.about_layers(found.spec, found.n_layers, found.n_neurons, cautious=cautious)


def go_to(layer: int, drawn_with: chosen.Snapshot) -> None:
    """Callback: show another layer, unless a setting has changed since."""
    if not chosen.is_stale(drawn_with):
        settings.set_values({"layer": layer})
