"""A mistake that one can make on a page is one sentence, and what was typed stays."""

from __future__ import annotations

import pytest

from core.records import CUSTOM
from core.records.link import from_params, to_params
from engine.limits import limits
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    PAIRED,
    SECRET,
    SMALL,
    TEXT,
    WORDS,
    assert_shows,
    go_to,
    heatmap,
    link,
    open_page,
    said,
    settle,
    type_list,
    type_model,
)
from ui.defaults import DEFAULT


def test_unequal_counts_of_the_paired_test_are_one_sentence(contrast):
    at = open_page(NEURONS, PAIRED)
    at.number_input(key="n_target").set_value(30)
    settle(at)
    assert len(at.error) == 1 and "both counts must be equal: 30 target and 40 baseline" in said(at.error)[0]
    assert at.number_input(key="n_target").value == 30 and at.selectbox(key="test").value == "paired"
    assert_shows(at, contrast(PAIRED))
    assert at.button(key="mend_0").label == "Use 30 words of each"
    at.button(key="mend_0").click()
    settle(at)
    assert not at.error
    assert_shows(at, contrast(PAIRED.changed(n_target=30, n_baseline=30)))


def test_a_count_that_a_custom_list_fixes_has_no_button():
    at = open_page(NEURONS, PAIRED)
    type_list(at, "one\ntwo\nthree")
    assert "both counts must be equal: 3 target and 40 baseline" in said(at.error)[0]
    assert not [button for button in at.button if button.key.startswith("mend")]


@pytest.mark.parametrize("page", PAGES)
def test_the_paired_test_of_lemmas_is_one_sentence_and_a_button(page):
    at = open_page(page)
    at.selectbox(key="test").set_value("paired")
    settle(at)
    assert len(at.error) == 1
    assert "its unit is the word; the unit lemma was asked for" in said(at.error)[0]
    assert said(at.error)[0].endswith("Choose words as the unit, or Welch's test.")
    assert at.selectbox(key="unit").value == "lemma", "nothing changes silently"
    assert at.button(key="mend_0").label == "Compare word forms"
    at.button(key="mend_0").click()
    settle(at)
    assert not at.error and at.selectbox(key="unit").value == "word" and link(at) == to_params(PAIRED)
    assert not [button for button in at.button if button.key == "mend_0"]


@pytest.mark.parametrize("start", PAGES)
def test_a_mistake_is_kept_on_the_way(start):
    spec = PAIRED
    at = open_page(start, spec)
    at.number_input(key="n_target").set_value(30)
    settle(at)
    assert len(at.error) == 1
    for page in (WORDS, NEURONS, HOME, TEXT):
        go_to(at, page)
        assert at.number_input(key="n_target").value == 30 and len(at.error) == 1, page
        assert link(at) == to_params(spec), page
    at.number_input(key="n_baseline").set_value(30)
    settle(at)
    go_to(at, NEURONS)
    assert not at.error and link(at) == to_params(spec.changed(n_target=30, n_baseline=30))


@pytest.mark.parametrize("page", PAGES)
def test_the_same_class_twice_is_one_sentence(page):
    at = open_page(page)
    at.selectbox(key="baseline").set_value("nouns")
    settle(at)
    assert said(at.error) == ["Target and baseline are both nouns: choose two different word classes."]
    assert at.selectbox(key="baseline").value == "nouns"
    at.selectbox(key="target").set_value("verbs")
    settle(at)
    assert not at.error and link(at)["target"] == "verbs" and link(at)["baseline"] == "nouns"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * (limits().max_characters + 1), "has 20,001 characters; at most 20,000 are allowed"),
        ("", "The text is empty"),
        (" \n\t ", "The text is empty"),
    ],
)
def test_a_text_that_cannot_be_read_is_kept(text, sentence):
    at = open_page(TEXT)
    at.text_area(key="text").set_value(text)
    settle(at)
    assert len(at.error) == 1 and sentence in said(at.error)[0]
    assert at.text_area(key="text").value == text
    assert not [each for each in at.get("bidi_component") if each.proto.id.endswith("-text_heatmap")]
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    assert not at.error and "".join(heatmap(at)["pieces"]) == SECRET


