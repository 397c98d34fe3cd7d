"""The settings file: what is saved opens as it was, on this server or another, and nothing else does any harm."""

from __future__ import annotations

import json

import pytest

from core.errors import UserError
from core.records import CUSTOM, TESTS, ContrastSpec
from core.records.link import MAX_LINK_WORDS, to_params
from tests.support.pages import (
    EVIDENCE,
    NEURONS,
    PAIRED,
    SMALL,
    WORDS,
    assert_shows,
    link,
    open_page,
    said,
    settle,
    type_list,
)
from tests.support.tab import reload
from ui import kept_in_tab, settings_file
from ui.link_values import OPTIONS, View
from ui.settings_file import FORMAT, VERSION, content, read

NAME = "mine.json"
NONE = {"target_text": "", "baseline_text": ""}
WORDS_OF_OWN = tuple(f"word{number}" for number in range(400))
LONG = "\n".join(WORDS_OF_OWN)
ALL_CHANGED = SMALL.changed(
    layer=4, target="adjectives", baseline="adverbs", n_target=45, n_baseline=44, leading_space=False, prefix=False,
    drop_shared=False, hook_side="activation", pooling="last", unit="word", test="mannwhitney", correction="max_t",
    family="layer", alpha=0.02, dtype="bfloat16", shuffle_labels=True, seed=7,
)  # fmt: skip


def parts(**changes):
    """A file as its parts, some of them changed."""
    return json.loads(content(View(SMALL), NONE)) | changes


def opened(at, raw, name=NAME):
    at.file_uploader(key="settings_file").set_value((name, raw, "application/json"))
    return settle(at)


@pytest.mark.parametrize(
    ("view", "texts"),
    [
        (View(SMALL), NONE),
        (View(PAIRED, neuron=17, pinned=(5, 40), scale="zero", plot="volcano"), NONE),
        (View(ALL_CHANGED), {"target_text": "dog\ncat", "baseline_text": "a list that is\n\nno valid one\t\t"}),
        (
            View(SMALL.changed(target=CUSTOM, n_target=400, target_words=WORDS_OF_OWN), neuron=3),
            {"target_text": f"{LONG}\n\nword0", "baseline_text": ""},
        ),
        (
            View(SMALL.changed(target=CUSTOM, n_target=2, target_words=("tea", "ale"))),
            {"target_text": "“tea”\n- ale", "baseline_text": "1. run\n2. go"},
        ),
    ],
)
def test_what_is_saved_opens_as_it_was(view, texts):
    assert read(content(view, texts), NAME) == (view, texts, [], frozenset())


def test_words_that_a_link_gave_as_they_are_are_saved_as_they_are():
    """In use, beside the list, and too long for a link."""
    short, long = ("“tea”", "- ale"), tuple(f"“{word}”" for word in WORDS_OF_OWN)
    texts = {"target_text": "\n".join(short), "baseline_text": "\n".join(long)}
    given = frozenset(texts.values())
    for words, side in ((short, "target"), (long, "baseline")):
        spec = SMALL.changed(**{side: CUSTOM, f"n_{side}": len(words), f"{side}_words": words})
        assert read(content(View(spec), texts, given), NAME) == (View(spec), texts, [], given)
        alone = read(content(View(spec), NONE), NAME)
        assert alone.view == View(spec) and alone.texts[f"{side}_text"] == "\n".join(words)


def test_a_file_of_before_has_no_list_as_given():
    raw = json.dumps(parts(settings=parts()["settings"] | {"target": CUSTOM}, lists={"target": ["“tea”", "- ale"]}))
    assert read(raw.encode(), NAME).view.spec.target_words == ("tea", "ale")


@pytest.mark.parametrize("value", ["target", ["targets"], [["target"]], {"target": 1}, None])
def test_a_forged_mark_of_lists_as_given_is_refused(value):
    with pytest.raises(UserError, match="was not opened: its “as_given” is "):
        read(json.dumps(parts(as_given=value)).encode(), NAME)


def test_a_list_as_given_opens_and_goes_on_through_the_page():
    words = ("“tea”", "- ale", "rum")
    spec = SMALL.changed(target=CUSTOM, n_target=3, target_words=words)
    at = opened(open_page(WORDS), content(View(spec), NONE))
    assert link(at) == to_params(spec) and at.dataframe[0].value["word"].tolist() == list(words)


