"""What Streamlit 1.67 does that a server of a hundred sessions cannot bear, done otherwise.

tests/test_serve.py fails where an upgrade takes away what is amended here.
"""

from __future__ import annotations

import gc
import threading
from typing import Any

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


def collect_now_and_then(stop: threading.Event, seconds: float = _COLLECT_SECONDS) -> None:
    """Collect garbage every few seconds until told to stop, in a thread of its own.

    In the place of Streamlit's full collection after each run (``runner.postScriptGC``, which options.py switches
    off): at ten runs a second that took a third of the processor.
    """

    def collect() -> None:
        while not stop.wait(seconds):
            gc.collect()

    threading.Thread(target=collect, daemon=True, name="collector").start()
