"""Text heatmap: any text, with each token coloured by the value of the chosen neurons."""

import streamlit as st

from engine import steps
from ui import page, parts, remedies, settings
from ui.panels import export, text_heatmap, text_input, text_neurons, text_pair, text_score
from ui.progress import show

page.require_shell()
spec = settings.current().view.spec
texts, passage = text_input.draw()
with remedies.showing_user_errors():
    result = show(steps.conclusion, spec)
    neurons = text_neurons.draw(result)
    if len(texts) == 2:
        text_pair.draw(result, texts, neurons)
        export.draw(result, texts, neurons)
        st.stop()
    activations = show(steps.text, spec, text=texts[0])
page.show_notes((*result.notes, *activations.notes))
shown = parts.of("Text heatmap")
if "heatmap" in shown:
    text_heatmap.draw(result, activations, neurons)
if "score" in shown:
    text_score.draw(result, activations, neurons, passage)
export.draw(result, texts, neurons)
