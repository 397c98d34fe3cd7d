"""Layers: every neuron of every layer, and where in the model the two classes differ."""

from core.errors import UserError
from engine.steps import conclusion, reads_all_layers
from ui import page, parts, settings
from ui.panels import cautions, every_layer, export, headline, neuron_bar
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
    else:
        if not parts.embedded():
            headline.draw_sentence(result)  # in a frame, the shell has drawn it and the cautions
            cautions.draw(result)
        neuron_bar.draw(result)
        page.show_notes(result.notes)
        if "profile" in parts.of("Layers"):
            every_layer.draw(spec)
        export.draw(result, every_layer=reads_all_layers(spec))
