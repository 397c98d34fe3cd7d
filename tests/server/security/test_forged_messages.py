"""Messages that no page of ours sends, to a server of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed

from tests.support.browser import ROOT
from tests.support.class_server import SECONDS, ClassServer, Tab, elements
from tests.support.hostile import (
    QUERY,
    SECRET,
    Forged,
    Forger,
    everything,
    id_of,
    multipart,
    upload,
)
from ui.page import plain


def test_a_sample_is_one_of_ours_whatever_a_browser_asks_for(server: ClassServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        first = elements(shown, "text_area")[0].default
        [samples] = [box for box in elements(shown, "selectbox") if box.label == "Start from a sample"]
        title = samples.options[-1]
        for name in (str(secret), f"../../../../../../../..{secret}", "../words/nouns.txt", "."):
            shown = tab.forge("Text_heatmap", shown, sample=name)
            assert SECRET.encode() not in everything(shown)
            assert elements(shown, "text_area")[0].default == first
        shown = tab.forge("Text_heatmap", shown, sample=title)  # so a sample is asked for
        assert elements(shown, "text_area")[0].default != first


def test_a_word_source_is_never_a_folder_whatever_a_browser_asks_for(server: ClassServer, tmp_path: Path) -> None:
    for name in ("nouns", "verbs"):
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{SECRET}{number}" for number in range(200)))
    with Forger(server.url) as tab:
        shown = tab.run("Words", QUERY)
        shown = tab.forge("Words", shown, word_source=str(tmp_path))
        assert [alert.body for alert in elements(shown, "alert")] == [
            plain(f"The word source “{str(tmp_path)[:80]}” is not offered here; choose notebook or bundled.")
        ]
        assert SECRET.encode() not in everything(shown)


@pytest.mark.parametrize("name", ["EleutherAI/pythia-70m", "/etc", "../..", "http://127.0.0.1:9/x"])
def test_a_model_is_one_of_the_list_whatever_a_browser_asks_for(name: str, server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.forge("", tab.run("", QUERY), model=name)
        assert plain(f"This server does not offer the model “{name}”; it offers bundled.") in [
            alert.body for alert in elements(shown, "alert")
        ]


@pytest.mark.parametrize(
    ("page", "forged"),
    [
        ("Neurons", {"n_target": "many"}),
        ("Neurons", {"layer": "deep"}),
        ("Neurons", {"n_target": 10**9, "alpha": 7, "neuron": -5}),
        ("Neurons", {"target": "<b>", "test": "x", "correction": "y", "family": "z", "pooling": "p", "hook_side": "h"}),
        ("Text_heatmap", {"neurons": [str(number) for number in range(200)]}),
        ("Text_heatmap", {"neurons": ["x", "-1"]}),
        (
            "Text_heatmap",
            {"text_heatmap": {"display": {"scale": "log", "by": ["word"], "threshold": 10**30, "at": "now"}}},
        ),
        ("Text_heatmap", {"text_heatmap": {"display": ["scale"], "clicked": {"index": 10**9, "text": "x", "at": 1}}}),
        ("Text_heatmap", {"text_heatmap": {"display": "x" * 100_000, "clicked": 5}}),
    ],
)
def test_forged_values_show_no_details_and_break_nobody_elses_page(
    page: str, forged: dict[str, Any], server: ClassServer
) -> None:
    with Forger(server.url) as tab:
        shown = tab.forge(page, tab.run(page, QUERY), **forged)
        sent = everything(shown)
        assert not elements(shown, "exception")
        assert not any(detail in sent for detail in (b"Traceback", str(ROOT).encode(), b"site-packages", b'File "'))
    with Tab(server.url) as other:
        shown = other.run(page, QUERY)
        assert not elements(shown, "alert") and not elements(shown, "exception")


@pytest.mark.parametrize(
    "value",
    [
        "[" * 900_000,
        "{",
        '{"boxes": {"text": "\\ud800"}}',
        f'{{"boxes": {{"text": "{"x" * 800_000}"}}}}',
        '{"boxes": {"text": {"a": 1}}, "settings": {"alpha": 1e999, "n_target": "many"}, "choices": [[]], "link": 3}',
    ],
)
def test_what_a_tab_gives_back_may_be_forged(value: str, server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        text = elements(shown, "text_area")[0].default
        forged = Forged(trigger=f'[{{"event": "kept", "value": {value}}}]')
        sent = everything(tab.forge("Text_heatmap", shown, kept_in_tab=forged))
        assert not any(detail in sent for detail in (b"Traceback", str(ROOT).encode(), b"site-packages", b'File "'))
        shown = tab.run("Text_heatmap", QUERY)
        assert not elements(shown, "exception") and elements(shown, "text_area")[0].default == text


def test_a_message_that_is_too_large_ends_the_connection(server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        asked = BackMsg()
        asked.rerun_script.query_string = QUERY
        state = asked.rerun_script.widget_states.widgets.add()
        state.id, state.string_value = id_of(shown, "text"), "x" * (26 * 2**20)
        with pytest.raises(ConnectionClosed) as closed:
            tab.socket.send(asked.SerializeToString())
            while True:
                tab.socket.recv(timeout=SECONDS)
        # Where the server hangs up before all of it is sent, its reason may be lost on the way.
        assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
    assert server.get("/_stcore/health").status == 200


def test_what_streamlit_leaves_off_is_off(server: ClassServer) -> None:
    """Nobody but a browser drives the app; nobody is told of a repository; nothing is written beside app.py."""
    for route in ("interact", "mcp"):
        answer = server.get(f"/_stcore/agent/{route}", method="POST", data=b"{}")
        assert answer.status in (400, 403, 404) and "does not serve" in answer.text
    assert "<title>Streamlit</title>" in server.get("/_stcore/script-health-check").text  # no such route: the page
    with Forger(server.url) as tab:
        tab.run("", QUERY)
        asked = BackMsg()
        asked.load_git_info = True
        tab.socket.send(asked.SerializeToString())
        asked = BackMsg()
        asked.backend_operation_request.request_id, asked.backend_operation_request.session_id = "1", tab.session
        asked.backend_operation_request.install_skills.SetInParent()
        tab.socket.send(asked.SerializeToString())
        told = tab.receive(until="backend_operation_response")
        assert told[-1].backend_operation_response.error_reason == "refused:headless"
        assert "git_info_changed" not in [message.WhichOneof("type") for message in told]


def test_the_logs_tell_nothing_of_all_this(server: ClassServer) -> None:
    """After what the tests above have sent."""
    with Forger(server.url) as tab:
        shown = tab.run("Words", urlencode({"target": SECRET, "model": SECRET, "word_source": f"/{SECRET}"}))
        tab.forge("Words", shown, word_source=f"/{SECRET}", n_target=SECRET)
        upload(server, tab.session, multipart(10, f"{SECRET}.txt"))
        upload(server, f"{SECRET}-session", multipart(10))
    printed = server.printed() + server.complaints()
    assert '"event": "request"' in printed
    assert not any(mark in printed for mark in (SECRET, "evil.example", "pythia", "secret.txt", "Traceback"))
