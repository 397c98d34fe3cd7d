"""One session that asks for too much, on a real server, while another one works."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed

from tests.support.class_server import SECONDS, ClassServer, Tab, class_server, elements
from tests.support.hostile import QUERY, Forged, Forger, id_of, multipart, upload

# A student's step takes a fraction of a second; a machine that runs other tests meanwhile may take longer.
_SOON = 5.0


@pytest.fixture(scope="module")
def server() -> Iterator[ClassServer]:
    limits = {"MODELS": "bundled", "MAX_CHARACTERS": "2000", "MAX_UPLOAD_MB": "1"}
    with class_server({f"GRAMMAR_NEURONS_{name}": value for name, value in limits.items()}) as running:
        running.until_ready()
        with Tab(running.url) as first:  # the first page of a process takes longer
            first.run("Neurons", QUERY)
        yield running


@contextmanager
def flooding(tab: Tab, message: bytes, most: int = 100_000) -> Iterator[list[Any]]:
    """Send a message again and again from a thread; yields a list that gets the frame that closed the connection."""
    closed: list[Any] = []
    stop = threading.Event()

    def flood() -> None:
        try:
            for _ in range(most):
                if stop.is_set():
                    return
                tab.socket.send(message)
        except ConnectionClosed as error:
            closed.append(error.rcvd)

    def read() -> None:
        with suppress(ConnectionClosed, TimeoutError):
            while not stop.is_set():
                tab.socket.recv(timeout=1)

    threads = [threading.Thread(target=work, daemon=True) for work in (flood, read)]
    for thread in threads:
        thread.start()
    try:
        yield closed
    finally:
        stop.set()
        tab.socket.close_timeout = 0.5  # it does not wait until the server has read all of it
        for thread in threads:
            thread.join(timeout=20)


def slowest_step(server: ClassServer, steps: int = 5) -> float:
    """The seconds of the slowest of some runs of a page, in a tab of its own."""
    seconds = []
    with Tab(server.url) as other:
        for _ in range(steps):
            started = time.perf_counter()
            shown = other.run("Neurons", QUERY)
            seconds.append(time.perf_counter() - started)
            assert not elements(shown, "alert") and not elements(shown, "exception")
    return max(seconds)


def message(*, download: str = "", session: str = "") -> bytes:
    asked = BackMsg()
    if download:
        request = asked.backend_operation_request
        request.request_id, request.session_id, request.deferred_file.file_id = "1", session, download
    else:
        asked.rerun_script.page_name, asked.rerun_script.query_string = "Neurons", QUERY
    return asked.SerializeToString()


def test_runs_asked_for_without_end_make_nobody_wait(server: ClassServer) -> None:
    with Tab(server.url) as tab, flooding(tab, message()):
        time.sleep(1)
        assert slowest_step(server) < _SOON


def test_presses_of_a_download_without_end_make_nobody_wait(server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.forge("Neurons", tab.run("Neurons", QUERY), export=True)
        [csv] = [button for button in elements(shown, "download_button") if "CSV" in button.label][:1]
        with flooding(tab, message(download=csv.deferred_file_id, session=tab.session), most=3_000):
            time.sleep(1)
            assert slowest_step(server) < _SOON
        assert server.metric("grammar_neurons_refused_total", what="download_slowed") > 0


def test_three_megabytes_of_forged_values_end_the_connection_with_a_sentence(server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.query_string = "Text_heatmap", QUERY
        state = asked.rerun_script.widget_states.widgets.add()
        state.id = id_of(shown, "neurons")
        state.string_array_value.data.extend(["123"] * 600_000)
        before = server.metric("process_cpu_seconds_total")
        tab.socket.send(asked.SerializeToString())
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                tab.socket.recv(timeout=SECONDS)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
            1008,
            "Got 600,000 values of a widget; at most 256 are allowed.",
        )
        assert server.metric("process_cpu_seconds_total") - before < 2


def test_a_text_that_is_too_long_is_told_of_and_not_kept(server: ClassServer) -> None:
    before = server.metric("process_resident_memory_bytes")
    for _ in range(20):
        with Forger(server.url) as tab:
            shown = tab.forge("Text_heatmap", tab.run("Text_heatmap", QUERY), text="é" * 1_900_000)
            told = [alert.body for alert in elements(shown, "alert")]
            assert len(told) == 1 and told[0].startswith("The text has more than 4,000 characters; at most 2,000")
    grown = server.metric("process_resident_memory_bytes") - before
    assert grown < 60e6, "twenty texts of 3.8 MB; each was kept three times over"


def test_a_session_holds_files_for_its_boxes_and_no_more(server: ClassServer) -> None:
    with Tab(server.url) as tab, Tab(server.url) as other:
        tab.run("Text_heatmap", QUERY)
        other.run("Text_heatmap", QUERY)
        said = [upload(server, tab.session, multipart(900_000), path=f"file-{i}") for i in range(7)]
        assert [status for status, _ in said] == [204] * 5 + [413] * 2
        assert said[-1][1] == "This page holds 4.5 MB of files; at most 4 MB are allowed. Remove one.\n"
        assert upload(server, other.session, multipart(900_000))[0] == 204, "the neighbour's are its own"


def test_files_that_a_run_has_read_leave_room_for_others(server: ClassServer) -> None:
    """The text in them is too long here: they are refused one after another."""
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        for number in range(7):
            assert upload(server, tab.session, multipart(900_000), path=f"file-{number}")[0] == 204
            shown = tab.forge("Text_heatmap", shown, text_file=Forged(file=f"file-{number}"))
            [told] = [alert.body for alert in elements(shown, "alert")]
            assert "has 900,000 bytes, too many to be shortened here" in told


def test_the_log_tells_of_it_without_a_word_of_a_user(server: ClassServer) -> None:
    """After the tests above."""
    events = [line["event"] for line in server.log()]
    assert "session closed: a message that no page sends" in events
    assert "ééé" not in server.printed()


def test_a_page_in_a_flood_of_small_frames(server: ClassServer) -> None:
    beat = BackMsg()
    beat.app_heartbeat = True
    with Tab(server.url) as tab, flooding(tab, beat.SerializeToString()):
        time.sleep(0.5)
        assert slowest_step(server) < _SOON
    assert server.readiness()[0] == 200
