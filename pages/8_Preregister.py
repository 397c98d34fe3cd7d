"""Preregister: a hypothesis is locked before the data that test it are opened."""

from engine.steps import conclusion
from ui import learner, page, remedies, settings
from ui.panels import neuron_bar, preregister, preregister_kept, session_print
from ui.progress import show

page.require_shell()
learner.begin()
preregister.draw_introduction()
with remedies.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
    neuron = neuron_bar.draw(result)
    page.show_notes(result.notes)
    preregister.draw_form(result, neuron)
    preregister_kept.draw(result, neuron)
    session_print.draw(result, neuron)
