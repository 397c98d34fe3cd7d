"""The boxes for a user's own words, in the sidebar."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.records import CUSTOM
from core.words import custom_list
from core.words.entries import written
from ui import page, settings, settings_file, uploads


def draw() -> None:
    """Draw a text box and an upload for each class with a custom list."""
    for side in ("target", "baseline"):
        if st.session_state[side] != CUSTOM:
            continue
        key = f"{side}_text"
        st.text_area(
            f"Custom {side} list", settings.current().values[key], key=key, height=140, placeholder="One word a line"
        )
        _draw_notes(side)
        st.file_uploader(
            "… or a text file, one word a line",
            type=["txt", "csv", "tsv"],
            max_upload_size=1,  # megabyte; only a tagged text needs what the server allows
            key=f"{side}_file",
            on_change=_use_file,
            args=(side,),
        )


def _draw_notes(side: str) -> None:
    """Show the number of words, and what was dropped. The page shows the mistakes."""
    try:
        words = custom_list(st.session_state[f"{side}_text"] or "", f"custom {side} list")
    except UserError:
        return
    st.caption(page.plain(" ".join((f"{len(words.words):,} words.", *words.notes))))
    settings_file.draw_advice(written(words.words, words.lemmas))


def _use_file(side: str) -> None:
    """Callback: put the words of an uploaded file into the text box, where the user can edit them."""
    if (file := uploads.take(f"{side}_file")) is None:
        return
    name, content = file
    try:
        words = custom_list(content, name)
    except UserError as error:
        page.show_toast(str(error))
        return
    settings.set_values({f"{side}_text": "\n".join(written(words.words, words.lemmas))})
    for note in words.notes:  # the box has only the remaining words, so _draw_notes cannot show these
        page.show_toast(note)
