"""What every page begins with, and how every page tells of a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.records import UserError

# Where the session says which page is shown.
SHOWN = "_page"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#!|$~:^&])")
# Where an address is known as one: the dot after www, the slashes after a scheme, the sign in an e-mail address.
_ADDRESS = re.compile(r"((?<=www)\.|//|@)", re.IGNORECASE)
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
    st.session_state[SHOWN] = title
    st.html(f"<style>{_STYLE}</style>")


@contextmanager
def one_sentence() -> Iterator[None]:
    """Show a UserError as its sentence, and end the page there."""
    try:
        yield
    except UserError as error:
        show_mistake(error)
        st.stop()


def show_mistake(error: UserError) -> None:
    """The one sentence of a mistake."""
    st.error(plain(str(error)), icon=":material/error:")


def show_warning(sentence: str) -> None:
    """What was asked for and could not be had."""
    st.warning(plain(sentence), icon=":material/warning:")


def show_notes(notes: tuple[str, ...]) -> None:
    """What was fallen back to or left out."""
    for note in notes:
        st.info(plain(note), icon=":material/info:")


def show_toast(sentence: str) -> None:
    """A passing remark on something that the user just did."""
    st.toast(plain(sentence), icon=":material/info:", duration="long")


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, and a true minus, as the plots' axes have it."""
    return f"{value:+.{digits}f}".replace("-", "−")


def plain(text: str) -> str:
    """Text for a place where Streamlit reads Markdown: a link's or file's text must not become an image or formula.

    Nor an address that can be clicked: no escape helps against that, but a word joiner, which nobody sees, does.
    """
    escaped = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    return _ADDRESS.sub("\u2060\\1", escaped)
