"""A box with an address, or with the line that shows it in a frame, and a button that copies it: a component.

The browser knows under which address the app is open, behind whatever proxy; so the server sends what comes after it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_SCRIPTS = (_HERE.parent / "popover_focus.js", _HERE / "copy_box.js")
_component = st.components.v2.component(
    "copy_box",
    html='<div class="copy-box"></div>',
    css=(_HERE / "copy_box.css").read_text(encoding="utf-8"),
    js="\n".join(script.read_text(encoding="utf-8") for script in _SCRIPTS),
)


def draw(label: str, query: str, key: str, *, frame_title: str | None = None) -> None:
    """Draw the box.

    Parameters
    ----------
    label : str
        What is in the box, in a few words.
    query : str
        The parameters of this page's address, encoded.
    key : str
        That of the element.
    frame_title : str, optional
        What a screen reader calls the frame. With it, the box has an ``<iframe>`` with that address.
    """
    _component(key=key, data={"label": label, "query": query, "frame": frame_title})
