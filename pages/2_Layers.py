"""Layers: every neuron of every layer, and where in the model the two classes differ."""

import streamlit as st

from core.errors import UserError
from engine.steps import conclusion
from ui import page, parts, settings
from ui.panels import cautions, emergence, every_layer, export, finder, headline, layers_table, neuron_bar, neuron_map
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    spec = settings.current().view.spec
    try:
        result = show(conclusion, spec)
    except UserError as error:
        if error.about != "untested":
            raise
        page.show_mistake(error)  # of this layer alone: a click in a chart goes to another one
        every_layer.draw(spec)
        st.stop()
    if not parts.embedded():
        headline.draw_sentence(result)  # in a frame, the shell has drawn it and the cautions
        cautions.draw(result)
    neuron = neuron_bar.draw(result)
    page.show_notes(result.notes)
    shown = parts.of("Layers")
    if "profile" in shown:
        every_layer.draw(spec)
    if "map" in shown:
        neuron_map.draw(result, neuron)
    found = finder.draw(result, settings.current().view) if "finder" in shown else ()
    over = emergence.draw(result) if "emergence" in shown else ()
    export.draw(result, figures=emergence.FIGURES, more=(*layers_table.files_of(result), *found, *over))
