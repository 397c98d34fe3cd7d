"""What all pages share: setup, and messages for mistakes, warnings and notes."""

from __future__ import annotations

import textwrap
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.errors import UserError
from core.report import markdown
from core.report.palette import css_variables
from ui import settings

# Advice for each kind of mistake (``UserError.about``). The error itself says what is wrong.
_ADVICE = {
    "busy": "Try again in a minute; your settings and texts are kept.",
    "paired_counts": "Make them equal, or choose Welch's test.",
    "paired_unit": "Choose words as the unit, or Welch's test.",
    "permutations": "Use fewer words, this layer's tests as the family, or Holm's correction.",
    "prefix": "Switch “Beginning-of-text token first” off, under Advanced.",
    "text_length": "Shorten it.",
    "number_format": "Choose bfloat16 as the number format, under Advanced.",
    "network": "The bundled model needs no network.",
    "variable": "Whoever runs this app can correct it, and start the app again.",
    "bundled_files": "Whoever runs this app can fetch its repository again.",
}
_TOASTS = "_toasts"
# So many notes fold into one line, with so many characters of the first one.
_MANY_NOTES, _NOTE_BEGINS = 3, 60
_STYLES = [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in ("style.css", "print.css")]
_STYLE = "\n".join((f":root {{{css_variables()}}}", *_STYLES))


def set_up(title: str) -> None:
    """Configure the page."""
    st.set_page_config(
        page_title=f"{title} · Grammar Neurons",
        page_icon="🧠",
        layout="wide",
        initial_sidebar_state="auto",
        menu_items={"about": "**Grammar Neurons**: which MLP neurons differ between nouns and verbs, and by how much?"},
    )
    st.html(f"<style>{_STYLE}</style>")


def require_shell() -> None:
    """Every page calls this first. If Streamlit has started the page without the shell, run it again within the shell.

    In a new process, Streamlit runs the first page that is requested by its address without app.py, because the folder
    is called ``pages``: this was its behaviour before ``st.navigation``. Several visitors may be the first at once, and
    only one of them finds the flag still set: the others know it by their settings, which the shell has not begun.
    """
    if PagesManager.uses_pages_directory or not settings.begun():
        PagesManager.uses_pages_directory = False
        st.rerun()


def show_mistake(error: UserError, of: str = "") -> None:
    """Show the sentence of a mistake, and the advice for it; ``of`` says where it is, such as "B"."""
    st.error(plain(f"{of and f'{of}: '}{error} {_ADVICE.get(error.about, '')}"), icon=":material/error:")


def show_warning(sentence: str) -> None:
    """Show a sentence about a value that was replaced."""
    st.warning(plain(sentence), icon=":material/warning:")


def show_notes(notes: tuple[str, ...]) -> None:
    """Show sentences about fallbacks, and about words or neurons that were left out: each once.

    Many of them fold into one line, which says how many there are, and how the first one begins.
    """
    notes = tuple(dict.fromkeys(notes))
    if len(notes) < _MANY_NOTES:
        for note in notes:
            st.info(plain(note), icon=":material/info:")
        return
    beginning = textwrap.shorten(notes[0], _NOTE_BEGINS, placeholder=" …")
    with st.expander(f"{len(notes)} notes on this result: {plain(beginning)}", icon=":material/info:"):
        st.markdown("\n".join(f"- {plain(note)}" for note in notes))


def show_toast(sentence: str) -> None:
    """Add a short message about the user's last action. The shell draws it (``draw_toasts``).

    A message that a callback draws directly is lost if the run restarts.
    """
    st.session_state.setdefault(_TOASTS, []).append(sentence)


def say_unpinned(neurons: tuple[int, ...]) -> None:
    """Say that a change of the layer has unpinned neurons. Those of another layer have nothing to do with them."""
    if neurons:
        show_toast(f"No longer pinned: {', '.join(map(str, neurons))}. Another layer has other neurons.")


def tell(sentence: str) -> None:
    """Say that a value was replaced: a link's for as long as its other problems, one of the user's own once."""
    problems = settings.current().problems
    if problems is None:
        show_toast(sentence)
    else:
        problems.append(sentence)


def draw_toasts() -> None:
    """Draw the messages of ``show_toast``."""
    for sentence in st.session_state.pop(_TOASTS, []):
        st.toast(plain(sentence), icon=":material/info:", duration="long")


def plain(text: str) -> str:
    """Escape a text for Markdown: text from a link or a file must not become an image, a formula or an address."""
    return markdown.plain(text)
