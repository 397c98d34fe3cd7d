"""Patches of Streamlit 1.67, for a server with a hundred sessions.

tests/server/test_streamlit_patches.py fails if an upgrade of Streamlit removes what is patched here.
"""

from __future__ import annotations

import gc
import threading
from pathlib import PurePosixPath
from typing import Any, cast

from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.watcher.local_sources_watcher import LocalSourcesWatcher

from server.sessions.connection import current
from server.sessions.retained import RetainedSessions

_COLLECT_SECONDS = 20.0


def disable_source_watching() -> None:
    """Stop each session from looking for source files to watch.

    Even if ``server.fileWatcherType`` is none, Streamlit 1.67 resolves the paths of all imported modules, for every
    session and at every new import. This blocks the event loop, and so all other sessions, for 0.1 s.
    """
    setattr(LocalSourcesWatcher, "update_watched_modules", _watch_nothing)  # noqa: B010 - a method, replaced


def _watch_nothing(watcher: LocalSourcesWatcher) -> None:
    """Replaces ``LocalSourcesWatcher.update_watched_modules``."""


def send_to_current_client() -> None:
    """Send the messages of a session to its current connection.

    Streamlit makes a list of sessions with their connections, and lets other tasks run between two messages. If a new
    connection takes over a session in this time, the first messages of its run would go to the old connection, and the
    new one would wait forever.
    """
    if Runtime._send_message is not _send_to_current_client:
        setattr(Runtime, "_send_message", _send_to_current_client)  # noqa: B010 - a method, replaced


_send_message = Runtime._send_message


def _send_to_current_client(runtime: Runtime, session_info: Any, message: Any) -> None:
    """Replaces ``Runtime._send_message``."""
    connected = runtime._session_mgr.get_active_session_info(session_info.session.id)
    _send_message(runtime, connected or session_info, message)


def keep_deferred_downloads() -> None:
    """Keep a file that was made when its download button was pressed, until its session's page runs again.

    Streamlit 1.67 stores such a file without a session, and the next run of any session deletes it. In a class this
    happens within a tenth of a second, often before the browser has fetched the file.
    """
    if MediaFileManager.execute_deferred is not _execute_for_session:
        setattr(MediaFileManager, "execute_deferred", _execute_for_session)  # noqa: B010 - a method, replaced


_execute_deferred = MediaFileManager.execute_deferred


def _execute_for_session(manager: MediaFileManager, file_id: str) -> str:
    """Replaces ``MediaFileManager.execute_deferred``."""
    deferred = manager._deferred_callables.get(file_id)
    url = _execute_deferred(manager, file_id)
    with manager._lock:
        files = manager._files_by_session_and_coord.get(deferred["session_id"]) if deferred else None
        if deferred and files is not None:  # the session still exists; it may have several such files
            files[f"{deferred['coordinates']} made"] = PurePosixPath(url).stem
    return url


def tell_connections_of_sessions() -> None:
    """Tell the gate (``server/sessions``) which session a connection gets: what it sends is charged to the session."""
    if Runtime.connect_session is not _connect_and_tell:
        setattr(Runtime, "connect_session", _connect_and_tell)  # noqa: B010 - a method, replaced


_connect_session = Runtime.connect_session


def _connect_and_tell(runtime: Runtime, *args: Any, **kwargs: Any) -> str:
    """Replaces ``Runtime.connect_session``, which runs in the task of the connection."""
    session_id = _connect_session(runtime, *args, **kwargs)
    if connection := current.get():
        connection.session = session_id
    return session_id


def retain_sessions(seconds: float) -> RetainedSessions:
    """Keep the sessions of lost connections within bounds of bytes and descriptors. Streamlit bounds their number."""
    manager = cast("WebsocketSessionManager", Runtime.instance()._session_mgr)
    manager._session_storage = retained = RetainedSessions(seconds)
    return retained


def collect_periodically(stop: threading.Event, seconds: float = _COLLECT_SECONDS) -> None:
    """Collect garbage every few seconds in a thread, until ``stop`` is set.

    This replaces Streamlit's full collection after each run (``runner.postScriptGC``, which options.py disables). At
    ten runs per second, that took a third of the CPU.
    """

    def collect() -> None:
        while not stop.wait(seconds):
            gc.collect()

    threading.Thread(target=collect, daemon=True, name="collector").start()