def test_a_file_can_be_read_by_people():
    view = View(SMALL.changed(target=CUSTOM, n_target=2, target_words=("naïve", "漢字")), neuron=17)
    saved = content(view, {"target_text": "naïve\n漢字", "baseline_text": ""}).decode()
    assert '"naïve",\n' in saved and '"漢字"' in saved and '"neuron": 17' in saved and '"alpha": 0.05' in saved


def test_another_browser_opens_a_list_that_is_too_long_for_a_link(contrast):
    spec = SMALL.changed(target=CUSTOM, n_target=400, target_words=WORDS_OF_OWN)
    at = open_page(NEURONS, SMALL.changed(layer=4))
    opened(at, content(View(spec, neuron=17), {"target_text": LONG, "baseline_text": ""}))
    assert not at.error and at.text_area(key="target_text").value == LONG
    assert link(at) == {**to_params(spec), "neuron": "17"}
    assert_shows(at, contrast(spec))


def test_by_the_box_stands_that_the_list_is_too_long_for_a_link():
    at = open_page(WORDS)
    type_list(at, "dog\ncat")
    assert not [text for text in said(at.caption) if "Too long" in text]
    at.text_area(key="target_text").set_value(LONG)
    settle(at)
    (sentence,) = [text for text in said(at.caption) if "Too long" in text]
    assert f"{len(LONG):,} characters" in sentence and f"{MAX_LINK_WORDS:,}" in sentence and "settings file" in sentence


@pytest.mark.parametrize("most", [3_000, kept_in_tab.MOST_BYTES])
def test_by_the_box_stands_whether_the_tab_keeps_a_long_list(monkeypatch, most):
    """What is said is what a reload does."""
    monkeypatch.setattr(kept_in_tab, "MOST_BYTES", most)
    at = open_page(WORDS, SMALL.changed(target=CUSTOM, n_target=2, target_words=("dog", "cat")))
    at.text_area(key="target_text").set_value(LONG)
    settle(at)
    (sentence,) = [text for text in said(at.caption) if "Too long" in text]
    again = reload(at, WORDS)
    lost = again.selectbox(key="target").value != CUSTOM
    assert lost == (most < len(LONG))
    assert ("a reload loses them" in sentence) == lost and ("Only this tab keeps them." in sentence) != lost


def test_a_mistake_is_not_saved():
    at = open_page(WORDS)
    at.number_input(key="alpha").set_value(0.9)
    settle(at)
    assert any("Saved are the last valid settings." in text for text in said(at.caption))


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"format": "\\ud800"}', "is not JSON"),
        (b'{"version": 1' + b"0" * 5_000 + b"}", "is not JSON"),
        (b"[]", "no settings file of this app"),
        (b'{"format": "another"}', "no settings file of this app"),
        (b" " * (settings_file.MAX_BYTES + 1), "at most 8,000,000"),
        (json.dumps({"format": FORMAT, "version": 2}).encode(), "has version “2”; this app reads version 1"),
        (json.dumps({"format": FORMAT, "version": VERSION}).encode(), "its “settings” are missing"),
    ],
)
def test_what_is_no_settings_file_is_told_and_changes_nothing(raw, sentence):
    at = opened(open_page(NEURONS), raw)
    assert len(at.error) == 1 and sentence in said(at.error)[0] and NAME in said(at.error)[0]
    assert link(at) == to_params(SMALL) and at.metric, "the page goes on"


@pytest.mark.parametrize(
    ("part", "values", "sentence"),
    [
        ("settings", {"layer": "3"}, "layer is “3”; a whole number from 0 to 999 is allowed."),
        ("settings", {"layer": True}, "layer is “True”"),
        ("settings", {"alpha": 2.0}, "alpha is “2.0”; a number above 0 and below 1 is allowed."),
        ("settings", {"alpha": float("nan")}, "alpha is “nan”"),
        ("settings", {"test": "z"}, f"test is “z”; allowed are {', '.join(TESTS)}."),
        ("settings", {"test": ["welch"]}, "test is “['welch']”"),
        ("settings", {"target": "verbs"}, "Target and baseline are both verbs"),
        ("settings", {"target": CUSTOM}, "The custom target list is empty"),
        ("settings", {"word_source": "/etc"}, "its word source is “/etc”"),
        ("settings", {"colour": "red"}, "it has the setting “colour”, which this version of the app does not know."),
        ("settings", {"target_words": ["dog", "cat"]}, "it has the setting “target_words”"),
        ("lists", {"target": "dog cat"}, "the target list is no list of words."),
        ("lists", {"target": [1, 2]}, "the target list is no list of words."),
        ("lists", {"target": ["x" * 1_010_001]}, "more than 1,010,000 characters"),
        ("view", {"neuron": "17"}, "neuron is “17”, which is not what a page has."),
        ("view", {"neuron": -1}, "neuron is “-1”"),
        ("view", {"pinned": [True]}, "pinned is “[True]”"),
        ("view", {"scale": 3}, "scale is “3”"),
        ("names", {"target": 3}, "the name of the target list is “3”; at most 40 characters are allowed."),
        ("names", {"target": "x" * 41}, "the name of the target list is “xxx"),
        ("names", {"other": "x"}, "its “names” are "),
    ],
)
def test_a_value_that_is_not_allowed_is_named(part, values, sentence):
    whole = parts()
    with pytest.raises(UserError) as error:
        read(json.dumps({**whole, part: {**whole.get(part, {}), **values}}).encode(), NAME)
    assert str(error.value).startswith(f"{NAME} was not opened: ") and sentence in str(error.value)


