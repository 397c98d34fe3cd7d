"""The class server in a process of its own: what it answers and refuses, and how it starts and ends."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from core.experiment import run_contrast
from core.models import load_model
from core.records import NOTEBOOK
from core.records.link import to_params
from server.headers import SecurityHeaders, inline_script_hashes
from server.warm_start import READY, REFUSED, STOPPING, WARMING_UP
from tests.support.browser import ROOT, free_port
from tests.support.class_server import SECONDS, Tab, class_server, elements
from tests.support.troubled_server import SECRET, SECRETS, until
from ui.defaults import DEFAULT

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_it_is_healthy_at_once_and_ready_after_the_warm_start(server):
    assert server.health_at_first == 200
    assert server.said == [(503, WARMING_UP), (200, READY)]
    assert server.metric("grammar_neurons_ready") == 1
    assert server.metric("grammar_neurons_model_loads_total") == 1
    assert server.until_logged("ready")["seconds"] > 0


def test_the_root_is_compressed_as_other_pages_are(server):
    for page in ("/", "/Neurons"):
        request = Request(server.url + page, headers={"Accept-Encoding": "gzip"})
        with urlopen(request, timeout=SECONDS) as answer:
            assert answer.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in answer.headers["Vary"]
            assert b'<div id="root">' in gzip.decompress(answer.read())


def test_the_first_pages_do_no_model_work(server):
    """Nor those of whoever chooses the notebook's preset: both contrasts are there, from real forward passes."""

    steps = ("model", "words", "activations", "tests", "adjusted", "conclusion", "profile")

    def work():
        passes = server.metric("grammar_neurons_forward_passes_total", kind="words")
        misses = [server.metric("grammar_neurons_cache_requests_total", cache=c, outcome="miss") for c in steps]
        return passes, server.metric("grammar_neurons_model_loads_total"), *misses

    server.until_logged("work after ready ended")
    before = work()
    assert before[0] >= 2 and all(before)
    for spec in (DEFAULT, DEFAULT.changed(**NOTEBOOK)):
        expected = run_contrast(spec, load_model("bundled"))
        with Tab(server.url) as tab:
            shown = tab.run(query=urlencode(to_params(spec)))
            assert elements(shown, "metric")[0].body == f"{expected.n_higher:,}"
            assert not elements(shown, "progress")
            for page in ("Neurons", "Words"):
                assert not elements(tab.run(page, urlencode(to_params(spec))), "progress")
    assert work() == before


def test_a_refused_warm_start_says_so_without_the_path_and_logs_why(troubled):
    line = troubled.until_logged("warm start refused")
    assert line["reason"] == "The folder “/srv/models/bird” holds no model." and line["level"] == "error"
    assert troubled.readiness() == (503, REFUSED)
    assert "/srv" not in REFUSED
    assert troubled.get("/_stcore/health").status == 200
    assert troubled.metric("grammar_neurons_ready") == 0


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
    assert {uploader.max_upload_size_mb for uploader in elements(shown, "file_uploader")} == {3}
    configs = [message.new_session.config for message in shown if message.HasField("new_session")]
    assert {config.toolbar_mode for config in configs} == {configs[0].ToolbarMode.Value("MINIMAL")}
    assert not any(config.gather_usage_stats for config in configs)


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


def test_sigterm_ends_it_in_order_with_open_tabs_and_work_under_way(troubled_command):
    with class_server(command=troubled_command) as running, Tab(running.url) as tab, Tab(running.url) as busy:
        tab.run()
        busy.run(query="busy=1")
        asked = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.until_logged("stopping")
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


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "GRAMMAR_NEURONS_QUEUE_LENGTH",
            "many",
            "GRAMMAR_NEURONS_QUEUE_LENGTH is “many”; a whole number from 1 to 10,000 is allowed.\n",
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
    said = f"Cannot listen on port {port} of 127.0.0.1: Address already in use. Choose another port with --port.\n"
    assert done.stderr == said


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
