"""Words (the notebook's Exercise 3): the two word lists, and the values of the neurons at every word."""

from engine.steps import conclusion
from ui import page, parts, remedies, settings
from ui.panels import export, neuron_bar, words, words_image, words_lists, words_means
from ui.progress import show

page.require_shell()
with remedies.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
neuron = neuron_bar.draw(result)
words.draw_headline(result)
page.show_notes(result.notes)
tabs = words.draw_tabs(parts.of("Words"))
if "lists" in tabs:
    with tabs["lists"]:
        words_lists.draw(result)
if "image" in tabs:
    with tabs["image"]:
        words_image.draw(result, neuron)
if "means" in tabs:
    with tabs["means"]:
        words_means.draw(result, neuron)
export.draw(result)
