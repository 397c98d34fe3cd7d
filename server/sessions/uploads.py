"""How many bytes of files one session may hold."""

from __future__ import annotations

from typing import Any

from engine.limits import limits

# A run of the page takes a file out of its box (``ui.uploads``): more come only from who sends them past the page.
_FILES = 4
# Of all sessions: a hundred students who have uploaded the development part of a treebank.
MAX_BYTES = 250_000_000


def room_for_a_file(session: str) -> str | None:
    """Why the session may hold no further file, in a sentence; None if it may."""
    from streamlit import runtime

    files: Any = runtime.get_instance().uploaded_file_mgr
    if sum(held_bytes(files, each) for each in [*files.file_storage]) >= MAX_BYTES:
        return "The files of all pages together are as many as there is memory for: try again later.\n"
    held = held_bytes(files, session)
    most = _FILES * limits().max_upload_mb * 1_000_000
    if held >= most:
        return f"This page holds {held / 1e6:.1f} MB of files; at most {most / 1e6:.0f} MB are allowed. Remove one.\n"
    return None


def forget_files_of_ended(session: str) -> None:
    """Forget the files of a session that has ended while one came in: nobody else would."""
    from streamlit import runtime

    server = runtime.get_instance()
    if server.get_app_session(session) is None:
        server.uploaded_file_mgr.remove_session_files(session)


def held_bytes(files: Any, session: str) -> int:
    """The bytes of all files of a session in Streamlit's ``MemoryUploadedFileManager``."""
    return sum(len(file.data) for file in [*files.file_storage.get(session, {}).values()])
