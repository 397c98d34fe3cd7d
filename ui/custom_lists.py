"""The boxes for a user's own words, and for what they are called, in the sidebar."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.errors import UserError
from core.records import CUSTOM, SIDES, WordList
from core.records.names import check_name
from core.words import custom_list
from core.words.entries import count_of, written
from ui import class_settings, page, settings, settings_file, uploads
from ui.custom_words import read_list
from ui.labels import SETTING_LABELS
from ui.widgets import default, say_why

_SHOWN = 2  # so many notes stand below the box; more are in a box of their own
# Of the last uploaded files, by the text of their words: the notes, and how many lines were repeated.
_NOTES_OF_FILES = "_notes_of_files"
_N_FILES = 4


def draw() -> None:
    """Draw a name, a text box and an upload for each class with a custom list."""
    for side in SIDES:
        if st.session_state[side] == CUSTOM and not class_settings.hides(side):
            _draw_list(side)


def n_repeated(side: str, lines: tuple[str, ...]) -> int:
    """How many repeated lines were dropped from the box of a class, or from its file; 0 if it has other words now.

    ``lines`` are those of the spec, which has only the words that are left.
    """
    text = st.session_state.get(f"{side}_text") or ""
    try:
        own = read_list(side, text, settings.current().as_given)
    except UserError:
        return 0
    if written(own.words, own.lemmas) != lines:
        return 0
    _, of_file = _changes_of_file(text)
    return own.n_repeated + of_file


def _changes_of_file(text: str) -> tuple[tuple[str, ...], int]:
    """What was changed in the file whose words a text is: notes, and how many repeated lines were dropped."""
    changes: tuple[tuple[str, ...], int] = st.session_state.get(_NOTES_OF_FILES, {}).get(text, ((), 0))
    return changes


def _draw_list(side: str) -> None:
    key = f"{side}_text"
    st.text_area(
        SETTING_LABELS[f"{side}_words"],
        default(key),
        key=key,
        height=140,
        placeholder="One word a line",
        help="Bullets, numbers, quotes, counts and other marks around words are removed. A lemma may follow a tab.",
    )
    _draw_notes(side)
    _draw_name(side)
    # Only a tagged text needs as many megabytes as the server allows.
    label, types = "… or a text file, one word a line", ["txt", "csv", "tsv"]
    uploads.draw_box(label, types, f"{side}_file", partial(_use_file, side), megabytes=1)


def _draw_name(side: str) -> None:
    key = f"{side}_name"
    # No limit of the browser's: it would drop a longer name that is pasted, without a word.
    st.text_input(
        SETTING_LABELS[f"{side}_name"],
        default(key),
        key=key,
        placeholder="Such as: food words",
        help="What charts, tables, sentences and files call these words. It changes no number.",
    )
    try:
        check_name("The name", st.session_state[key])
    except UserError as error:
        say_why(str(error))


def _draw_notes(side: str) -> None:
    """Show the number of words, and what was changed or dropped. The page shows the mistakes."""
    key = f"{side}_text"
    text = st.session_state[key] or ""
    try:
        words = read_list(side, text, settings.current().as_given)
    except UserError:
        return
    _draw_cleaning(text, key, words)
    settings_file.draw_advice(written(words.words, words.lemmas), key)


def _draw_cleaning(text: str, key: str, words: WordList) -> None:
    notes = (*_changes_of_file(text)[0], *words.notes)
    n = count_of(len(words.words), "word")
    if len(notes) <= _SHOWN:
        st.caption(page.plain(" ".join((f"{n}.", *notes))))
        return
    st.caption(f"{n}. The list was cleaned in {len(notes)} ways:")
    with st.expander("What was changed", key=f"{key}_notes"):
        st.caption("\n".join(f"- {page.plain(note)}" for note in notes))


def _use_file(side: str, name: str, content: bytes) -> None:
    """Put the words of an uploaded file into the box, where the user can edit them. UserError if there are none."""
    key, words = f"{side}_text", custom_list(content, name)
    text = "\n".join(written(words.words, words.lemmas))
    settings.set_values({key: text})
    # The box has only the words that were read: what was changed in the file is said as long as they stand there, or in
    # the box of the other class.
    of_files = {other: notes for other, notes in st.session_state.get(_NOTES_OF_FILES, {}).items() if other != text}
    st.session_state[_NOTES_OF_FILES] = dict([*of_files.items(), (text, (words.notes, words.n_repeated))][-_N_FILES:])
