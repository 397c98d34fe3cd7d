"""On a narrow page, the sidebar lies over the result: it closes with a link to a page, and with a button below it.

Not with each setting: several are often changed in a row. ``ui/style.css`` shows the button on narrow pages only.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

KEY = "show_result"
LABEL = "Show the result"
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "narrow_sidebar",
    html=f'<button type="button">{LABEL}</button>',
    css=(_HERE / "narrow_sidebar.css").read_text(encoding="utf-8"),
    js=(_HERE / "narrow_sidebar.js").read_text(encoding="utf-8"),
)


def draw() -> None:
    """Draw the button. The last element of the sidebar."""
    with st.container(key=KEY):
        _component(key="narrow_sidebar")
