"""Neurons: which ones differ between the two classes, how much, and the values of one neuron at every word."""

import streamlit as st

from engine.steps import conclusion
from ui import page, settings
from ui.panels import cautions, export_experiment, headline, layers, neuron_bar, one_neuron, scatter, table
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    result = show(conclusion, settings.current().view.spec, meanwhile=scatter.draw_waiting)
    neuron = neuron_bar.draw(result)
    headline.draw(result)
    cautions.draw(result)
    page.show_notes(result.notes)
    with st.container(key="plot_and_panel"):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            scatter.draw(result, neuron)
        with right:
            one_neuron.draw(result, neuron)
        with left:  # after the panel, because it may have to wait
            layers.draw(result)
    table.draw(result, neuron)
    export_experiment.draw(result)
