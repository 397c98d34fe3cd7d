"""Sessions without a connection: bounded in number, age, bytes and descriptors."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionInfo
from streamlit.runtime.state.session_state import SessionState
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from server.sessions import retained
from server.sessions.retained import RetainedSessions, bytes_of

FILES = MemoryUploadedFileManager("/upload")


class Session:
    """What Streamlit's AppSession has, as far as it is kept; ``ended`` counts its ends."""

    def __init__(self, name: str, text: str = "") -> None:
        self.id, self.ended = name, 0
        self.session_state = SessionState()
        self.session_state._new_session_state["text"] = text
        self._client_state = ClientState()
        self._uploaded_file_mgr = FILES
        self._script_event_loop = asyncio.new_event_loop()

    def shutdown(self) -> None:
        self.ended += 1
        FILES.remove_session_files(self.id)


def info(session: Session, runs: int = 5) -> SessionInfo:
    return SessionInfo(client=None, session=session, script_run_count=runs)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Any:
    return SimpleNamespace(now=0.0)


@pytest.fixture
def storage(clock: Any) -> RetainedSessions:
    return RetainedSessions(300.0, lambda: clock.now)


def test_texts_files_and_widgets_are_counted() -> None:
    session = Session("counted", "x" * 50_000)
    before = bytes_of(session)  # type: ignore[arg-type]
    assert before >= 100_000
    session.session_state._new_session_state["lists"] = {"of": [("y" * 10_000,), b"z" * 1_000]}
    session._client_state.widget_states.widgets.add().string_value = "w" * 20_000
    FILES.add_file("counted", UploadedFileRec("1", "a.txt", "text/plain", b"f" * 30_000))
    assert 71_000 <= bytes_of(session) - before <= 71_100  # type: ignore[arg-type]


def test_the_largest_of_too_many_bytes_go_first(storage: RetainedSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retained, "MAX_BYTES", 5_000_000)
    small, large = ([Session(f"{kind}{i}", "x" * n) for i in range(3)] for kind, n in (("a", 1_000), ("b", 900_000)))
    for session in (*small, *large):
        storage.save(info(session))
    assert [session.ended for session in small] == [0, 0, 0], "whoever is large throws out nobody else"
    assert sum(session.ended for session in large) == 2
    storage.save(info(Session("giant", "x" * 9_000_000)))
    assert storage.get("giant") is None and len(storage.list()) == 4


def test_who_opens_and_drops_hundreds_throws_out_nobody(
    storage: RetainedSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retained, "MAX_SESSIONS", 10)
    students = [Session(f"student {i}") for i in range(5)]
    for student in students:
        storage.save(info(student, runs=3))
    for i in range(200):
        storage.save(info(Session(f"dropped {i}"), runs=i % 2))
    assert [student.ended for student in students] == [0] * 5
    assert [each.session.id for each in storage.list()][5:] == [f"dropped {i}" for i in range(195, 200)]


def test_too_many_and_too_old_ones_go(storage: RetainedSessions, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retained, "MAX_SESSIONS", 3)
    for clock.now in (0.0, 100.0, 200.0, 250.0):
        storage.save(info(Session(f"{clock.now:g}")))
    assert [each.session.id for each in storage.list()] == ["100", "200", "250"]
    clock.now = 401.0
    assert storage.get("100") is None and storage.get("200") is not None


def test_one_that_comes_back_is_no_longer_kept(storage: RetainedSessions) -> None:
    session = Session("back")
    storage.save(info(session))
    found = storage.get("back")
    assert found is not None and found.session is session
    storage.delete("back")
    assert storage.list() == [] and session.ended == 0
    with pytest.raises(KeyError):
        storage.delete("back")


@pytest.mark.skipif(sys.platform != "linux", reason="counts the descriptors in /proc")
def test_a_kept_session_has_no_descriptor_and_can_run_again(storage: RetainedSessions) -> None:
    gc.collect()  # loops of other tests
    before = len(os.listdir("/proc/self/fd"))
    sessions = [Session(str(i)) for i in range(20)]
    assert len(os.listdir("/proc/self/fd")) >= before + 60
    for session in sessions:
        storage.save(info(session))
    assert len(os.listdir("/proc/self/fd")) == before
    found = storage.get("7")
    assert found is not None and not found.session._script_event_loop.is_closed()
    found.session._script_event_loop.close()
