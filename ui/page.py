"""What every page begins with, and how every page tells of a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.records import UserError

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def set_up(title: str) -> None:
    """Configure the page; the first thing that a page does, since any page may be the first one opened."""
    st.set_page_config(
        page_title=f"{title} · Grammar Neurons",
        page_icon="🧠",
        layout="wide",
        initial_sidebar_state="auto",
        menu_items={"about": "**Grammar Neurons**: which MLP neurons tell nouns from verbs, and does it hold up?"},
    )
    st.html(f"<style>{_STYLE}</style>")


@contextmanager
def one_sentence() -> Iterator[None]:
    """Show a UserError as its sentence, and end the page there."""
    try:
        yield
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()


def show_notes(notes: tuple[str, ...]) -> None:
    """Say what was fallen back to or left out."""
    for note in notes:
        st.info(note, icon=":material/info:")
