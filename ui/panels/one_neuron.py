"""One neuron: its numbers, the distribution of both classes, and the words with extreme values."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.experiment import word_values
from core.records import ContrastResult
from core.report import figures
from ui import chosen, page
from ui.charts import Chart

_EXTREME_WORDS = 6


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw the panel of one neuron."""
    st.subheader(f"Neuron {neuron}")
    st.number_input(
        "Neuron",
        0,
        result.n_neurons - 1,
        neuron,  # the value if the user empties the box
        key="neuron",
        on_change=_choose,
        args=(chosen.snapshot(),),
        help="Or click a point in the plot, or a row of the table.",
    )
    tests = result.tests
    if np.isnan(tests.statistic[neuron]):
        page.show_notes(("This neuron does not vary over these words, so it cannot be tested.",))
    p = result.p_adjusted[neuron]
    adjusted = "< **1e-300**" if p < 1e-300 else f"= **{p:.2g}**"  # smaller ones round to 0
    verdict = "significant" if result.significant[neuron] else "not significant"
    st.markdown(
        f"t = **{page.signed(tests.statistic[neuron])}**, adjusted p {adjusted} ({verdict}), "
        f"Cohen's d = **{page.signed(tests.cohens_d[neuron])}**, AUC = **{tests.auc[neuron]:.3f}**"
    )
    st.plotly_chart(Chart(figures.neuron_spread(result, neuron)), key="neuron_spread", config={"displaylogo": False})
    low, high = st.columns(2)
    words, values = _all_words(result, neuron)
    order = np.argsort(values, kind="stable")
    for column, title, indices in ((high, "Highest", order[::-1]), (low, "Lowest", order)):
        column.markdown(f"**{title} words**")
        column.dataframe(
            {
                "word": [words[i][0] for i in indices[:_EXTREME_WORDS]],
                "class": [words[i][1] for i in indices[:_EXTREME_WORDS]],
                "value": values[indices[:_EXTREME_WORDS]],
            },
            hide_index=True,
            column_config={"value": st.column_config.NumberColumn(format="%.3g")},
        )


def _all_words(result: ContrastResult, neuron: int) -> tuple[list[tuple[str, str]], np.ndarray]:
    spec, words = result.spec, result.words
    labelled = [(word, spec.target) for word in words.target] + [(word, spec.baseline) for word in words.baseline]
    return labelled, word_values(result, neuron)


def _choose(drawn_with: chosen.Snapshot) -> None:
    if st.session_state["neuron"] is not None:
        chosen.choose(st.session_state["neuron"], drawn_with, "neuron")
