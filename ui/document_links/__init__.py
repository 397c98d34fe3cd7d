"""Links between the documents of the Help page: a press opens the other document in the same tab, at the right heading.

Streamlit opens each link in a new tab of the browser. With a modifier key, it still does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st

KEY = "document_links"
LONGEST_ANCHOR = 200  # characters
_TARGET = "_document_anchor"  # how often a link was pressed, and the heading that the last one names
_component = st.components.v2.component(
    KEY,
    html="<div></div>",
    css=":host {display: none}",
    js=(Path(__file__).parent / "links.js").read_text(encoding="utf-8"),
)


def draw(text: str, on_open: Callable[[str], bool]) -> None:
    """Draw what follows the links in the container whose key is ``text``.

    ``on_open`` is called back with the name of a document, and says whether there is one.
    """
    nth, anchor = st.session_state.get(_TARGET, (0, ""))
    _component(
        key=KEY,
        data={"text": f"st-key-{text}", "nth": nth, "anchor": anchor},
        on_opened_change=partial(_open, on_open),
    )


def _open(on_open: Callable[[str], bool]) -> None:
    """Callback. A browser can send any value."""
    sent = (st.session_state.get(KEY) or {}).get("opened")
    if not isinstance(sent, Mapping):
        return
    name, anchor = sent.get("read"), sent.get("anchor")
    if isinstance(name, str) and isinstance(anchor, str) and len(anchor) <= LONGEST_ANCHOR and on_open(name):
        nth, _ = st.session_state.get(_TARGET, (0, ""))
        st.session_state[_TARGET] = (nth + 1, anchor)
