"""The class server in a process of its own: what it answers, logs and refuses, and how it starts and ends."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import inspect
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import media_file_manager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.watcher.local_sources_watcher import LocalSourcesWatcher
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from core.experiment import run_contrast
from core.limits import Limits, variable
from core.models import load_model
from core.records import NOTEBOOK, UserError
from server import amendments, logs
from server.headers import SecurityHeaders, inline_script_hashes
from server.request_log import known_path, page_paths
from server.warm_start import FAILED, READY, REFUSED, STOPPING, WARMING_UP, WarmStart
from tests.browser import ROOT, free_port
from tests.class_server import SECONDS, Tab, class_server, elements
from ui.settings import DEFAULT

SECRET = "Zanzibar-Quokka-Ünïcode"
SECRETS = (SECRET, quote(SECRET), SECRET.lower())
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A ready class server, started from another folder; ``said`` is what /readyz said until then."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with class_server({"GRAMMAR_NEURONS_MAX_UPLOAD_MB": "3"}, cwd=elsewhere) as running:
        running.health_at_first = running.get("/_stcore/health").status
        running.said = running.until_ready()
        yield running


# A server whose app and warm start go wrong in every way that might tell what a user wrote.
TROUBLED_APP = """
import logging, threading, time, warnings
import streamlit as st

written = st.query_params.get("written", "")
if st.query_params.get("busy"):
    import numpy as np
    def work():
        rows = np.random.default_rng(0).random((1500, 1500))
        while True:
            rows = rows @ rows / 1500
    threading.Thread(target=work, daemon=True, name="job").start()
    st.stop()

logging.getLogger("some.library").warning(f"Could not read {written}")
logging.getLogger("some.library").warning("Could not read %s", written)
logging.getLogger("some.library").warning("Read %d of %d", 3, 7)
logging.getLogger("some.library").info("of no interest")
warnings.warn(written)

def fail():
    raise OSError(written)

thread = threading.Thread(target=fail)
thread.start()
thread.join()
try:
    raise KeyError(written)
except KeyError as error:
    raise ValueError(f"cannot take {written}") from error
"""
TROUBLED_SERVER = """
import sys
from pathlib import Path
from core.records import UserError
from server import logs, options
from server.application import Application
from server.listening import serve_and_exit
from server.warm_start import WarmStart

def refuse():
    raise UserError("The folder “/srv/models/bird” holds no model.")

logs.configure()
serve_and_exit(Application(Path(sys.argv[1]), options.read(), WarmStart(refuse)))
"""


@pytest.fixture(scope="module")
def troubled_command(tmp_path_factory):
    app = tmp_path_factory.mktemp("troubled") / "troubled.py"
    app.write_text(TROUBLED_APP, encoding="utf-8")
    return ("-c", TROUBLED_SERVER, str(app))


@pytest.fixture(scope="module")
def troubled(troubled_command):
    with class_server(command=troubled_command) as running:
        yield running


def until(true, evidence):
    """Wait until something is true; ``evidence`` gives what the message shows if it never is."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, evidence()
        time.sleep(0.02)


# --- The warm start ---


def test_it_is_healthy_at_once_and_ready_after_the_warm_start(server):
    assert server.health_at_first == 200
    assert server.said == [(503, WARMING_UP), (200, READY)]
    assert server.metric("grammar_neurons_ready") == 1
    assert server.metric("grammar_neurons_model_loads_total") == 1
    assert server.until_logged("ready")["seconds"] > 0


