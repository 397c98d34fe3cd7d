"""The print-out of a session: HTML that parses, asks for nothing, and shows what was typed as it was typed."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go

from core.records.registration import Change
from core.report import registration as report
from core.report.figures.registered import registered_aucs
from core.report.html_report import Drawing
from core.report.session_report import Answer, CheckRun, Score, Session, session_html
from tests.support.made_registrations import LOCAL, WHEN, made_opened, made_registration
from tests.support.made_results import made_result

HOSTILE = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>"
DRAWING = Drawing("Every neuron", {"data": [{"type": "scatter", "y": [1.0]}], "layout": {"height": 200}}, HOSTILE)
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Checks that elements nest, and keeps the text, the addresses and the scripts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.addresses, self.tags = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def full():
    return Session(
        neuron=3,
        saved_at=WHEN,
        saved_at_local=LOCAL,
        name=HOSTILE[:80],
        claim=HOSTILE,
        not_borne=((HOSTILE, "causal was not run"),),
        answers=(Answer(HOSTILE, "nouns", "verbs", WHEN),),
        scores=(Score("which text", 7, 10, "[39%, 89%]"),),
        registered=((made_opened(hypothesis=HOSTILE), (Change("layer", "2", HOSTILE),)),),
        seat=(("Class code", HOSTILE),),
        evidence=HOSTILE,
        checks=(CheckRun("Held-out words", "holds", "AUC 0.9", HOSTILE),),
    )


def test_a_full_session_is_escaped_and_asks_for_nothing():
    written = session_html(full(), made_result(), "Holm", [DRAWING])
    read = Reader(written)
    text = re.sub(r"\s+", " ", " ".join(read.text))
    assert text.count("<img src=x onerror=alert(1)>") == 11 and "img" not in read.tags
    assert read.addresses == [] and read.tags.count("script") == 3  # plotly, ours, the figure's numbers
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', written)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert 'data-theme="light"' in written and '<meta name="color-scheme" content="light">' in written
    for part in ("7 of 10", "[39%, 89%]", "Changed after the lock", "Held-out words", "Planned: one Welch's t-test"):
        assert part in text, part
    assert "UTC+09:00" in text and report.LIMITS in text


def test_an_empty_session_says_what_is_missing():
    text = " ".join(Reader(session_html(Session(3, WHEN, WHEN), made_result(), "Holm", [])).text)
    for sentence in (
        "No claim was written.",
        "Nothing was registered.",
        "No step of the lesson was done.",
        "No round of the quiz was played.",
        "No check of this neuron was run.",
    ):
        assert sentence in text
    assert "Grammar Neurons: a session" in text and "local" not in text.split("A print-out")[0]


def test_the_json_has_what_was_locked_found_and_changed():
    one = made_opened()
    forged = made_opened(neuron=18).__class__(made_registration(neuron=18), one.digest)
    written = json.loads(report.registrations_json([(one, [Change("layer", "2", "3")]), (forged, [])], WHEN))
    assert written["format"] == "grammar-neurons-registrations" and written["saved_at"] == WHEN
    first, second = written["registrations"]
    assert first["registered"] == one.registration.to_plain() and first["intact"] and not second["intact"]
    assert first["verdicts"] == {"held_out": "holds", "gold_text": "holds"} and second["verdicts"] == {}
    assert first["changed_after_the_lock"] == [{"setting": "layer", "registered": "2", "reported": "3"}]
    assert first["correction"] == "none"


def test_the_picture_has_each_interval_and_the_smallest_effect():
    picture = registered_aucs(made_opened(smallest_auc=0.6))
    go.Figure(picture)  # plotly accepts it
    [trace] = picture["data"]
    assert trace["x"] == [0.85, 0.8] and trace["y"] == ["Held-out words", "Tagged text"]
    np.testing.assert_allclose(trace["error_x"]["array"], [0.05, 0.04])
    np.testing.assert_allclose(trace["error_x"]["arrayminus"], [0.07, 0.04])
    assert [shape["x0"] for shape in picture["layout"]["shapes"]] == [0.5, 0.6]
