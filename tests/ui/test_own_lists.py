"""Lists of one's own on the pages: what was cleaned is said below the box, and every page has the list's name."""

from __future__ import annotations

import json
import re

import pytest

from core.records import CUSTOM, ContrastSpec
from core.words.entries import written
from tests.support.hostile import unescaped
from tests.support.names import HOSTILE_NAMES
from tests.support.own_lists import FRUIT, OWN_LISTS
from tests.support.pages import (
    EVIDENCE,
    HOME,
    NEURONS,
    PAGES,
    TEXT,
    WORDS,
    figure,
    go_to,
    link,
    metrics,
    open_export,
    open_page,
    said,
    settle,
)
from tests.support.saved_names import names_of, note_names
from ui import settings

SPEC = ContrastSpec.careful(layer=1, n_target=20, n_baseline=20, family="layer")
OWN = SPEC.changed(target=CUSTOM, target_words=FRUIT, n_target=len(FRUIT))


def captions(at):
    return said(at.caption)


def in_main(at):
    """All that the main part of the page was sent, without the names of widgets."""
    return [str(element.proto) for element in at.main if hasattr(element, "proto")]


def choose_list(at, text, name=""):
    at.selectbox(key="target").set_value(CUSTOM)
    at.run()
    at.text_area(key="target_text").set_value(text)
    at.text_input(key="target_name").set_value(name)
    return settle(at)


@pytest.mark.parametrize("kind", OWN_LISTS)
def test_a_list_through_all_pages(kind):
    """As pasted, named, on every page; the address opens the same words."""
    own = OWN_LISTS[kind]
    at = choose_list(open_page(NEURONS, SPEC), own.content.decode("utf-8-sig"), "Food & drink")
    spec = settings_of(at).view.spec
    assert spec.target_words == written(own.words, own.lemmas) and spec.target_name == "Food & drink"
    shown = " ".join(captions(at))
    for note in own.notes:
        assert note in shown
    for page in PAGES:
        go_to(at, page)
        assert not at.error, said(at.error)
        everything = " ".join(in_main(at))
        assert "Food" in everything, page
        assert not re.search(r"\b[Cc]ustom (words|list|target)|target words", everything), page
    again = open_page(WORDS, None, **link(at))
    assert again.text_area(key="target_text").value == "\n".join(written(own.words, own.lemmas))
    assert settings_of(again).view.spec == spec
    assert not any(note in " ".join(captions(again)) for note in own.notes)


def settings_of(at):
    return at.session_state["_settings"]


def test_the_name_is_in_metrics_axes_legend_table_and_file_names():
    at = open_page(NEURONS, OWN.changed(target_name="Obst"))
    assert {"Significantly higher for Obst", "Significantly higher for verbs"} <= set(metrics(at))
    plot = figure(at, "neurons_plot")
    assert plot["layout"]["yaxis"]["title"]["text"] == "t (Obst − verbs)"
    assert {"Significantly higher for Obst"} <= {trace.get("name") for trace in plot["data"]}
    assert "> 0, Obst" in at.dataframe(key="neurons_table").value
    assert figure(at, "layer_profile")["data"][0]["name"] == "Significantly higher for Obst"
    assert figure(at, "neuron_spread")["layout"]["yaxis"]["ticktext"][0] == "Obst (5)"
    assert open_export(at).download_button(key="csv").proto.help.startswith("Save Obst-verbs-bundled-layer1-")
    go_to(at, WORDS)
    assert "Obst (target)" in [head.value for head in at.header]
    assert any("5 words of 5 lemmas, of 5 from your own list" in text for text in said(at.markdown))
    titles = [note["text"].replace("<br>", " ") for note in figure(at, "words_image")["layout"]["annotations"]]
    assert titles == ["Obst (target)", "Verbs (baseline)"]


def test_the_name_is_in_the_name_of_every_file(monkeypatch):
    names = note_names(monkeypatch)
    at = open_export(open_page(TEXT, OWN.changed(target_name="Fruit & nuts")))
    at.segmented_control(key="text_source").set_value("two")
    settle(at)
    go_to(at, EVIDENCE)
    at.button(key="run_test_choice").click()
    settle(at)
    at.session_state["numbers_test_choice"] = True
    settle(at)
    digest = OWN.changed(target_name="Fruit & nuts").digest[:6]
    stem, neuron = f"Fruit-nuts-verbs-bundled-layer1-{digest}", at.number_input(key="neuron").value
    of_texts = {f"text-{stem}.{form}" for form in ("html", "csv", "json")}
    of_texts |= {f"two-texts-{stem}.{form}" for form in ("csv", "json")}
    of_evidence = {f"{what}-{stem}-neuron{neuron}.json" for what in ("test_choice", "evidence")}
    assert set(names) == names_of(stem) | of_texts | of_evidence


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_is_never_more_than_text(name):
    """On every page, where Streamlit reads Markdown, nothing of a name is left unescaped."""
    at = open_page(HOME, OWN.changed(target_name=name))
    for page in PAGES:
        go_to(at, page)
        assert not at.error
        for element in at.main:
            proto = getattr(element, "proto", None)
            for place in ("label", "help", "body"):
                text = str(getattr(proto, place, ""))
                bare = unescaped(text)
                markup = re.search(r"<img|<b>x|!\[x|:red\[|\$x\$|\]\(b\)|\*\*b\*\*|&lt;i", bare)
                assert not markup, (page, text)