def test_the_first_pages_do_no_model_work(server):
    """Nor those of whoever chooses the notebook's preset: both contrasts are there, from real forward passes."""

    shelves = ("model", "words", "activations", "inputs", "conclusion", "profile")

    def work():
        passes = server.metric("grammar_neurons_forward_passes_total", kind="words")
        misses = [server.metric("grammar_neurons_cache_requests_total", cache=c, outcome="miss") for c in shelves]
        return passes, server.metric("grammar_neurons_model_loads_total"), *misses

    before = work()
    assert before[0] >= 2 and all(before)
    for spec in (DEFAULT, DEFAULT.changed(**NOTEBOOK)):
        expected = run_contrast(spec, load_model("bundled"))
        with Tab(server.url) as tab:
            shown = tab.run(query=urlencode(spec.to_params()))
            assert elements(shown, "metric")[0].body == f"{expected.n_higher:,} of {expected.n_neurons:,} neurons"
            assert not elements(shown, "progress")
            for page in ("Neurons", "Words"):
                assert not elements(tab.run(page, urlencode(spec.to_params())), "progress")
    assert work() == before


def test_a_warm_start_is_tried_again_and_spares_the_collector():
    outcomes = [UserError("No such model."), ValueError("broken"), None]
    states = []

    def work():
        states.append(start.state)
        outcome = outcomes.pop(0)
        if outcome:
            raise outcome

    start = WarmStart(work, retry_seconds=0.01)
    frozen = gc.get_freeze_count()
    start.begin()
    try:
        until(lambda: start.ready, lambda: states)
        assert states == [WARMING_UP, REFUSED, FAILED] and start.state == READY
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


def test_a_refused_warm_start_says_so_without_the_path_and_logs_why(troubled):
    line = troubled.until_logged("warm start refused")
    assert line["reason"] == "The folder “/srv/models/bird” holds no model." and line["level"] == "error"
    assert troubled.readiness() == (503, REFUSED)
    assert "/srv" not in REFUSED
    assert troubled.get("/_stcore/health").status == 200
    assert troubled.metric("grammar_neurons_ready") == 0


# --- Metrics ---


def test_metrics_can_be_parsed_and_count_the_tabs(server):
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {
        "process_resident_memory_bytes",
        "grammar_neurons_queue_length",
        "grammar_neurons_script_errors",
    } <= families
    assert server.metric("grammar_neurons_sessions") == 0
    with Tab(server.url) as first, Tab(server.url) as second:
        first.run()
        second.run()
        assert server.metric("grammar_neurons_sessions") == 2
    until(lambda: server.metric("grammar_neurons_sessions") == 0, server.printed)


# --- Headers, and who may ask ---


