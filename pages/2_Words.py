"""Words (the notebook's Exercise 3): what the model makes of every word, and which words these are."""

import streamlit as st

from ui import cached, page, sidebar, words_panel

page.set_up("Words")
st.title("Words")
spec = sidebar.draw()
with page.one_sentence():
    result = cached.contrast(spec)
words_panel.draw_headline(result)
page.show_notes(result.notes)
image, means, lists = st.tabs(["Words by neurons", "Mean activation", "The two lists"])
with image:
    words_panel.draw_image(result)
with means:
    words_panel.draw_means(result)
with lists:
    words_panel.draw_lists(result)
