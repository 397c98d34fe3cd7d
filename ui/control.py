"""The banner of a control with shuffled labels, on every page while it is on."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastSpec
from core.report.sentences import about_control
from ui import page, parts, settings


def draw(spec: ContrastSpec) -> None:
    """Draw what the control is, with a button for other groups and one to switch it off."""
    if not spec.shuffle_labels:
        return
    with st.container(key="control"):
        st.warning(f"**Control.** {page.plain(about_control(spec))}", icon=":material/shuffle:")
        if parts.embedded():
            return
        with st.container(horizontal=True):
            st.button("Shuffle again", key="control_again", icon=":material/shuffle:", on_click=shuffle_again)
            st.button("Back to the true labels", key="control_off", type="primary", on_click=_switch_off)


def shuffle_again() -> None:
    """Callback: the next seed."""
    spec = settings.current().view.spec
    settings.choose(spec=spec.changed(seed=(spec.seed + 1) % 2**32))


def _switch_off() -> None:
    settings.set_values({"shuffle_labels": False})
