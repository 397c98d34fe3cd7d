"""benchmarks.first_visit, benchmarks.interaction: tables and marks from made-up figures, and what a page received."""

from __future__ import annotations

import base64

import pytest

from benchmarks import interaction, interaction_text
from benchmarks.browser import Received
from benchmarks.first_visit import NETWORKS, Visit, found_marks, tables


class Session:
    """A session of a browser's developer tools that says what it is told to."""

    def __init__(self):
        self.listeners = {}

    def send(self, method):
        assert method == "Network.enable"

    def on(self, event, listener):
        self.listeners[event] = listener

    def say(self, event, **what):
        self.listeners[f"Network.{event}"](what)


def test_what_a_page_received():
    session = Session()
    received = Received(session)
    session.say("requestServedFromCache", requestId="2")
    for number, url in enumerate(("http://a/", "http://a/cached", "http://a/disk", "data:,x"), start=1):
        answer = {"url": url, "fromDiskCache": url.endswith("disk")}
        session.say("responseReceived", requestId=str(number), response=answer)
    session.say("loadingFinished", encodedDataLength=700.0)
    session.say("webSocketFrameReceived", response={"opcode": 2, "payloadData": base64.b64encode(bytes(100)).decode()})
    session.say("webSocketFrameReceived", response={"opcode": 1, "payloadData": "é"})
    assert (received.requests, received.http_bytes, received.frames, received.frame_bytes) == (1, 700, 2, 102)


@pytest.fixture
def pairs():
    """Three pairs on each network, every one worse than the one before."""
    return {
        network.name: [
            (
                Visit(2.5 + i / 10, 0.1, 100, headline=1.0, preview=1.5, chart=network.bound - 0.5 + i / 4),
                Visit(0.0, 0.1 + i / 10, 5, 0.5, 0.75, 1.0),
            )
            for i in range(3)
        ]
        for network in NETWORKS
    }


def test_marks_of_visits_are_medians_of_seconds_and_most_of_bytes(pairs):
    marks = found_marks(pairs)
    assert [round(mark.value, 2) for mark in marks] == [2.8, 2.55, 3.95, 9.25, 8.25, 0.3]
    assert [mark.met for mark in marks] == [True] * 5 + [False]
    pairs[NETWORKS[-1].name] = [
        (Visit(2.5, 0.1, 100, headline=9.0, preview=9.0, chart=9.6), pairs[NETWORKS[0].name][0][1])
    ]
    assert [mark.met for mark in found_marks(pairs)] == [True, True, True, False, False, False]


def test_tables_of_visits(pairs):
    visits, marks = tables(pairs, found_marks(pairs))
    assert visits.splitlines()[2:4] == [
        "| loopback | first | 2.70 | 0.100 | 100 | 1.00 | 1.50 | 2.55 | 2.30–2.80 |",
        "| loopback | second | 0.200 | 0.200 | 5 | 0.500 | 0.750 | 1.00 | 1.00–1.00 |",
    ]
    assert "| first chart, loopback | 2.55 s | ≤ 2.8 s: met |" in marks


def test_presses_have_a_row_for_each_action_with_its_mark():
    tries = {
        "layer": [interaction.Try(ms, 80, 24_000, cpu) for ms, cpu in ((310.0, 0.04), (290.0, 0.02), (280.0, 0.06))],
        "page switch to Neurons": [interaction.Try(301.0, 8, 500, 0.01)],
    }
    marks = interaction.found_marks(tries)
    assert [(mark.what, mark.value, mark.met) for mark in marks.values()] == [
        ("layer", 290.0, True),
        ("page switch to Neurons", 301.0, False),
    ]
    assert interaction.table(tries, marks).splitlines()[2:] == [
        "| layer | 290 | 280–310 | ≤ 300 ms: met | 80 | 24.0 | 40 |",
        "| page switch to Neurons | 301 | 301–301 | ≤ 300 ms: **missed** | 8 | 0.5 | 10 |",
    ]


def test_every_row_of_presses_has_a_name_of_its_own():
    """Both values of an action share a row, or have one each; no action hides another one's."""
    rows = [{action.name.format(value) for value in action.values} for action in interaction.ACTIONS]
    assert sum(map(len, rows)) == len(set().union(*rows)) == 7


def test_frames_have_a_row_for_each_thing_that_the_hand_did():
    frames = {
        "pointing": interaction_text.Frames((16.0,) * 18 + (33.0, 90.0)),
        "scrolling": interaction_text.Frames((16.0,) * 90 + (50.0,) * 10),
    }
    assert [(mark.value, mark.met) for mark in interaction_text.frame_marks(frames)] == [(90.0, False), (50.0, False)]
    assert interaction_text.Frames((16.0,) * 39 + (90.0,)).percentile(0.95) == 16.0
    assert (
        interaction_text.frame_table(frames).splitlines()[2] == "| pointing | 20 | 16 | 90 | 90 | ≤ 34 ms: **missed** |"
    )
    assert {*interaction_text.bounds()} == {
        "a new text of 150 tokens", "a new text of 1,400 tokens", "colour scale, 1,400 tokens",
    }  # fmt: skip
