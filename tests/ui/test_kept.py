"""What the browser's tab keeps: texts, lists and mistakes are there again after a reload, and never in the way."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from core.records import CUSTOM
from core.records.link import digest_of, to_params
from engine.limits import MAX_LIST_CHARACTERS, limits
from tests.support.pages import (
    HOME,
    NEURONS,
    SECRET,
    SMALL,
    TEXT,
    WORDS,
    go_to,
    heatmap,
    link,
    open_page,
    said,
    settle,
    type_list,
)
from tests.support.tab import answer, kept, reload, sent_to_tab
from ui import settings, settings_file
from ui.kept_in_tab import MOST_BYTES, Kept
from ui.link_values import View
from ui.panels.text_input import first_sample

COMPARE = "pages/6_Compare.py"
LONG = "\n".join(f"word{number}" for number in range(400))
OTHER = "\n".join(f"verb{number}" for number in range(300))


def with_list(text=LONG, side="target", page=WORDS):
    at = open_page(page)
    return type_list(at, text, side)


# --- Texts ---


def test_a_text_is_there_again():
    at = open_page(TEXT)
    assert kept(at) is None, "the sample is there in any case"
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    assert kept(at)["boxes"] == {"text": SECRET}
    assert not any(SECRET in value for value in link(at).values())
    again = reload(at, TEXT)
    assert again.text_area(key="text").value == SECRET == "".join(heatmap(again)["pieces"])
    assert kept(again)["boxes"] == {"text": SECRET} and not sent_to_tab(again)["asks"]


def test_a_text_is_kept_on_every_page_and_comes_back_on_any():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    go_to(at, WORDS)
    assert kept(at)["boxes"] == {"text": SECRET}
    again = reload(at, WORDS)
    go_to(again, TEXT)
    assert again.text_area(key="text").value == SECRET


def test_what_came_back_is_told_once_where_it_is_seen():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    value = kept(settle(at))
    for page, told in ((TEXT, ["This tab has kept your text."]), (HOME, [])):
        new = open_page(page)
        new.session_state["_kept_answer"] = Kept.from_browser(value)
        assert said(new.run().toast) == told
        assert not new.run().toast


def test_a_text_that_was_typed_since_stays():
    at = open_page(TEXT)
    at.text_area(key="text").set_value("Typed before the answer.")
    settle(at)
    answer(at, {"boxes": {"text": SECRET}})
    assert at.text_area(key="text").value == "Typed before the answer."


def test_only_the_first_answer_counts():
    at = answer(open_page(TEXT), {"boxes": {"text": SECRET}})
    at.text_area(key="text").set_value(first_sample())
    settle(at)
    go_to(go_to(at, HOME), TEXT)
    assert at.text_area(key="text").value == first_sample()


def test_the_choice_of_a_passage_is_there_again():
    at = open_page(TEXT)
    at.segmented_control(key="text_source").set_value("tagged")
    settle(at)
    title = at.selectbox(key="passage").options[1]
    at.selectbox(key="passage").set_value(title)
    settle(at)
    again = reload(at, TEXT)
    assert (
        again.segmented_control(key="text_source").value == "tagged" and again.selectbox(key="passage").value == title
    )
    assert "".join(heatmap(again)["pieces"]) == "".join(heatmap(at)["pieces"])


def test_a_text_that_is_too_long_to_be_read_is_not_lost_either():
    text = "x" * (limits().max_characters + 1)
    at = open_page(TEXT)
    at.text_area(key="text").set_value(text)
    settle(at)
    again = reload(at, TEXT)
    assert again.text_area(key="text").value == text and len(again.error) == 1


# --- Lists ---


def test_a_list_that_is_too_long_for_the_link_is_there_again():
    at = with_list()
    assert link(at)["target_digest"] == digest_of(LONG.split("\n")) and "target_words" not in link(at)
    again = reload(at, WORDS)
    assert again.text_area(key="target_text").value == LONG and link(again) == link(at)
    assert not again.warning and not again.error
    assert again.dataframe[0].value["word"].tolist() == LONG.split("\n")


def test_a_long_list_that_a_file_gave_as_it_is_is_there_again():
    words = tuple(f"“word{number}”" for number in range(400))
    spec = SMALL.changed(target=CUSTOM, n_target=400, target_words=words)
    at = open_page(WORDS)
    at.file_uploader(key="settings_file").set_value(
        ("mine.json", settings_file.content(View(spec), {}), "application/json")
    )
    settle(at)
    assert link(at)["target_digest"] == digest_of(words)
    again = reload(at, WORDS)
    assert link(again) == link(at) and not again.warning
    assert again.dataframe[0].value["word"].tolist() == list(words)


def test_both_lists_are_there_again_as_they_were_typed():
    text = f"\n{LONG}\n\nword1\n"
    at = with_list(text)
    type_list(at, OTHER, "baseline")
    again = reload(at, WORDS)
    assert [again.text_area(key=f"{side}_text").value for side in ("target", "baseline")] == [text, OTHER]
    assert link(again) == link(at) and not again.warning


def test_nothing_is_shown_until_the_tab_has_answered():
    params = link(with_list())
    at = open_page(WORDS, None, waits=True, **params)
    assert sent_to_tab(at)["waits"] and sent_to_tab(at)["asks"]
    assert not at.error and not at.warning and not at.get("plotly_chart") and not at.selectbox
    assert any("custom target list, too long for a link" in text for text in said(at.markdown))
    assert [button.label for button in at.button] == ["Go on without"]
    at.button(key="go_on_without").click()
    settle(at)
    assert not sent_to_tab(at)["waits"] and at.selectbox(key="target").value == "nouns"
    (sentence,) = said(at.warning)
    assert sentence.startswith("The link names a custom target list without its words; nouns are used.")
    assert "more than 1,500 characters do not fit into a link" in sentence and "settings file" in sentence


@pytest.mark.parametrize("boxes", [{}, {"target_text": OTHER}, {"target_text": ""}, {"baseline_text": LONG}])
def test_another_list_does_not_take_the_place_of_the_links(boxes):
    at = answer(open_page(WORDS, None, waits=True, **link(with_list())), {"boxes": boxes})
    assert at.selectbox(key="target").value == "nouns" and len(at.warning) == 1
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert at.text_area(key="target_text").value == boxes.get("target_text", ""), "it is there to be chosen"


def test_a_list_that_is_not_in_use_is_there_again():
    at = with_list("dog\ncat")
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    again = reload(at, WORDS)
    assert again.selectbox(key="target").value == "nouns" and link(again) == link(at)
    again.selectbox(key="target").set_value(CUSTOM)
    settle(again)
    assert again.text_area(key="target_text").value == "dog\ncat"


def test_a_list_that_was_typed_since_stays():
    at = with_list("dog\ncat")
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    answer(at, {"boxes": {"text": SECRET, "baseline_text": "run\ngo"}})
    for side, text in (("target", "dog\ncat"), ("baseline", "run\ngo")):
        at.selectbox(key=side).set_value(CUSTOM)
        settle(at)
        assert at.text_area(key=f"{side}_text").value == text


def test_the_links_list_goes_before_the_tabs():
    at = open_page(WORDS, SMALL.changed(target=CUSTOM, n_target=2, target_words=("dog", "cat")))
    answer(at, {"boxes": {"target_text": LONG}})
    assert at.text_area(key="target_text").value == "dog\ncat"


def test_back_before_the_tab_has_answered_wins(monkeypatch):
    at = open_page(TEXT)
    params = to_params(SMALL.changed(layer=4))
    at.query_params.clear()
    at.query_params.update(params)
    with monkeypatch.context() as patch:
        patch.setattr(settings, "get_script_run_ctx", lambda: SimpleNamespace(is_history_navigation=True))
        at.run()
    answer(at, {"boxes": {"text": SECRET}, "settings": {"alpha": 0.9}, "link": to_params(SMALL)})
    assert link(at) == params and at.number_input(key="alpha").value == SMALL.alpha
    assert at.text_area(key="text").value == SECRET


# --- Mistakes ---


def test_a_mistake_is_there_again():
    at = open_page(NEURONS)
    at.number_input(key="alpha").set_value(0.9)
    at.number_input(key="n_target").set_value(1)
    settle(at)
    again = reload(at, NEURONS)
    assert again.number_input(key="alpha").value == 0.9 and again.number_input(key="n_target").value == 1
    assert said(again.error) == said(at.error) and link(again) == to_params(SMALL)


def test_a_browser_has_no_difference_between_5_and_5_point_0():
    at = answer(open_page(NEURONS), {"settings": {"alpha": 5}, "link": to_params(SMALL)})
    assert at.number_input(key="alpha").value == 5.0 and "5 is out of range" in said(at.error)[0]


def test_a_list_of_one_word_is_there_again():
    at = with_list("dog", page=HOME)
    again = reload(at)
    assert again.selectbox(key="target").value == CUSTOM and again.text_area(key="target_text").value == "dog"
    assert said(again.error) == ["The custom target list has 1 word; at least 2 are needed."]


def test_a_mistake_does_not_come_back_under_another_link():
    at = open_page(NEURONS)
    at.number_input(key="alpha").set_value(0.9)
    value = kept(settle(at))
    other = answer(open_page(NEURONS, SMALL.changed(layer=3)), value)
    assert other.number_input(key="alpha").value == SMALL.alpha and not other.error


# --- Bounds and forgery ---


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [],
        {"boxes": 3, "choices": [], "settings": "x", "link": None},
        {"boxes": {"text": 3, "target_text": ["a"], "neuron": "9"}, "choices": {"text_source": ["tagged"]}},
        {"boxes": {"text": "\ud800"}},
        {"boxes": {"text": "x" * 2_000_000, "target_text": "x" * (MAX_LIST_CHARACTERS + 1)}},
        {"choices": {"text_source": "everything", "passage": {"a": 1}}},
        {"settings": {"alpha": math.nan}, "link": to_params(SMALL)},
        {"settings": {"alpha": 1e300, "n_target": 10**40, "layer": 4, "model": "x"}, "link": to_params(SMALL)},
        {"settings": {"alpha": 10**400}, "link": to_params(SMALL)},
        {"settings": {"alpha": True, "n_target": False, "test": "t", "unit": 3}, "link": to_params(SMALL)},
        {"settings": {"target": "<b>", "baseline": ["verbs"], "preset": "Careful"}, "link": to_params(SMALL)},
    ],
)
def test_a_forged_answer_changes_nothing(value):
    at = answer(open_page(TEXT), value)
    assert not at.error and not at.warning and link(at) == to_params(SMALL)
    assert at.text_area(key="text").value == first_sample()
    go_to(at, WORDS)
    assert not at.exception


@pytest.mark.parametrize("passage", ["../../etc/passwd", {"a": 1}, None])
def test_a_forged_passage_is_one_of_ours(passage):
    at = answer(open_page(TEXT), {"choices": {"text_source": "tagged", "passage": passage}})
    assert at.selectbox(key="passage").value == at.selectbox(key="passage").options[0] and not at.exception


def test_nothing_deeper_than_a_stack_is_read():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert Kept.from_browser({"boxes": {"text": "a"}, "choices": deep}) == Kept()


@pytest.mark.parametrize("letter", ["x", "ß", "漢", "\n", "\x01"])
def test_what_is_kept_is_bounded_and_the_longest_goes_first(letter):
    boxes = {"text": "A short text.", "target_text": letter * 600_000, "baseline_text": letter * 500_000}
    stored = Kept(boxes).for_browser()
    assert len(json.dumps(stored, ensure_ascii=False).encode()) <= MOST_BYTES
    assert stored["boxes"]["text"] == "A short text." and "target_text" not in stored["boxes"]
    assert Kept.from_browser(json.loads(json.dumps(stored))).boxes == stored["boxes"]


def test_two_lists_of_ten_thousand_words_are_kept_in_any_script():
    for letters in ("ordinary", "обычный", "παράδειγμα", "日本語"):
        lists = {f"{side}_text": "\n".join(f"{letters}{n}" for n in range(10_000)) for side in ("target", "baseline")}
        assert Kept({"text": "x" * 20_000, **lists}).for_browser()["boxes"].keys() == {"text", *lists}


# --- Names of lists ---


def test_the_name_of_a_list_is_there_again_in_use_or_not():
    at = with_list()
    at.text_input(key="target_name").set_value("Numbered words")
    settle(at)
    again = reload(at, WORDS)
    assert again.text_input(key="target_name").value == "Numbered words" and link(again) == link(at)
    again.selectbox(key="target").set_value("nouns")
    settle(again)
    last = reload(again, WORDS)
    last.selectbox(key="target").set_value(CUSTOM)
    settle(last)
    assert last.text_input(key="target_name").value == "Numbered words" and link(last) == link(at)


def test_names_are_swapped_and_saved():
    at = with_list()
    at.text_input(key="target_name").set_value("Numbered words")
    settle(at)
    at.button(key="swap").click()
    settle(at)
    assert at.text_input(key="baseline_name").value == "Numbered words" == link(at)["baseline_name"]
    at.number_input(key="alpha").set_value(0.9)
    settle(at)
    (shown,) = [text for text in said(at.markdown) if "last valid" in text]
    assert "settings: alpha 0.05.**" in shown


def test_spaces_after_a_name_are_no_difference():
    at = with_list("dog\ncat")
    at.text_input(key="target_name").set_value("Food ")
    settle(at)
    at.number_input(key="alpha").set_value(0.9)
    settle(at)
    (shown,) = [text for text in said(at.markdown) if "last valid" in text]
    assert "settings: alpha 0.05.**" in shown


def test_a_class_that_a_mistake_has_put_in_the_place_of_a_list_is_there_again():
    """The link has the last valid settings, a custom baseline; on the screen was a custom target that is empty."""
    at = with_list("dog\ncat", side="baseline")
    valid = {"link": link(at), "settings": {"target": CUSTOM, "baseline": "verbs"}}
    again = answer(open_page(WORDS, None, **link(at)), valid)
    assert (again.selectbox(key="target").value, again.selectbox(key="baseline").value) == (CUSTOM, "verbs")
    assert again.number_input(key="n_baseline").value == 2 and "is empty" in said(again.error)[0]


# --- Lists of experiment B ---


def with_list_of_b(words=LONG):
    """Compare with a B whose target is a named list of its own."""
    more = {"b_target": CUSTOM, "b_target_words": words, "b_target_name": "Made up", "b_n_target": "20"}
    return open_page(COMPARE, SMALL, **more)


def test_a_long_list_of_b_and_its_name_are_there_again():
    at = with_list_of_b()
    assert "b_target_digest" in link(at) and "b_target_words" not in link(at)
    assert kept(at)["boxes"]["b_target_words"] == LONG
    again = reload(at, COMPARE)
    assert again.text_area(key="b-target_text").value == LONG
    assert (link(again)["b_target_digest"], link(again)["b_target_name"]) == (link(at)["b_target_digest"], "Made up")


def test_another_list_than_that_of_b_is_not_taken():
    at = with_list_of_b()
    state, params = kept(at), link(at)
    again = answer(open_page(COMPARE, None, waits=True, **params), {**state, "boxes": {"b_target_words": OTHER}})
    assert "b_target_digest" not in link(again)


def test_a_short_list_of_b_is_in_the_link_alone():
    at = with_list_of_b("\n".join(LONG.split("\n")[:40]))
    assert "b_target_words" in link(at) and kept(at) is None
