"""Two texts to compare: two boxes, and minimal pairs to start from."""

from __future__ import annotations

import streamlit as st

from ui.samples import PAIRS

# The server keeps a whole text of boxes whose names end so (server/sessions/messages.py).
KEYS = ("first-text", "second-text")
_LABELS = ("First text", "Second text")


def draw_boxes() -> tuple[str, str]:
    """Draw the two boxes, and return their texts. The session keeps them across pages."""
    columns = st.columns(2, gap="small")
    texts = [
        column.text_area(
            label,
            st.session_state.get(key, text),  # its default too: ui/sidebar.py says why
            key=key,
            height=110,
            placeholder="Paste any text here",
            persist_state="session",
        )
        or ""
        for column, label, key, text in zip(columns, _LABELS, KEYS, first_pair(), strict=True)
    ]
    st.button("Compare the texts", type="primary", help="Or press Ctrl+Enter in a text box.")
    return texts[0], texts[1]


def draw_samples() -> None:
    """Draw the choice of a pair to start from."""
    st.selectbox(
        "Start from a pair",
        PAIRS,
        index=None,
        key="sample_pair",
        placeholder="Choose a pair",
        on_change=_use_pair,
        help="In a *minimal pair*, two texts differ in as little as possible, so whatever changes has one reason.",
    )


def first_pair() -> tuple[str, str]:
    """The pair that the page opens with."""
    return next(iter(PAIRS.values()))


def _use_pair() -> None:
    """Callback: put a pair into the boxes. A browser can send any name, so it must be in the list."""
    if st.session_state["sample_pair"] in PAIRS:
        st.session_state.update(zip(KEYS, PAIRS[st.session_state["sample_pair"]], strict=True))
