"""Layers: every neuron of every layer, and where in the model the two classes differ."""

from engine.steps import conclusion
from ui import page, parts, settings
from ui.panels import cautions, emergence, export, headline, layers, neuron_bar
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
    if not parts.embedded():
        headline.draw_sentence(result)  # in a frame, the shell has drawn it and the cautions
        cautions.draw(result)
    neuron_bar.draw(result)
    page.show_notes(result.notes)
    if "profile" in parts.of("Layers"):
        layers.draw(result)
    if "emergence" in parts.of("Layers"):
        emergence.draw(result)
    export.draw(result)
