"""The coloured text: a block for each neuron and one for both, how they are shown, and the clicked token."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult, TokenActivations
from core.report.sentences import after_start
from ui import page, settings
from ui.defaults import DISPLAY
from ui.panels import text_token
from ui.panels.text_blocks import blocks_of, sentences_of
from ui.token_heatmap import token_heatmap


def draw(result: ContrastResult, activations: TokenActivations, neurons: list[int]) -> None:
    """Draw the coloured blocks, and the clicked token."""
    shown = blocks_of(result, activations, neurons)
    view = settings.current().view
    if shown.no_both:
        st.caption(page.plain(shown.no_both))
    clicked = token_heatmap(
        activations.pieces,
        activations.parts,
        shown.blocks,
        window_starts=activations.window_starts,
        word_starts=shown.word_starts,
        sentences=sentences_of(result, len(activations.pieces), shown.n_words),
        display={name: getattr(view, name) for name in DISPLAY},
        on_display=_save_display,
        key="text_heatmap",
    )
    if result.spec.prefix:
        st.caption(page.plain(f"The text was read{after_start(result.model, True)}."))
    if clicked is None:
        st.caption("Point at a token to see its value; click it to keep it.")
    else:
        text_token.draw(result, activations, neurons, clicked)


def _save_display(choices: dict[str, str]) -> None:
    """Callback: keep how the text is shown, in this session and in its link."""
    settings.choose(**choices)
