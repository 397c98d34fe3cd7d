"""Files that a user uploads: each is taken out of its box once, and the session holds it no longer.

    name, content = uploads.take("text_file") or (...)

Streamlit would hold every file until its tab ends, also one that was refused.
"""

from __future__ import annotations

from typing import Any, cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile


def take(key: str) -> tuple[str, bytes] | None:
    """In a callback: the name (shortened) and the content of the new file in a box; None if there is none."""
    file, run = st.session_state[key], get_script_run_ctx()
    if not isinstance(file, UploadedFile) or run is None:
        return None  # the box was emptied, or the file was taken before
    content = file.getvalue()
    cast(Any, run.uploaded_file_mgr).remove_file(run.session_id, file.file_id)
    return file.name[:80], content


def is_empty(key: str) -> bool:
    """Whether a box shows no file."""
    return st.session_state.get(key) is None