@pytest.mark.parametrize(
    "path",
    ["/", "/Neurons", "/readyz", "/metrics", "/_stcore/health", "/media/no-such-file", "/a/_stcore/health", "//"],
)
def test_every_answer_has_the_security_headers(server, path):
    headers = server.get(path).headers
    assert {name: headers.get_all(name) for name in SECURITY} == {name: [value] for name, value in SECURITY.items()}
    (policy,) = headers.get_all("Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["connect-src"] == rules["base-uri"] == rules["form-action"] == "'self'"
    assert "unsafe" not in rules["script-src"].replace("'wasm-unsafe-eval'", "")
    assert "http" not in policy and "*" not in policy
    assert "microphone=()" in headers["Permissions-Policy"]
    assert headers["Server"] is None


def test_inline_scripts_are_allowed_by_the_hash_of_the_csp_specification():
    page = '<p><script type="module" src="a.js"></script><script>alert(\'Hello, world.\');</script>'
    assert inline_script_hashes(page) == ["'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_headers_replace_those_of_the_app_and_leave_websockets_alone(kind):
    start = {"http": "http.response.start", "websocket": "websocket.accept"}[kind]
    sent = []

    async def app(scope, receive, send):
        await send({"type": start, "status": 200, "headers": [(b"X-Frame-Options", b"SAMEORIGIN"), (b"a", b"b")]})

    async def send(message):
        sent.append(message)

    asyncio.run(SecurityHeaders(app, {"X-Frame-Options": "DENY"})({"type": kind}, None, send))
    expected = {"http": [(b"a", b"b"), (b"x-frame-options", b"DENY")]}
    assert sent[0]["headers"] == expected.get(kind, [(b"X-Frame-Options", b"SAMEORIGIN"), (b"a", b"b")])


def test_an_upload_needs_the_token_and_a_websocket_the_origin(server):
    with Tab(server.url) as tab:
        tab.run("Text_heatmap")
        assert server.get(f"/_stcore/upload_file/{tab.session}/1", method="PUT", data=b"x").status == 403
    address = f"{server.url.replace('http', 'ws', 1)}/_stcore/stream"
    with pytest.raises(InvalidHandshake), connect(address, origin="http://elsewhere.example", proxy=None):
        pass
    with connect(address, origin=server.url, proxy=None, subprotocols=["streamlit"]):
        pass
    assert server.until_logged(
        "Rejecting WebSocket connection with disallowed Origin or Host header: origin=%s, host=%s"
    )
    assert not [line for line in server.log() if "external IP" in line["event"]], "a server outside was asked"


def test_options_come_from_the_limits_and_from_the_config_beside_the_app(server):
    with Tab(server.url) as tab:
        shown = tab.run("Text_heatmap")
    assert [uploader.max_upload_size_mb for uploader in elements(shown, "file_uploader")] == [3]
    (session,) = [message.new_session for message in shown if message.HasField("new_session")]
    assert session.config.toolbar_mode == session.config.ToolbarMode.Value("MINIMAL")
    assert not session.config.gather_usage_stats


def test_a_dropped_connection_finds_its_session_again(server):
    with Tab(server.url) as tab:
        tab.run("Words", "layer=2")
        session = tab.session
    with Tab(server.url, session=session) as tab:
        tab.run("Words")
        assert tab.session == session
    with Tab(server.url, session="0b5e0000-0000-0000-0000-000000000000") as tab:
        tab.run()
        assert tab.session not in ("0b5e0000-0000-0000-0000-000000000000", session)


# --- Logs ---


def test_logs_tell_requests_and_nothing_that_a_user_wrote(server):
    words = {"target": "custom", "target_words": f"{SECRET}\ndog", "n_target": "2", "n_baseline": "2"}
    query = urlencode(words)
    server.get(f"/?{query}")
    server.get(f"/{quote(SECRET)}?{query}")
    server.get(f"/media/{quote(SECRET)}.csv")
    server.get("/metrics?" + query)
    server.get(f"/{quote(SECRET)}/_stcore/health")
    with Tab(server.url, query=query) as tab:
        assert SECRET in "".join(element.value for element in elements(tab.run(query=query), "text_area"))
        for page in ("Neurons", "Words", "Text_heatmap"):
            tab.run(page, query)
        tab.socket.send(SECRET.encode())  # no message of Streamlit's
        assert tab.until_closed() == 1002
    with socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=SECONDS) as raw:
        raw.sendall(f"{SECRET} nonsense\r\n\r\n".encode())
        assert b"400" in raw.recv(1000)
    with socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=SECONDS) as raw:
        raw.sendall(b"QUOKKA / HTTP/1.1\r\nHost: quokka\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1" in raw.recv(1000)
    server.get("/Words")

    def requests():
        return [(line["method"], line["path"], line["status"]) for line in server.log() if line["event"] == "request"]

    until(lambda: ("GET", "/Words", 200) in requests(), server.printed)
    requests = requests()
    assert ("GET", "/", 200) in requests
    assert ("GET", "/media", 404) in requests and ("GET", "other", 200) in requests
    assert any(method == "other" for method, _, _ in requests)
    assert not any(path in ("/metrics", "/readyz", "/static") for _, path, _ in requests)
    said = server.printed() + server.complaints()
    assert not any(secret in said for secret in (*SECRETS, "QUOKKA", "quokka", "dog"))


def test_every_line_is_one_json_object_with_its_time_in_utc(server):
    server.get("/")
    lines = server.log()
    assert server.complaints() == ""
    assert len(lines) > 2
    for line in lines:
        assert {"time", "level", "logger", "event"} <= set(line)
        when = datetime.fromisoformat(line["time"])
        assert when.utcoffset().total_seconds() == 0
        assert abs((datetime.now(UTC) - when).total_seconds()) < 3_600
        assert "\n" not in line["event"]


def test_an_error_of_a_page_is_told_by_its_place_to_the_log_and_by_a_sentence_to_the_user(troubled):
    with Tab(troubled.url) as tab:
        shown = tab.run(query=urlencode({"written": SECRET}))
    (alert,) = elements(shown, "alert")
    assert alert.body.startswith("Something went wrong on the server.") and SECRET not in alert.body
    assert not elements(shown, "exception")
    assert troubled.metric("grammar_neurons_script_errors_total") == 1

    line = troubled.until_logged("Uncaught app execution")
    place = TROUBLED_APP.splitlines().index('    raise ValueError(f"cannot take {written}") from error') + 1
    assert line["error"]["type"] == "builtins.ValueError"
    assert line["error"]["places"][-1] == f"troubled.py:{place} <module>"
    assert line["error"]["cause"]["type"] == "builtins.KeyError"
    assert troubled.until_logged("Python warning")["kind"] == "UserWarning"
    assert troubled.until_logged("uncaught error in a thread")["error"]["type"] == "builtins.OSError"

    library = [line["event"] for line in troubled.log() if line["logger"] == "some.library"]
    assert library == [logs.WITHHELD, "Could not read %s", "Read 3 of 7"]
    said = troubled.printed() + troubled.complaints()
    assert not any(secret in said for secret in SECRETS)


@pytest.mark.parametrize(
    ("message", "arguments", "told"),
    [
        ("Cannot read the file.", (), "Cannot read the file."),
        ("Cannot read %s.", ("diary.txt",), "Cannot read %s."),
        ("Read %d of %.1f.", (2, 3.5), "Read 2 of 3.5."),
        ("Two parts\n", (), "Two parts"),
        ("Read %d of 100%.", (2,), "Read %d of 100%."),
        ("put together " + str(1), (), None),
        (ValueError("diary.txt"), (), None),
    ],
)
def test_only_texts_of_the_source_are_told(message, arguments, told):
    record = logging.getLogger("x").makeRecord("x", logging.ERROR, __file__, 1, message, arguments, None)
    assert logs.event_of(record) == told


def test_a_source_that_cannot_be_read_tells_nothing():
    record = logging.getLogger("x").makeRecord("x", logging.ERROR, "<frozen os>", 1, "Cannot read the file.", (), None)
    assert logs.event_of(record) is None


def test_the_known_paths_are_those_that_streamlit_serves():
    from streamlit.source_util import page_icon_and_name

    names = {page_icon_and_name(file)[1] for file in (ROOT / "pages").glob("*.py")}
    assert page_paths() == {"/", *(f"/{name}" for name in names)}


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/", "/"),
        ("/Text_heatmap", "/Text_heatmap"),
        ("/_stcore/upload_file/5e55/1", "/_stcore/upload_file"),
        ("/static/js/index.js", "/static"),
        ("/Words/_stcore/host-config", "/_stcore/host-config"),
        ("/readyz", "/readyz"),
        ("/readyz/x", "other"),
        ("/Neurons/x", "other"),
        ("/etc/passwd", "other"),
    ],
)
def test_paths_are_told_as_far_as_they_are_ours(path, known):
    assert known_path(path, page_paths()) == known


