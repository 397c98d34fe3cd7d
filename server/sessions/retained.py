"""Sessions without a connection, kept for browsers that come back: bounded in number, age, bytes and descriptors."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from streamlit.runtime.session_manager import SessionInfo, SessionStorage
from streamlit.runtime.uploaded_file_manager import UploadedFile

from server.sessions.uploads import held_bytes

if TYPE_CHECKING:
    from streamlit.runtime.app_session import AppSession

MAX_SESSIONS = 128
MAX_BYTES = 100_000_000
# What Streamlit itself has of a session: objects, the script's threads, the state of widgets.
_LEAST_BYTES = 500_000
_DEPTH = 6
_FORGET_SECONDS = 10.0


class RetainedSessions(SessionStorage):
    """The sessions that browsers may come back to.

    Of too many, those go first whose page has run once at most: they have nothing that the page's address has not, and
    can be opened and dropped by the hundred. Of too many bytes, the largest go first. So it takes some effort to throw
    out the sessions of others.

    Parameters
    ----------
    seconds : float
        How long one is kept.
    clock : callable
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: OrderedDict[str, tuple[float, int, SessionInfo]] = OrderedDict()

    def get(self, session_id: str) -> SessionInfo | None:
        """The session, if it is still there. It can run again."""
        self.forget_old()
        if session_id not in self._kept:
            return None
        info = self._kept[session_id][2]
        if info.session._script_event_loop.is_closed():
            info.session._script_event_loop = asyncio.new_event_loop()
        return info

    def save(self, session_info: SessionInfo) -> None:
        """Keep a session whose connection has ended. A larger one than all may take is not kept."""
        close_loop_of(session_info.session)
        size = bytes_of(session_info.session)
        self._kept.pop(session_info.session.id, None)
        self._kept[session_info.session.id] = self._clock(), size, session_info
        self.forget_old()

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._kept

    def delete(self, session_id: str) -> None:
        """Forget a session. KeyError if it is not there."""
        del self._kept[session_id]

    def list(self) -> list[SessionInfo]:
        """All that are kept."""
        self.forget_old()
        return [info for _, _, info in self._kept.values()]

    def forget_old(self) -> None:
        """Forget the sessions whose time is over, and those that are too many or too large."""
        oldest_allowed = self._clock() - self._seconds
        for name in [name for name, (at, _, _) in self._kept.items() if at < oldest_allowed]:
            self._forget(name)
        while len(self._kept) > MAX_SESSIONS:
            self._forget(min(self._kept, key=lambda name: self._kept[name][2].script_run_count > 1))
        while sum(size for _, size, _ in self._kept.values()) > MAX_BYTES:
            self._forget(max(self._kept, key=lambda name: self._kept[name][1]))

    def _forget(self, name: str) -> None:
        _, _, info = self._kept.pop(name)
        info.session.shutdown()  # frees its files at once; the collector would do so later

    async def forget_regularly(self) -> None:
        """Forget old sessions as long as this task is not cancelled: also where no other session ends."""
        while True:
            await asyncio.sleep(_FORGET_SECONDS)
            self.forget_old()


def is_known(session: str) -> bool:
    """Whether there is a session of this id, with or without a connection."""
    from streamlit import runtime

    manager: Any = runtime.get_instance()._session_mgr
    return manager.get_active_session_info(session) is not None or session in manager._session_storage


def close_loop_of(session: AppSession) -> None:
    """Close the event loop that Streamlit makes for the scripts of a session: three descriptors, which ours never use.

    ``RetainedSessions.get`` makes another one.
    """
    loop = session._script_event_loop
    if not loop.is_closed() and not loop.is_running() and not asyncio.all_tasks(loop):
        loop.close()


def bytes_of(session: AppSession) -> int:
    """About how many bytes a session keeps: its files, its widgets' values, and what the pages have kept for it."""
    state: Any = session.session_state
    kept = (state._new_session_state, state._old_state, state._new_widget_state.states, session._client_state)
    files: Any = session._uploaded_file_mgr
    return _LEAST_BYTES + held_bytes(files, session.id) + sum(map(_size, kept))


def _size(value: Any, depth: int = _DEPTH) -> int:
    """The bytes of texts, files and messages in a value. What is nested more deeply is not looked at."""
    if isinstance(value, str):
        return 2 * len(value)  # CPython takes one to four for each character
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, UploadedFile):
        return value.size
    if isinstance(value, Message):
        return int(value.ByteSize())
    parts = _parts(value) if depth else ()
    return sum(_size(part, depth - 1) for part in parts)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, item.name, None) for item in fields(value)]
    return ()
