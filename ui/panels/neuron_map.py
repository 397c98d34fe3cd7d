"""The map of the Layers page: every neuron of every layer in one picture. A click selects a neuron and its layer."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.records import ContrastSpec
from core.records.layers import AllLayers
from core.report import alternatives
from core.report.figures.neuron_map import EVEN_UP_TO, NeuronMap, band_heights
from core.report.glossary import GLOSSARY, statistic_name
from core.report.one_layer import one_layer_read
from core.report.readable import as_chosen, readable_number
from core.report.sentences import class_names
from engine import layer_steps
from ui import charts, chosen, navigation, page, plot_marks, point_cloud, settings
from ui.defaults import MAPS
from ui.panels import layers
from ui.plot_marks import Ring
from ui.progress import show

_LABELS = {"layers": "By layer", "auc": "By AUC"}
_HELP = f"**Map**: {GLOSSARY['map of all neurons']}"
_STEPS = {"layers": layer_steps.map_by_layers, "auc": layer_steps.map_by_auc}


def draw(spec: ContrastSpec, neuron: int | None) -> None:
    """Draw the map and the choice between its views, with marks on the selected and the pinned neurons.

    No neuron is selected, and none marked, where the spec's layer has no tests: other layers can still be looked at.
    Where only one layer was read, there is no map, and a note says so.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="map_head"):
        st.header("Every neuron of the model", width="content")
        view = _draw_choice()
    found, drawn = show(layer_steps.all_layers, spec), show(_STEPS[view], spec)
    if found is None or drawn is None:
        page.show_notes((one_layer_read("the map"),))
        return
    key = f"neuron_map_{view}"
    alt = alternatives.of_neuron_map(found, view)
    charts.draw(drawn.frame, key, drawn.drawn, alt=alt, config={"displaylogo": False, "scrollZoom": False})
    point_cloud.draw(
        drawn.points,
        drawn.drawn,
        lambda place, drawn_with: _choose(found, place, drawn_with),
        n_places=found.n_layers * found.n_neurons,
        key=f"{key}_points",
    )
    plot_marks.draw_rings(key, _rings(spec.layer, found, view, neuron))
    if neuron is not None:
        navigation.draw_link_to_neuron(neuron)
    st.caption(_about(found, drawn, view))


def _draw_choice() -> str:
    """Draw the choice of the view, and return it."""
    view = st.session_state["map"] = settings.current().view.map
    st.segmented_control(
        "Map",
        MAPS,
        key="map",
        required=True,
        format_func=_LABELS.__getitem__,
        on_change=_save_view,
        help=_HELP,
        label_visibility="collapsed",
    )
    return view


def _rings(layer: int, found: AllLayers, view: str, neuron: int | None) -> list[Ring]:
    """Marks on the selected neuron, with its layer, and on the pinned ones, which are of the same layer."""
    if neuron is None:
        return []
    at = found.layers.index(layer)
    tested = found.tests
    right = np.arange(found.n_neurons) if view == "layers" else tested.auc[at]
    up = band_heights(found)[at] if view == "layers" else tested.statistic[at]
    return [
        Ring(
            float(right[each]),
            float(up[each]),
            f"layer {layer}, {each}" if each == neuron else f"{each}",
            selected=each == neuron,
        )
        for each in dict.fromkeys(chosen.marked(neuron))
        if np.isfinite(up[each])
    ]


def _choose(found: AllLayers, place: int, drawn_with: chosen.Snapshot) -> None:
    """Callback: select the neuron at a place."""
    layer, neuron = divmod(place, found.n_neurons)
    chosen.choose_in_layer(found.layers[layer], neuron, drawn_with)


def _about(found: AllLayers, drawn: NeuronMap, view: str) -> str:
    """What a reader of the map should know."""
    target, baseline = map(page.plain, class_names(found.spec))
    letter = statistic_name(found.spec.test)
    where = (
        f"In the band of a layer, a neuron is above the middle line if it is higher for {target}, below it for "
        f"{baseline}. The scale is nearly even up to |{letter}| = {as_chosen(EVEN_UP_TO)} and logarithmic beyond; the "
        f"edge of every band is the model's largest, {readable_number(drawn.largest)}."
        if view == "layers"
        else f"The dotted lines are where a significant neuron begins to be strong; {letter} grows with the number of "
        "words, the AUC does not."
    )
    return (
        f"{found.n_layers * found.n_neurons:,} neurons. Click a point to select it: its layer becomes the "
        f"experiment's. Drag to zoom, double-click to zoom out. {where} {layers.about_correction(found)} Neurons of "
        "different layers with the same number have nothing in common. For the keyboard, *Find neurons* below has a "
        "row for each neuron."
    )


def _save_view() -> None:
    """Callback. A browser can send any value."""
    if st.session_state["map"] in MAPS:
        settings.choose(map=st.session_state["map"])
