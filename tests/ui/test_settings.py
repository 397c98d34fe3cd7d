"""The settings in the sidebar: they survive every page, with what was mistyped and what is not drawn just now."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.errors import UserError
from core.records import CUSTOM, ContrastSpec
from core.records.link import to_params
from core.report import figures
from engine import steps
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    PAIRED,
    SMALL,
    TEXT,
    WORDS,
    go_to,
    link,
    metrics,
    open_page,
    said,
    settle,
    type_list,
)
from ui import settings

CHANGES = {
    "layer": 4, "target": "adjectives", "baseline": "adverbs", "n_target": 45, "n_baseline": 44,
    "leading_space": False, "prefix": False, "drop_shared": False, "hook_side": "activation", "pooling": "last",
    "unit": "word", "test": "mannwhitney", "correction": "sidak", "family": "layer", "alpha": 0.02,
    "dtype": "bfloat16", "shuffle_labels": True,
}  # fmt: skip
THERE_AND_BACK = (WORDS, TEXT, NEURONS, HOME, NEURONS, TEXT, WORDS)


@pytest.mark.parametrize("start", PAGES)
def test_settings_survive_every_page(start):
    at = open_page(start)
    for key, value in CHANGES.items():
        at.get_by_key(key).set_value(value)
    settle(at)
    spec = SMALL.changed(**CHANGES)
    for page in (start, *THERE_AND_BACK):
        go_to(at, page)
        assert link(at) == to_params(spec) and not at.error, page
        assert {key: at.get_by_key(key).value for key in CHANGES} == CHANGES, page


def test_own_lists_survive_pages_and_hiding():
    at = open_page(NEURONS)
    lists = {"target": ("dog", "cat"), "baseline": ("run", "go", "naïve café")}
    for side, words in lists.items():
        type_list(at, "\n".join(words), side)
    own = SMALL.changed(
        target=CUSTOM, n_target=2, target_words=lists["target"],
        baseline=CUSTOM, n_baseline=3, baseline_words=lists["baseline"],
    )  # fmt: skip
    assert link(at) == to_params(own)
    for side, listed in (("target", "nouns"), ("baseline", "verbs")):
        at.selectbox(key=side).set_value(listed)
        settle(at)
    assert link(at) == to_params(SMALL), "the counts are those from before the lists"
    for page in (TEXT, WORDS):
        go_to(at, page)
    for side in lists:
        at.selectbox(key=side).set_value(CUSTOM)
    settle(at)
    assert link(at) == to_params(own)
    for page in THERE_AND_BACK:
        go_to(at, page)
        assert link(at) == to_params(own) and not at.error, page
        assert [at.text_area(key=f"{side}_text").value for side in lists] == ["\n".join(w) for w in lists.values()]


@pytest.mark.parametrize("start", PAGES)
def test_a_mistake_is_told_with_advice_on_every_page(start):
    at = open_page(start, PAIRED)
    at.number_input(key="n_target").set_value(30)
    settle(at)
    for page in (start, *THERE_AND_BACK):
        go_to(at, page)
        (sentence,) = said(at.error)
        assert "30 target and 40 baseline" in sentence and sentence.count("Welch") == 1, page
        assert sentence.endswith("Make them equal, or choose Welch's test."), page
        (shown,) = [text for text in said(at.markdown) if "Your entries are kept" in text]
        assert shown.startswith("**Shown is the result of the last valid settings: 40 target words.**"), page
        assert (at.number_input(key="n_target").value, at.number_input(key="n_baseline").value) == (30, 40)
    at.selectbox(key="test").set_value("welch")
    settle(at)
    assert not at.error and link(at) == to_params(PAIRED.changed(test="welch", n_target=30))


@pytest.fixture
def back(monkeypatch):
    """Open an earlier address in the same session, as the browser's Back button does."""

    def go(at, params):
        at.query_params.clear()
        at.query_params.update(params)
        with monkeypatch.context() as patch:
            patch.setattr(settings, "get_script_run_ctx", lambda: SimpleNamespace(is_history_navigation=True))
            at.run()
        return settle(at)

    return go


def test_back_keeps_a_custom_list_that_is_too_long_for_the_address(back):
    words = "\n".join(f"word{i}" for i in range(400))
    at = open_page(WORDS)
    listed = link(at)
    type_list(at, words)
    custom = link(at)
    assert custom["target"] == CUSTOM and "target_words" not in custom
    at.slider(key="layer").set_value(3)
    settle(at)
    back(at, custom)
    assert link(at) == custom and not at.warning
    assert at.text_area(key="target_text").value == words
    back(at, listed)
    assert link(at) == listed
    back(at, custom)
    assert link(at) == custom and at.text_area(key="target_text").value == words


def test_one_mistake_after_another_is_told_alone():
    """Each sentence is about what the widgets hold now, and a mended mistake leaves nothing behind."""
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert len(at.error) == 1 and "is empty" in said(at.error)[0]
    at.selectbox(key="target").set_value("verbs")
    settle(at)
    assert len(at.error) == 1 and "both verbs" in said(at.error)[0]
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert not at.error and link(at) == to_params(SMALL)


def test_a_preset_replaces_all_that_it_speaks_of():
    at = open_page(WORDS, SMALL.changed(correction="sidak", pooling="last"))
    at.segmented_control(key="preset").set_value("Notebook")
    settle(at)
    assert link(at) == to_params(ContrastSpec.notebook(layer=SMALL.layer))
    for page in (HOME, NEURONS):
        go_to(at, page)
        assert at.segmented_control(key="preset").value == "Notebook" and not at.error, page
    at.number_input(key="n_target").set_value(30)
    settle(at)
    assert at.error and at.segmented_control(key="preset").value is None, "a mistake is no preset"


def broken(*args, **kwargs):
    raise UserError("The disk is full.")


@pytest.mark.parametrize(
    ("module", "name", "n_target"), [(steps, "layer_counts", 43), (figures, "neuron_scatter", 44)]
)  # each another experiment, of which nothing is kept
def test_an_error_behind_a_chart_is_one_sentence(monkeypatch, module, name, n_target):
    monkeypatch.setattr(module, name, broken)
    at = open_page(NEURONS, SMALL.changed(n_target=n_target))
    assert said(at.error) == ["The disk is full."] and not at.exception
    assert "Largest t" in metrics(at), "what came before it stays"
    monkeypatch.undo()
    at.number_input(key="alpha").set_value(0.04)
    settle(at)
    assert not at.error and at.get_by_key("layer_profile") and at.get_by_key("neurons_plot")


@pytest.mark.parametrize("page", PAGES)
def test_an_error_behind_any_page_is_one_sentence(monkeypatch, page):
    monkeypatch.setattr(steps, "conclude", broken)
    at = open_page(page, SMALL.changed(alpha=0.031 + list(PAGES).index(page) / 1000))
    assert said(at.error) == ["The disk is full."] and not at.exception
    assert at.slider(key="layer").value == SMALL.layer, "the settings are there to be changed"
