"""Neurons: which ones tell the two classes apart, and what one of them does with every word."""

import streamlit as st

from ui import cached, neuron_panel, page, sidebar
from ui import settings as state

page.set_up("Neurons")
st.title("Neurons")
spec = sidebar.draw()
with page.one_sentence():
    result = cached.contrast(spec, meanwhile=neuron_panel.draw_waiting)
neuron = neuron_panel.chosen_neuron(result)
neuron_panel.draw_headline(result)
page.show_notes(result.notes)
with st.container(key="plot_and_panel"):
    left, right = st.columns([3, 2], gap="medium")
    with left:
        neuron_panel.draw_scatter(result)
    with right:
        neuron_panel.draw_neuron(result, neuron)
with st.container(key="table_and_layers"):
    left, right = st.columns([3, 2], gap="medium")
    with left:
        neuron_panel.draw_table(result)
    with right:
        neuron_panel.draw_profile(result, cached.layer_profile(spec))
state.keep(state.begin())
