"""The headline of the Neurons page: how many neurons are significant in each direction, and the two extremes."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult
from core.stats.correction import LABELS
from ui import chosen, page


def draw(result: ContrastResult) -> None:
    """Draw one sentence and four numbers."""
    spec = result.spec
    n_significant = result.n_higher + result.n_lower
    verb = "tells" if n_significant == 1 else "tell"
    st.markdown(
        f"**{n_significant:,}** of {result.n_neurons:,} neurons in layer **{spec.layer}** {verb} "
        f"{len(result.words.target):,} {spec.target} from {len(result.words.baseline):,} {spec.baseline} "
        f"({LABELS[spec.correction]} over {result.family_size:,} tests, α = {spec.alpha:g})."
    )
    columns = st.container(key="headline").columns(4)
    columns[0].metric(f"Higher for {spec.target}", f"{result.n_higher:,}")
    columns[1].metric(f"Higher for {spec.baseline}", f"{result.n_lower:,}")
    for column, label, neuron in (
        (columns[2], "Largest t", result.largest),
        (columns[3], "Smallest t", result.smallest),
    ):
        column.metric(
            label,
            page.signed(result.tests.statistic[neuron]),
            help=f"Neuron {neuron} of layer {spec.layer}",
        )
        column.button(
            f"Show neuron {neuron}",
            key=f"show_{label.split()[0].lower()}",
            on_click=chosen.choose,
            args=(neuron, chosen.snapshot()),
        )
