"""Mean activation on the Words page: every neuron by its mean over each class."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult
from core.report import alternatives, figures, sentences
from core.report.glossary import GLOSSARY
from ui import charts, chosen, navigation, page, plot_marks


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw every neuron by its mean over each class. A click selects a neuron."""
    st.header("Every neuron's mean over each class")
    means, alt = figures.mean_activations(result), alternatives.of_means(result)
    charts.draw(means, "mean_activations", result.spec.digest, alt=alt, config={"displaylogo": False})
    plot_marks.draw(
        "mean_activations",
        result.spec.digest,
        chosen.choose,
        n_places=result.n_neurons,
        marks={each: each for each in chosen.marked(neuron)},
        selected=neuron,
    )
    navigation.draw_link_to_neuron(neuron)
    target, baseline = map(page.plain, sentences.class_names(result.spec))
    over = "lemmas" if result.spec.unit == "lemma" else "words"
    st.caption(
        f"Click a point for its neuron. On the dashed line both means over {over} are equal; above it that of "
        f"{target} is higher, below it that of {baseline}. Both axes have the same scale. How far a neuron is from the "
        "line says nothing of how much its values vary: the test does.",
        help=f"**Mean activation**: {GLOSSARY['mean activation']}",
    )
