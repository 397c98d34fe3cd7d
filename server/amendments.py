"""What Streamlit 1.67 does that a server of a hundred sessions cannot bear, done otherwise.

tests/test_serve.py fails where an upgrade takes away what is amended here.
"""

from __future__ import annotations

import gc
import threading
from pathlib import PurePosixPath
from typing import Any

from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.runtime import Runtime
from streamlit.watcher.local_sources_watcher import LocalSourcesWatcher

_COLLECT_SECONDS = 20.0


def look_for_no_changed_sources() -> None:
    """Spare each session the search for files to watch, on the event loop, which nobody watches here.

    With ``server.fileWatcherType`` none, Streamlit 1.67 still resolves the paths of all imported modules for every
    session, and anew whenever a module is imported: 0.1 s in which no other session is answered.
    """
    setattr(LocalSourcesWatcher, "update_watched_modules", _nothing_to_watch)  # noqa: B010 - a method, replaced


def _nothing_to_watch(watcher: LocalSourcesWatcher) -> None:
    """In the place of ``LocalSourcesWatcher.update_watched_modules``."""


def send_to_who_is_there_now() -> None:
    """Send a session's messages to the browser that has it now, not to one that had it when the sending began.

    Streamlit goes through a list of sessions with their connections, and lets others run between two messages. A
    session that is taken over by a new connection in that moment, while the old one still seems to stand, would
    have the beginning of its page's run sent to the old one: the new one waits for ever.
    """
    if Runtime._send_message is not _send_to_the_current_client:
        setattr(Runtime, "_send_message", _send_to_the_current_client)  # noqa: B010 - a method, replaced


_send_message = Runtime._send_message


def _send_to_the_current_client(runtime: Runtime, session_info: Any, message: Any) -> None:
    """In the place of ``Runtime._send_message``."""
    current = runtime._session_mgr.get_active_session_info(session_info.session.id)
    _send_message(runtime, current or session_info, message)


def keep_what_was_made_at_a_press() -> None:
    """Let a file that was made when its button was pressed be its session's, until that session's page runs anew.

    Streamlit 1.67 stores it as nobody's, and whoever's run ends next has it thrown away: in a class that is within a
    tenth of a second, often before the browser has fetched it.
    """
    if MediaFileManager.execute_deferred is not _make_for_the_session:
        setattr(MediaFileManager, "execute_deferred", _make_for_the_session)  # noqa: B010 - a method, replaced


_execute_deferred = MediaFileManager.execute_deferred


def _make_for_the_session(manager: MediaFileManager, file_id: str) -> str:
    """In the place of ``MediaFileManager.execute_deferred``."""
    asked = manager._deferred_callables.get(file_id)
    url = _execute_deferred(manager, file_id)
    with manager._lock:
        files = manager._files_by_session_and_coord.get(asked["session_id"]) if asked else None
        if asked and files is not None:  # the session is there, and may be shown more than one file at once
            files[f"{asked['coordinates']} made"] = PurePosixPath(url).stem
    return url


def collect_now_and_then(stop: threading.Event, seconds: float = _COLLECT_SECONDS) -> None:
    """Collect garbage every few seconds until told to stop, in a thread of its own.

    In the place of Streamlit's full collection after each run (``runner.postScriptGC``, which options.py switches
    off): at ten runs a second that took a third of the processor.
    """

    def collect() -> None:
        while not stop.wait(seconds):
            gc.collect()

    threading.Thread(target=collect, daemon=True, name="collector").start()