# --- The end ---


def test_sigterm_ends_it_in_order_with_open_tabs_and_work_under_way(troubled_command):
    with class_server(command=troubled_command) as running, Tab(running.url) as tab, Tab(running.url) as busy:
        tab.run()
        busy.run(query="busy=1")
        asked = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.until_logged("told to end")
        assert running.readiness() in ((503, STOPPING), (0, ""))
        assert tab.until_closed() == 1012  # service restart: the browser tries again
        assert running.process.wait(timeout=SECONDS) == 0
        assert time.monotonic() - asked < 20
        assert running.log()[-1]["event"] == "ended"
        assert running.complaints() == ""


def test_it_says_that_it_is_stopping_before_it_refuses_connections(server):
    """Last of the tests with this server: it ends here."""
    server.process.send_signal(signal.SIGTERM)
    said = []
    while (now := server.readiness())[0]:
        if now not in said[-1:]:
            said.append(now)
        time.sleep(0.02)
    assert said[-1] == (503, STOPPING)
    assert server.process.wait(timeout=SECONDS) == 0
    assert server.complaints() == ""


# --- What is refused ---


def test_the_table_of_limits_is_that_of_the_code():
    page = (ROOT / "docs" / "class-server.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| `(GRAMMAR_NEURONS_\w+)` \| ([^|]*) \|", page, re.MULTILINE))
    expected = {variable(item.name): item.default for item in dataclasses.fields(Limits)}
    expected |= {"GRAMMAR_NEURONS_MODELS": "`bundled`", "GRAMMAR_NEURONS_MODEL_ROOT": "none"}
    assert {name: written[name] for name in expected} == {
        name: value if isinstance(value, str) else f"{value:,}" for name, value in expected.items()
    }


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "GRAMMAR_NEURONS_PASSES",
            "many",
            "GRAMMAR_NEURONS_PASSES is “many”; a whole number from 1 to 64 is allowed.\n",
        ),
        ("STREAMLIT_SERVER_PORT", "eighty", "'eighty' is not a valid integer."),
    ],
)
def test_surroundings_that_ask_too_much_end_it_with_a_sentence(name, value, sentence):
    done = run_serve({name: value})
    assert done.returncode == 2 and done.stdout == ""
    assert sentence in done.stderr and done.stderr.count("\n") == 1


