"""What a message asks for, and what no page of ours would send."""

from __future__ import annotations

import time

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from engine.limits import MAX_LIST_CHARACTERS, limits
from server.sessions import messages


def rerun(**values: object) -> BackMsg:
    """A run with one widget of each value: text, list of texts, or numbers; its key is the argument."""
    message = BackMsg()
    message.rerun_script.query_string = "layer=1"
    for key, value in values.items():
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id = f"$$ID-0123456789abcdef-{key}"
        if isinstance(value, str):
            widget.string_value = value
        elif isinstance(value, dict):
            widget.json_value = value["json"]
        elif value and isinstance(value[0], str):
            widget.string_array_value.data.extend(value)
        else:
            widget.int_array_value.data.extend(value)
    return message


def test_what_a_message_asks_for() -> None:
    download, heartbeat, chunk = BackMsg(), BackMsg(), BackMsg()
    download.backend_operation_request.deferred_file.file_id = "1"
    chunk.backend_operation_request.dataframe_chunk.SetInParent()
    heartbeat.app_heartbeat = True
    git = BackMsg(load_git_info=True)
    asked = [messages.kind_of(each) for each in (rerun(), download, chunk, heartbeat, git, BackMsg())]
    assert asked == ["run", "download", "other", "nothing", None, None]


def test_what_pages_send_may_pass_and_stays_as_it_is() -> None:
    usual = rerun(
        neurons=[f"▲ {number} (AUC 0.93)" for number in range(6)],
        layer=[3],
        text="A text of a class. " * 1_000,
        target_text="word\n" * 10_000,
        neurons_plot={"json": '{"selection":' + "1" * 100_000 + "}"},
        model="EleutherAI/gpt-neo-125m",
    )
    before = usual.SerializeToString()
    assert messages.mistake_in(usual) is None
    assert not messages.shorten(usual) and usual.SerializeToString() == before


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (rerun(neurons=["7"] * 257), "Got 257 values of a widget; at most 256 are allowed."),
        (rerun(layer=[1] * 300), "Got 300 values of a widget; at most 256 are allowed."),
        (rerun(neurons=["x" * 10_001]), "A value of a widget has more than 10,000 characters."),
        (rerun(neurons_plot={"json": "1" * 1_000_001}), "Got 1,000,001 characters of a chart's state; at most 1,000,"),
        (rerun(**{f"w{i}": "a" for i in range(501)}), "Got 501 widgets; at most 500 are allowed."),
    ],
)
def test_what_no_page_sends_is_a_sentence(message: BackMsg, sentence: str) -> None:
    said = messages.mistake_in(message)
    assert said is not None and said.startswith(sentence)
    assert len(said.encode()) <= 123, "the reason of a close frame has no room for more (RFC 6455, 5.5.1)"


def test_addresses_hashes_and_names_of_files_are_counted_too() -> None:
    address, hashes, files = rerun(), rerun(), BackMsg()
    address.rerun_script.query_string = "a" * 100_001
    hashes.rerun_script.cached_message_hashes.extend(["0"] * 20_001)
    files.file_urls_request.file_names.extend(["a.txt"] * 11)
    for message, what in ((address, "characters of an address"), (hashes, "hashes"), (files, "files at once")):
        assert what in (messages.mistake_in(message) or "")


def test_three_million_bytes_of_values_are_refused_at_once() -> None:
    forged = BackMsg.FromString(rerun(neurons=["1234"] * 600_000).SerializeToString())
    started = time.perf_counter()
    assert "600,000 values" in (messages.mistake_in(forged) or "")
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(("key", "most"), [("text", 201), ("target_text", MAX_LIST_CHARACTERS + 1), ("model", 10_000)])
def test_what_is_refused_is_not_kept_whole(key: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "100")
    assert limits().kept_characters == 201
    within, beyond = rerun(**{key: "é" * most}), rerun(**{key: "é" * (most + 1)}, test="welch")
    assert not messages.shorten(within)
    assert messages.shorten(beyond)
    [text, other] = [widget.string_value for widget in beyond.rerun_script.widget_states.widgets]
    assert text == "é" * most and other == "welch"
