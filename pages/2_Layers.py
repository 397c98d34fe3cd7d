"""Layers: every neuron of every layer, and where in the model the two classes differ."""

import streamlit as st

from core.errors import UserError
from core.records import ContrastResult, ContrastSpec
from engine.steps import conclusion
from ui import page, parts, remedies, settings
from ui.panels import cautions, emergence, every_layer, export, finder, headline, layers_table, neuron_bar, neuron_map
from ui.progress import show


def _draw_layer(spec: ContrastSpec) -> ContrastResult | None:
    """Draw what is found in the experiment's layer; None if it has no tests: the other parts are of all layers."""
    try:
        result = show(conclusion, spec)
    except UserError as error:
        if error.about != "untested":
            raise
        page.show_mistake(error)  # of this layer alone: a click in a chart goes to another one
        return None
    if not parts.embedded():
        headline.draw_sentence(result)  # in a frame, the shell has drawn it and the cautions
        cautions.draw(result)
    return result


page.require_shell()
with remedies.showing_user_errors():
    view, shown = settings.current().view, parts.of("Layers")
    result = _draw_layer(view.spec)
    neuron = None if result is None else neuron_bar.draw(result)
    if result is not None:
        page.show_notes(result.notes)
    charts = st.container() if "profile" in shown else None
    # Max-T permutes the other side too, which the charts need. The map and the table do not: so they come first.
    late = view.spec.corrected_by.permutes
    if charts and not late:
        with charts:
            every_layer.draw(view.spec)
    if "map" in shown:
        neuron_map.draw(view.spec, neuron)
    found = finder.draw(settings.current().view, neuron) if "finder" in shown else ()
    over = emergence.draw(view.spec, neuron) if "emergence" in shown else ()
    if result is not None:
        export.draw(result, figures=emergence.FIGURES, more=(*layers_table.files_of(result), *found, *over))
    if charts and late:
        with charts:
            every_layer.draw(view.spec)
