"""The page that ``benchmarks.neuron_map`` opens: the Layers page's map of a made-up model, with nothing beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.records import ContrastSpec, ModelInfo, NeuronTests, OtherSide
from core.records.layers import AllLayers
from core.report.figures.neuron_map import VIEWS, NeuronMap, neuron_map
from ui import charts, chosen, page, point_cloud

N_LAYERS, N_NEURONS = 25, 4_000


def made_layers() -> AllLayers:
    """A model of 100,000 neurons with numbers at random: most near zero, some far away."""
    rng = np.random.default_rng(0)
    shape = N_LAYERS, N_NEURONS
    statistic = 2 * rng.standard_t(2.5, size=shape)
    auc = 1 / (1 + np.exp(-statistic / 8))
    p = -np.abs(statistic)
    spec = ContrastSpec.careful()
    tests = NeuronTests(statistic, 10**p, np.full(shape, 99.0), statistic / 3, statistic / 9, auc)
    other = OtherSide("activation", statistic / 5, rng.uniform(size=shape), rng.uniform(size=shape), auc)
    model = ModelInfo("made", "r1", "gpt2", N_LAYERS, N_NEURONS, 64, 9, "cpu", "float32")
    numbers: dict[str, Any] = {
        "p_adjusted": 10**p,
        "significant": p < -5,
        "log10_p_adjusted": p,
        "hedges_g": statistic / 9,
    }
    numbers |= {"n_target": 9, "n_baseline": 9}
    return AllLayers(spec, model, tuple(range(N_LAYERS)), tests, other_side=other, **numbers)


@st.cache_resource
def made_maps() -> dict[str, NeuronMap]:
    """Its map in each view, made once, as a step of the app would be."""
    found = made_layers()
    return {view: neuron_map(found, view) for view in VIEWS}


def note_click(place: int, drawn_with: chosen.Snapshot) -> None:
    """Callback: keep the place of the point that was clicked."""
    st.session_state["clicked"] = place


def main() -> None:
    """Draw the page."""
    page.set_up("Map")
    view = st.segmented_control("Map", VIEWS, default=VIEWS[0], required=True)
    if not st.toggle("Draw"):
        return
    drawn, key = made_maps()[view], f"neuron_map_{view}"
    charts.draw(drawn.frame, key, drawn.drawn, alt="The map of a made-up model.", config={"displaylogo": False})
    n_places = N_LAYERS * N_NEURONS
    point_cloud.draw(drawn.points, drawn.drawn, note_click, n_places=n_places, key=f"{key}_points")
    st.markdown(f"Clicked: {st.session_state.get('clicked')}")


if __name__ == "__main__":
    main()