def test_a_text_longer_than_the_context_is_read_in_windows():
    at = open_page(TEXT)
    text = "The dog sees a cat. " * 200
    at.text_area(key="text").set_value(text)
    settle(at)
    assert not at.error and heatmap(at)["windows"]
    assert any("overlapping windows" in note for note in said(at.info))
    assert "".join(heatmap(at)["pieces"]) == text


def test_a_custom_list_needs_two_words(contrast):
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert said(at.error) == ["The custom target list is empty: give at least 2 words, one a line."]
    at.text_area(key="target_text").set_value("dog")
    settle(at)
    assert said(at.error) == ["The custom target list has 1 word; at least 2 are needed."]
    assert at.text_area(key="target_text").value == "dog"
    at.text_area(key="target_text").set_value("dog\ncat\n\nice cream\ndog")
    settle(at)
    assert not at.error
    assert "3 words. 1 blank line skipped. 1 repeated word dropped: dog." in said(at.caption)
    words = ("dog", "cat", "ice cream")
    spec = SMALL.changed(target=CUSTOM, n_target=3, target_words=words)
    assert from_params(link(at), DEFAULT) == (spec, [])
    assert_shows(at, contrast(spec))
    go_to(at, WORDS)
    assert at.dataframe[0].value["word"].tolist() == list(words)


@pytest.mark.parametrize("page", PAGES)
def test_two_lists_of_two_words_are_no_mistake(page):
    own = {"target": CUSTOM, "target_words": ("dog", "cat"), "baseline": CUSTOM, "baseline_words": ("run", "go")}
    at = open_page(page, SMALL.changed(n_target=2, n_baseline=2, **own))
    assert not at.error and link(at) == to_params(SMALL.changed(n_target=2, n_baseline=2, **own))


def test_a_custom_list_and_the_count_in_its_place_come_back():
    at = open_page(NEURONS)
    type_list(at, "dog\ncat")
    for page in (WORDS, HOME, NEURONS):
        go_to(at, page)
        assert not at.error and at.text_area(key="target_text").value == "dog\ncat", page
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert at.number_input(key="n_target").value == SMALL.n_target
    assert at.session_state["_settings"].view.spec == SMALL  # the words are out of it: nothing is read anew
    at.number_input(key="n_target").set_value(50)
    settle(at)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert at.text_area(key="target_text").value == "dog\ncat" and link(at)["n_target"] == "2"
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert at.number_input(key="n_target").value == 50


def test_a_custom_list_from_a_file():
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    at.file_uploader(key="target_file").set_value(("w.txt", b"dog\ncat\ndog\nhorse", "text/plain"))
    settle(at)
    assert at.text_area(key="target_text").value == "dog\ncat\nhorse"
    assert not at.error and "3 words. 1 repeated word dropped: dog." in said(at.caption)


@pytest.mark.parametrize("page", PAGES)
def test_a_model_out_of_reach_is_one_sentence_and_the_bundled_one_helps(page, contrast):
    at = open_page(page)
    type_model(at, "nobody/nothing")
    assert len(at.error) == 1 and "nobody/nothing" in said(at.error)[0], said(at.error)
    assert "hub cannot be reached" in said(at.error)[0] and "\n" not in at.error[0].value
    assert at.selectbox(key="model").value == "nobody/nothing"
    at.selectbox(key="model").set_value("bundled")
    settle(at)
    assert not at.error and link(at) == to_params(SMALL)
    if page == NEURONS:
        assert_shows(at, contrast(SMALL))


def test_a_name_that_is_no_model_is_one_sentence():
    at = open_page(NEURONS)
    type_model(at, "no such/model/at all")
    assert len(at.error) == 1 and "neither a folder here nor a hub id" in said(at.error)[0]


def test_a_mistake_in_the_settings_keeps_the_text():
    at = open_page(TEXT, PAIRED)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    at.number_input(key="n_target").set_value(30)
    settle(at)
    assert len(at.error) == 1 and at.text_area(key="text").value == SECRET
    go_to(go_to(at, WORDS), TEXT)
    at.number_input(key="n_target").set_value(40)
    settle(at)
    assert not at.error and at.text_area(key="text").value == SECRET == "".join(heatmap(at)["pieces"])