def test_what_another_server_allows_and_this_one_does_not_is_replaced_and_told(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "30")
    raw = json.dumps(parts(settings=parts()["settings"] | {"model": "EleutherAI/gpt-neo-125m"})).encode()
    at = opened(open_page(WORDS, SMALL.changed(n_target=20, n_baseline=20)), raw)
    assert not at.error and link(at) == to_params(SMALL.changed(n_target=30, n_baseline=30))
    model, *counts = said(at.warning)
    assert "does not offer the model “EleutherAI/gpt-neo-125m”" in model and len(counts) == 2


def test_what_is_missing_has_its_default_and_choices_that_are_unknown_are_left_out():
    raw = json.dumps(parts(settings={}, view={"neuron": 3, "zoom": [1, 2]})).encode()
    assert read(raw, NAME)[0] == View(ContrastSpec(), neuron=3)


@pytest.mark.parametrize("name", list(OPTIONS))
def test_a_choice_that_is_not_offered_is_told_and_the_default_is_used(name):
    opened = read(json.dumps(parts(view={name: "pink", "neuron": 3})).encode(), NAME)
    assert opened.view == View(SMALL, neuron=3)
    (problem,) = opened.problems
    assert problem.startswith(f"{name} is “pink”; allowed are ") and problem.endswith(f"“{OPTIONS[name][0]}” is used.")


def test_a_tagged_text_of_ones_own_is_not_in_the_file_and_this_is_told():
    at = opened(open_page(EVIDENCE), content(View(SMALL, gold="file"), NONE))
    (sentence,) = said(at.warning)
    assert "a tagged text of your own, which is not in a settings file" in sentence and "gold" not in link(at)


def test_names_of_lists_that_are_not_in_use_are_saved_and_open():
    texts = {"target_text": "tea\nale", "baseline_text": "", "target_name": "Drinks", "baseline_name": "Food\x1b"}
    own = View(SMALL.changed(target=CUSTOM, n_target=2, target_words=("tea", "ale"), target_name="Drinks"))
    for view in (View(SMALL), own):
        assert read(content(view, texts), NAME) == (view, texts, [], frozenset())
    at = opened(open_page(WORDS), content(View(SMALL), texts))
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert at.text_input(key="target_name").value == "Drinks" == link(at)["target_name"]


def test_a_session_keeps_no_texts_of_files_that_it_has_left():
    at = open_page(WORDS)
    for number in range(3):
        words = (f"“tea{number}”", "- ale")
        spec = SMALL.changed(target=CUSTOM, n_target=2, target_words=words)
        opened(at, content(View(spec), NONE), f"{number}.json")
    assert at.session_state["_settings"].as_given == {"“tea2”\n- ale"}


def test_hostile_words_stay_words():
    words = ["![x](//evil.example)", "=cmd|'/c calc'!A1", "$x$"]
    raw = json.dumps(parts(settings=parts()["settings"] | {"target": CUSTOM}, lists={"target": words})).encode()
    at = opened(open_page(WORDS), raw, "<b>![x](//evil.example).json")
    assert not at.error and at.dataframe[0].value["word"].tolist() == words
    assert not any("](//evil" in element.value for element in at.toast)


def test_a_second_file_replaces_the_sentence_about_the_first():
    at = opened(open_page(WORDS), b"{")
    assert len(at.error) == 1
    opened(at, content(View(SMALL.changed(layer=4)), NONE))
    assert not at.error and link(at) == to_params(SMALL.changed(layer=4))
