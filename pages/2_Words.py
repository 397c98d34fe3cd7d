"""Words (the notebook's Exercise 3): the two word lists, and the values of the neurons at every word."""

import streamlit as st

from engine.steps import conclusion
from ui import page, settings
from ui.panels import neuron_bar, words
from ui.progress import show

page.require_shell()
with page.showing_user_errors():
    result = show(conclusion, settings.current().view.spec)
neuron = neuron_bar.draw(result)
words.draw_headline(result)
page.show_notes(result.notes)
lists, image, means = st.tabs(["The two lists", "Words by neurons", "Mean activation"])
with lists:
    words.draw_lists(result)
with image:
    words.draw_image(result, neuron)
with means:
    words.draw_means(result, neuron)
