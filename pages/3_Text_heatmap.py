"""Text heatmap: any text, coloured token by token by the chosen neurons."""

import streamlit as st

from ui import cached, page, sidebar, text_panel
from ui import settings as state

page.set_up("Text heatmap")
st.title("Text heatmap")
spec = sidebar.draw()
content = text_panel.draw_input()
with page.one_sentence():
    result = cached.contrast(spec)
neurons, scale = text_panel.draw_choices(result)
state.keep(state.begin())
with page.one_sentence():
    activations = cached.text(spec, content)
page.show_notes(activations.notes)
text_panel.draw_heatmap(result, activations, neurons, scale)
