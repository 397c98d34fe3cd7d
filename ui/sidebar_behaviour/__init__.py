"""What Streamlit's sidebar does not do by itself: it says which page is open, and on a narrow page it closes.

There, it lies over the result. It closes with a link to a page, and with a button below the settings, but not with each
setting: several are often changed in a row. ``ui/style.css`` shows the button on narrow pages only.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

KEY = "show_result"
LABEL = "Show the result"
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "sidebar_behaviour",
    html=f'<button type="button">{LABEL}</button>',
    css=(_HERE / "behaviour.css").read_text(encoding="utf-8"),
    js=(_HERE / "behaviour.js").read_text(encoding="utf-8"),
)


def draw(place: int) -> None:
    """Draw the button, as the last element of the sidebar. ``place`` is that of the open page among its links."""
    with st.container(key=KEY):
        _component(key="sidebar_behaviour", data={"place": place})
