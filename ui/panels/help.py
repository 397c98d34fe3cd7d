"""The parts of the Help page: which document is open, and the document."""

from __future__ import annotations

import streamlit as st

from ui import document_links, documents, page, settings
from ui.documents import Part
from ui.link import address_of

_CHOICE, _TEXT = "help_document", "help_text"


def draw_choice() -> str:
    """Draw the choice of a document, and return the name of the open one; "" if this installation has none."""
    titles = documents.available()
    if not titles:
        page.show_warning(
            "This installation has no documents. They are in the folder docs of the project's repository."
        )
        return ""
    read = settings.current().view.read
    st.session_state[_CHOICE] = read if read in titles else next(iter(titles))
    chosen: str = st.selectbox(
        "Document", list(titles), key=_CHOICE, format_func=titles.__getitem__, on_change=_save_choice
    )
    return chosen


def draw_document(name: str) -> None:
    """Draw a document. A link to another one opens it here, or in a new tab with the same settings."""
    address = address_of(settings.current().view)
    with st.container(key=_TEXT):
        for part in documents.parts_of(name):
            if part.picture is not None:
                if part.picture.is_file():
                    st.image(part.picture, width="stretch", alt=part.text)
            elif part.level:
                _draw_heading(part)
            else:
                st.markdown(documents.linked(part.text, address))
    document_links.draw(_TEXT, _open)


def _draw_heading(part: Part) -> None:
    """Draw a heading. The page's own title is above all: that of a document, and its sections, are one level below."""
    draw = st.header if part.level <= 2 else st.subheader
    draw(part.text, anchor=part.anchor)


def _save_choice() -> None:
    """Callback."""
    _open(st.session_state[_CHOICE])


def _open(name: str) -> bool:
    """Open a document, if there is one of this name: a browser can send any. Whether there is."""
    if name not in documents.available():
        return False
    settings.choose(read=name)
    return True
