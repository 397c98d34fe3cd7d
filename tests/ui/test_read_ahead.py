"""The Text heatmap's own text is read while the sidebar is drawn: once, and nothing else is."""

from __future__ import annotations

import pytest

from engine import steps
from engine.pipeline import forget_everything
from tests.support.pages import TEXT, WORDS, heatmap, open_page, said, settle
from ui import sidebar
from ui.panels import text_input


@pytest.fixture
def happened(monkeypatch):
    """What happened in a run, in its order: "read" with a text, "asked" with one, and "sidebar"."""
    log = []

    def noted(what, function, text_of):
        def call(*given, **more):
            log.append((what, text_of(*given)))
            return function(*given, **more)

        return call

    read = noted("read", steps.layered_token_activations, lambda lm, text, *_: text)
    monkeypatch.setattr(steps, "layered_token_activations", read)
    monkeypatch.setattr(text_input, "begin", noted("asked", text_input.begin, lambda step, request, _: request.text))
    monkeypatch.setattr(sidebar, "draw", noted("sidebar", sidebar.draw, lambda *_: ""))
    return log


def type_text(at, text):
    at.text_area(key="text").set_value(text)
    return settle(at)


def test_a_new_text_is_asked_for_before_the_sidebar_and_read_once(happened):
    at = open_page(TEXT)
    happened.clear()
    text = "The heron waits beside a slow river."
    type_text(at, text)
    assert "".join(heatmap(at)["pieces"]) == text
    without_reading = [(what, of) for what, of in happened if what != "read"]
    assert without_reading[:2] == [("asked", text), ("sidebar", "")]
    assert [of for what, of in happened if what == "read"] == [text]
    assert [what for what, _ in happened].count("asked") == 1, "later runs find it in the cache"


@pytest.mark.parametrize("source", ["tagged", "two"])
def test_the_box_is_not_read_while_other_texts_are_shown(happened, source):
    at = open_page(TEXT)
    type_text(at, "A plum falls from the tree.")
    happened.clear()
    forget_everything()  # it would be read anew
    at.segmented_control(key="text_source").set_value(source)
    settle(at)
    assert not [what for what, _ in happened if what == "asked"]


def test_another_page_reads_no_text(happened):
    open_page(WORDS)
    assert {what for what, _ in happened} == {"sidebar"}


def test_a_text_that_is_too_long_is_refused_where_it_was(happened, monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "100")
    at = type_text(open_page(TEXT), "word " * 30)
    assert len(at.error) == 1 and "at most 100" in said(at.error)[0]
