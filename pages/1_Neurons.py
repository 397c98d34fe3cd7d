"""Neurons: which ones differ between the two classes, how much, and the values of one neuron at every word."""

import streamlit as st

from engine.steps import conclusion
from ui import page, parts, remedies, settings
from ui.panels import cautions, export, headline, layers, neuron_bar, one_neuron, scatter, table
from ui.progress import show

page.require_shell()
with remedies.showing_user_errors():
    result = show(conclusion, settings.current().view.spec, meanwhile=scatter.draw_waiting)
    if parts.embedded():  # the shell has drawn the sentence and the cautions, and there is no bar
        neuron = neuron_bar.draw(result)
        headline.draw_numbers(result)
    else:
        said, bar = st.container(key="said_and_bar").columns([3, 2], gap="medium")
        with said:
            headline.draw_sentence(result)
        with bar:
            neuron = neuron_bar.draw(result)
        headline.draw_numbers(result)
        cautions.draw(result)
    page.show_notes(result.notes)
    shown = parts.of("Neurons")
    with st.container(key="plot_and_panel"):
        beside = "neuron" in shown and shown & {"scatter", "layers"}
        left, right = st.columns([3, 2], gap="medium") if beside else [st.container()] * 2
        with left:
            if "scatter" in shown:
                scatter.draw(result, neuron)
        with right:
            if "neuron" in shown:
                one_neuron.draw(result, neuron)
        with left:  # after the panel, because it may have to wait
            if "layers" in shown:
                layers.draw(result)
    if "table" in shown:
        table.draw(result, neuron)
    export.draw(result)
