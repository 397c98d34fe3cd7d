"""Boxes for files: each file is taken out of its box once, and the session holds it no longer.

Streamlit would hold every file until its tab ends, also one that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from core.errors import UserError
from ui import page

# Why the file in a box is not used, by the key of the box.
_REFUSED = "_refused_files"


def draw_box(
    label: str,
    types: Sequence[str],
    key: str,
    use: Callable[[str, bytes], None],
    *,
    help: str | None = None,
    megabytes: int | None = None,
    on_emptied: Callable[[], None] | None = None,
) -> None:
    """Draw a box for a file, and hand the file to ``use`` in a callback, with its name (shortened).

    What a UserError of ``use`` says stands below the box for as long as the file is listed there. ``megabytes`` is the
    most that this box takes, where that is less than the server allows.
    """
    st.file_uploader(
        label,
        type=types,
        max_upload_size=megabytes,
        key=key,
        on_change=_hand_over,
        args=(key, use, on_emptied),
        help=help,
    )
    if st.session_state.get(key) is not None and (refused := st.session_state.get(_REFUSED, {}).get(key)):
        page.show_mistake(UserError(refused))


def _hand_over(key: str, use: Callable[[str, bytes], None], on_emptied: Callable[[], None] | None) -> None:
    """Callback: use the file that has come into a box, or hear that it was taken out."""
    if st.session_state[key] is None:
        if on_emptied:
            on_emptied()
        return
    if (file := _take(key)) is None:
        return
    refused = st.session_state.setdefault(_REFUSED, {})
    refused.pop(key, None)
    try:
        use(*file)
    except UserError as error:
        refused[key] = str(error)


def _take(key: str) -> tuple[str, bytes] | None:
    """The name and the content of the new file in a box; None if it was taken before."""
    file, run = st.session_state[key], get_script_run_ctx()
    if not isinstance(file, UploadedFile) or run is None:
        return None
    content = file.getvalue()
    cast(Any, run.uploaded_file_mgr).remove_file(run.session_id, file.file_id)
    return file.name[:80], content
