"""Words (the notebook's Exercise 3): the two word lists, and the values of the neurons at every word."""

from engine.steps import conclusion
from ui import page, parts, settings
from ui.panels import export, neuron_bar, words
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
neuron = neuron_bar.draw(result)
words.draw_headline(result)
page.show_notes(result.notes)
tabs = words.draw_tabs(parts.of("Words"))
if "lists" in tabs:
    with tabs["lists"]:
        words.draw_lists(result)
if "image" in tabs:
    with tabs["image"]:
        words.draw_image(result, neuron)
if "means" in tabs:
    with tabs["means"]:
        words.draw_means(result, neuron)
export.draw(result)