def test_a_rename_computes_nothing_again(monkeypatch):
    at = open_page(NEURONS, OWN)
    before = metrics(at)
    monkeypatch.setattr("engine.steps.read_words", None)
    monkeypatch.setattr("engine.steps.choose_words", None)
    at.text_input(key="target_name").set_value("Fruit")
    settle(at)
    assert metrics(at) == {key.replace("custom words", "Fruit"): value for key, value in before.items()}
    assert link(at)["target_name"] == "Fruit"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("verbs", "Target and baseline are both called “verbs”"), ("a\x1bb", "holds U+001B, which cannot be seen")],
)
def test_a_name_that_is_not_allowed_is_one_sentence_and_loses_nothing(name, expected):
    at = open_page(NEURONS, OWN)
    at.text_input(key="target_name").set_value(name)
    settle(at)
    assert len(at.error) == 1 and expected in said(at.error)[0]
    assert at.text_area(key="target_text").value == "\n".join(FRUIT)
    at.text_input(key="target_name").set_value("Fruit")
    settle(at)
    assert not at.error and "Significantly higher for Fruit" in metrics(at)


def test_the_name_stays_with_the_list_while_another_class_is_shown():
    at = open_page(NEURONS, OWN.changed(target_name="Fruit"))
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert "Significantly higher for nouns" in metrics(at) and "target_name" not in link(at)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert "Significantly higher for Fruit" in metrics(at) and link(at)["target_name"] == "Fruit"


def test_a_name_that_is_not_allowed_counts_for_nothing_once_another_class_is_chosen():
    """Its box is drawn no longer, so what is wrong in it could not be mended."""
    at = open_page(NEURONS, OWN)
    at.text_input(key="target_name").set_value("Food\x1b")
    settle(at)
    assert len(at.error) == 1
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert not at.error and "Significantly higher for nouns" in metrics(at)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert "holds U+001B" in said(at.error)[0] and at.text_input(key="target_name").value == "Food\x1b"


def test_what_nobody_sees_in_a_name_is_dropped():
    at = open_page(NEURONS, OWN)
    at.text_input(key="target_name").set_value("Food\u200e")
    settle(at)
    assert not at.error and "Significantly higher for Food" in metrics(at) and link(at)["target_name"] == "Food"


def test_many_notes_are_in_a_box_of_their_own():
    text = "Word;Count\n• “a\u00adpple”;1\n• pear;2\n• don’t;3"
    at = choose_list(open_page(HOME, SPEC), text)
    [box] = [each for each in at.expander if each.label == "What was changed"]
    notes = said(box.caption)[0].split("\n")
    assert len(notes) == 6 and all(note.startswith("- 1 ") or note.startswith("- 3 ") for note in notes)
    assert any(text == "3 words. The list was cleaned in 6 ways:" for text in captions(at))


def test_notes_of_an_uploaded_file_stay_until_the_list_is_changed():
    at = choose_list(open_page(HOME, SPEC), "apple\npear")
    at.file_uploader(key="target_file").upload("list.txt", b"- plum\n- cherry\n", "text/plain")
    settle(at)
    assert at.text_area(key="target_text").value == "plum\ncherry"
    assert "2 words. 2 bullets removed, such as “- plum”." in captions(at)
    go_to(at, WORDS)
    assert "2 words. 2 bullets removed, such as “- plum”." in captions(at)
    at.text_area(key="target_text").set_value("plum\ncherry\nfig")
    settle(at)
    assert "3 words." in captions(at)


def test_notes_of_an_uploaded_file_go_with_its_words_to_the_other_side():
    at = choose_list(open_page(HOME, SPEC), "apple\npear")
    at.file_uploader(key="target_file").upload("list.txt", b"- plum\n- cherry\n", "text/plain")
    settle(at)
    at.button(key="swap").click()
    settle(at)
    assert at.text_area(key="baseline_text").value == "plum\ncherry"
    assert "2 words. 2 bullets removed, such as “- plum”." in captions(at)


def test_settings_know_the_names():
    assert {"target_name", "baseline_name"} <= set(settings.WIDGETS)
    assert json.loads(OWN.to_json())["target_name"] == ""
