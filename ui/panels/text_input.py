"""The text to colour: a box, samples, and a file."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from engine.limits import limits
from ui import page

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "texts"
# A larger file, in bytes for each allowed character, is refused. A smaller one is put into the box, to be shortened.
_BYTES_PER_CHARACTER = 10


def draw() -> str:
    """Draw the text box, samples and an upload. Return the text, which the session keeps across pages."""
    left, right = st.columns([3, 1], gap="medium")
    with right:
        st.selectbox(
            "Start from a sample",
            _samples(),
            index=None,
            key="sample",
            format_func=_title,
            placeholder="Choose a sample",
            on_change=_use_sample,
        )
        st.file_uploader("… or from a text file", type=["txt", "md"], key="text_file", on_change=_use_file)
    with left:
        content = st.text_area(
            "Text",
            st.session_state.get("text", first_sample()),  # its default too: ui/sidebar.py says why
            key="text",
            height=190,
            placeholder="Paste any text here",
            persist_state="session",
        )
        st.button("Colour the text", type="primary", help="Or press Ctrl+Enter in the text box.")
    return content or ""


def first_sample() -> str:
    """The first sample: the page opens with it."""
    return _sample(_samples()[0])


def _samples() -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.txt"))


def _sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def _title(name: str) -> str:
    """ "02-the-same-word-twice.txt" -> "The same word twice"."""
    return name.removesuffix(".txt").partition("-")[2].replace("-", " ").capitalize()


def _use_sample() -> None:
    """Callback: put a sample into the box. A browser can send any name, so it must be in the list."""
    if st.session_state["sample"] in _samples():
        st.session_state["text"] = _sample(st.session_state["sample"])


def _use_file() -> None:
    """Callback: put the text of an uploaded file into the box. A file that is not text is refused."""
    file = st.session_state["text_file"]
    if file is None:
        return
    name, most = file.name[:80], limits().max_characters
    if file.size > _BYTES_PER_CHARACTER * most:
        page.show_toast(f"{name} has {file.size:,} bytes, too many to be shortened here: at most {most:,} characters.")
        return
    try:
        text = file.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        page.show_toast(f"{name} is not UTF-8 text; save it as plain text in UTF-8.")
        return
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as the browser does with pasted text
    st.session_state["text"] = text
    if len(text) > most:
        page.show_toast(f"{name} has {len(text):,} characters: shorten it below.")
