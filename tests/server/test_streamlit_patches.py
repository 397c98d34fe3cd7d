"""The warm start, and what is amended in Streamlit, alone and without a server."""

from __future__ import annotations

import gc
import inspect
import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import media_file_manager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.watcher.local_sources_watcher import LocalSourcesWatcher

from core.errors import UserError
from server import streamlit_patches
from server.sessions.connection import Connection, current
from server.warm_start import FAILED, READY, REFUSED, STOPPING, WARMING_UP, WarmStart
from tests.support.class_server import SECONDS
from tests.support.troubled_server import until


def test_a_warm_start_is_tried_again_and_spares_the_collector():
    outcomes = [UserError("No such model."), ValueError("broken"), None]
    states = []

    def work():
        states.append(start.state)
        outcome = outcomes.pop(0)
        if outcome:
            raise outcome

    def more():
        states.append(start.state)
        raise UserError("No network.")

    start = WarmStart(work, retry_seconds=0.01)
    gc.unfreeze()  # whatever an earlier test has loaded
    frozen = gc.get_freeze_count()
    start.begin(more, more)
    try:
        until(lambda: len(states) == 5, lambda: states)
        assert states == [WARMING_UP, REFUSED, FAILED, READY, READY]  # in the end, the rest
        assert start.ready, "whatever came of the rest"
        assert gc.get_freeze_count() > frozen + 1_000
    finally:
        gc.unfreeze()
    start.stop()
    assert start.state == STOPPING and not start.ready


def test_a_stopped_warm_start_never_gets_ready():
    worked = threading.Event()

    def work():
        start.stop()
        worked.set()

    start = WarmStart(work)
    start.begin()
    assert worked.wait(SECONDS)
    time.sleep(0.3)
    assert start.state == STOPPING


def test_what_is_amended_in_streamlit_is_there_still():
    """The patches replace these by name: an upgrade that renames them must not make them silent."""
    assert callable(LocalSourcesWatcher.update_watched_modules)
    assert list(inspect.signature(streamlit_patches._send_message).parameters) == ["self", "session_info", "msg"]
    assert list(inspect.signature(streamlit_patches._execute_deferred).parameters) == ["self", "file_id"]
    assert config.get_option("runner.postScriptGC") in (True, False)


def test_a_message_goes_to_the_browser_that_has_the_session_now():
    """Not to the connection that stood when the round of sending began."""
    sent: list[tuple[str, object]] = []

    class Client:
        def __init__(self, name: str) -> None:
            self.name = name

        def write_forward_msg(self, message: object) -> None:
            sent.append((self.name, message))

    def info(client: Client) -> SimpleNamespace:
        return SimpleNamespace(session=SimpleNamespace(id="s"), client=client, script_run_count=0)

    old, now, message = info(Client("old")), info(Client("new")), ForwardMsg()
    runtime = SimpleNamespace(_session_mgr=SimpleNamespace(get_active_session_info={"s": now}.get))
    streamlit_patches._send_to_current_client(runtime, old, message)
    runtime = SimpleNamespace(_session_mgr=SimpleNamespace(get_active_session_info={}.get))
    streamlit_patches._send_to_current_client(runtime, old, message)
    assert sent == [("new", message), ("old", message)]


def test_a_connection_is_told_its_session(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streamlit_patches, "_connect_session", lambda runtime, **how: f"of {how['client']}")
    token = current.set(connection := Connection("192.0.2.1"))
    try:
        assert streamlit_patches._connect_and_tell(SimpleNamespace(), client="a", user_info={}) == "of a"
    finally:
        current.reset(token)
    assert connection.session == "of a"
    assert streamlit_patches._connect_and_tell(SimpleNamespace(), client="b", user_info={}) == "of b", "without a gate"


def test_sessions_are_retained_where_streamlit_looks_for_them(monkeypatch: pytest.MonkeyPatch):
    manager = WebsocketSessionManager(MemorySessionStorage(), None, None, None)
    monkeypatch.setattr(streamlit_patches.Runtime, "_instance", SimpleNamespace(_session_mgr=manager), raising=True)
    retained = streamlit_patches.retain_sessions(60.0)
    assert manager._session_storage is retained and manager.list_sessions() == []


@pytest.mark.parametrize("amended", [True, False])
def test_a_file_made_at_a_press_outlives_the_runs_of_others(amended: bool, monkeypatch: pytest.MonkeyPatch):
    """Without the patch the next two runs that end, anybody's, throw it away: an upgrade may mend that."""
    session = "presser"
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: session)
    storage = MemoryMediaFileStorage("/media")
    manager = media_file_manager.MediaFileManager(storage)
    make = streamlit_patches._execute_for_session if amended else streamlit_patches._execute_deferred

    def others_run() -> None:
        for _ in range(3):
            manager.clear_session_refs("other")
            manager.remove_orphaned_files()

    file_id = manager.add_deferred(lambda: b"layer,neuron", "text/csv", "here")
    url = make(manager, file_id)
    others_run()
    assert (Path(url).stem in storage._files_by_id) == amended
    again = make(manager, file_id)
    assert again == url and storage.get_file(Path(again).name).content == b"layer,neuron"
    manager.clear_session_refs(session)  # its page runs anew, or it ends
    others_run()
    assert not storage._files_by_id and not manager._files_by_session_and_coord


def test_garbage_is_collected_until_told_to_stop():
    class Node:
        """Something that only the collector can free."""

    node = Node()
    node.self = node
    gone, stop = weakref.ref(node), threading.Event()
    gc.disable()
    try:
        del node
        streamlit_patches.collect_periodically(stop, seconds=0.01)
        deadline = time.monotonic() + 10
        while gone() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert gone() is None
    finally:
        stop.set()
        gc.enable()
