"""Words (the notebook's Exercise 3): the values of all neurons at every word, and the two word lists."""

import streamlit as st

from engine.steps import conclusion
from ui import page, settings
from ui.panels import export, neuron_bar, words
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
neuron = neuron_bar.draw(result)
words.draw_headline(result)
page.show_notes(result.notes)
image, means, lists = st.tabs(["Words by neurons", "Mean activation", "The two lists"])
with image:
    words.draw_image(result, neuron)
with means:
    words.draw_means(result, neuron)
with lists:
    words.draw_lists(result)
export.draw(result)
