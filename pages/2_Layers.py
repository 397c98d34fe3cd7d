"""Layers: every neuron of every layer, and where in the model the two classes differ."""

from engine.steps import conclusion
from ui import page, parts, settings
from ui.panels import cautions, emergence, every_layer, export, finder, headline, neuron_bar, neuron_map
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
    if not parts.embedded():
        headline.draw_sentence(result)  # in a frame, the shell has drawn it and the cautions
        cautions.draw(result)
    neuron = neuron_bar.draw(result)
    page.show_notes(result.notes)
    shown = parts.of("Layers")
    if "profile" in shown:
        every_layer.draw(result)
    if "map" in shown:
        neuron_map.draw(result, neuron)
    found = finder.draw(result, settings.current().view) if "finder" in shown else ()
    if "emergence" in shown:
        emergence.draw(result)
    export.draw(result, tables=found, every_layer=True)