def test_a_port_that_is_taken_ends_it_with_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_serve({"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"})
    assert done.returncode == 2
    assert done.stderr == f"Cannot listen on port {port} of 127.0.0.1: Address already in use.\n"


def run_serve(environment):
    return subprocess.run(
        [sys.executable, "serve.py"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_another_asgi_server_can_run_it_and_logs_no_query_either():
    port = str(free_port())
    command = ("-m", "uvicorn", "serve:app", "--port", port)
    with class_server({"STREAMLIT_SERVER_PORT": port}, command=command) as running:
        assert running.get(f"/Words?{urlencode({'target_words': SECRET})}").headers["X-Frame-Options"] == "DENY"
        with Tab(running.url, query=f"x={SECRETS[1]}") as tab:
            tab.run()
        running.until_logged("session disconnected")
        said = running.printed() + running.complaints()
        assert '"/Words"' in said and not any(secret in said for secret in SECRETS)


def test_what_is_amended_in_streamlit_is_there_still():
    """The amendments replace these by name: an upgrade that renames them must not make them silent."""
    assert callable(LocalSourcesWatcher.update_watched_modules)
    assert list(inspect.signature(amendments._send_message).parameters) == ["self", "session_info", "msg"]
    assert list(inspect.signature(amendments._execute_deferred).parameters) == ["self", "file_id"]
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
    amendments._send_to_the_current_client(runtime, old, message)
    runtime = SimpleNamespace(_session_mgr=SimpleNamespace(get_active_session_info={}.get))
    amendments._send_to_the_current_client(runtime, old, message)
    assert sent == [("new", message), ("old", message)]


@pytest.mark.parametrize("amended", [True, False])
def test_a_file_made_at_a_press_outlives_the_runs_of_others(amended: bool, monkeypatch: pytest.MonkeyPatch):
    """Without the amendment the next two runs that end, anybody's, throw it away: an upgrade may mend that."""
    session = "presser"
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: session)
    storage = MemoryMediaFileStorage("/media")
    manager = media_file_manager.MediaFileManager(storage)
    make = amendments._make_for_the_session if amended else amendments._execute_deferred

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
        amendments.collect_now_and_then(stop, seconds=0.01)
        deadline = time.monotonic() + 10
        while gone() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert gone() is None
    finally:
        stop.set()
        gc.enable()
