"""One button exchanges target and baseline, with their counts and lists."""

from __future__ import annotations

import numpy as np
import pytest

from core.records import CUSTOM
from core.records.link import to_params
from tests.support.pages import NEURONS, PAGES, SMALL, WORDS, link, open_page, said, settle, statistics_drawn, type_list


def swap(at):
    at.button(key="swap").click()
    return settle(at)


@pytest.mark.parametrize("page", PAGES)
def test_classes_and_counts_change_places_and_nothing_else(page):
    spec = SMALL.changed(target="adjectives", n_target=30, correction="sidak", alpha=0.02, hook_side="activation")
    swapped = spec.changed(target="verbs", n_target=40, baseline="adjectives", n_baseline=30)
    at = open_page(page, spec, neuron="17")
    swap(at)
    assert link(at) == {**to_params(swapped), "neuron": "17"} and not at.error
    assert (at.number_input(key="n_target").value, at.number_input(key="n_baseline").value) == (40, 30)
    swap(at)
    assert link(at) == {**to_params(spec), "neuron": "17"}


def test_every_statistic_changes_its_sign():
    at = open_page(NEURONS)
    before = statistics_drawn(at)
    np.testing.assert_allclose(statistics_drawn(swap(at)), -before, rtol=1e-6)


def test_a_list_goes_along_and_so_does_the_one_that_is_not_in_use():
    at = open_page(WORDS)
    for side, text in (("target", "dog\ncat"), ("baseline", "run\ngo\nsee")):
        type_list(at, text, side)
    at.selectbox(key="baseline").set_value("verbs")
    settle(at)
    swap(at)
    assert at.selectbox(key="target").value == "verbs" and at.text_area(key="baseline_text").value == "dog\ncat"
    assert at.number_input(key="n_target").value == 40
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert at.text_area(key="target_text").value == "run\ngo\nsee" and not at.error


def test_words_that_a_link_gave_stay_as_they_are_on_the_other_side_and_after_another_class():
    words = ("“tea”", "- ale")
    at = open_page(WORDS, SMALL.changed(target=CUSTOM, n_target=2, target_words=words))
    assert at.dataframe[0].value["word"].tolist() == list(words)
    swap(at)
    assert link(at)["baseline_words"] == "\n".join(words) and not at.error
    for chosen in ("adjectives", CUSTOM):
        at.selectbox(key="baseline").set_value(chosen)
        settle(at)
    assert link(at)["baseline_words"] == "\n".join(words)
    assert at.dataframe[1].value["word"].tolist() == list(words)
    at.text_area(key="baseline_text").set_value("“tea”\n- ale\nrum")
    settle(at)
    assert link(at)["baseline_words"] == "tea\nale\nrum", "what the user edits is cleaned"


def test_a_mistake_can_be_swapped_too():
    at = open_page(WORDS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    swap(at)
    assert at.selectbox(key="baseline").value == CUSTOM and at.selectbox(key="target").value == "verbs"
    assert said(at.error) == ["The custom baseline list is empty: give at least 2 words, one a line."]


def test_a_number_that_a_short_list_has_reduced_goes_along():
    at = open_page(WORDS, SMALL.changed(n_target=80))
    at.selectbox(key="target").set_value("particles")
    settle(at)
    reduced = at.number_input(key="n_target").value
    assert reduced < 80
    swap(at)
    assert at.number_input(key="n_baseline").value == reduced
    at.selectbox(key="baseline").set_value("nouns")
    settle(at)
    assert at.number_input(key="n_baseline").value == 80


def send_again(at, **values):
    """What a browser sends that has not drawn the last run yet: these values, and the address of before."""
    at.query_params.clear()
    at.query_params.update(values.pop("address"))
    for key, value in values.items():
        element = next(e for e in (*at.selectbox, *at.text_area, *at.number_input) if e.key == key)
        element.set_value(value)


def with_list_and_its_answer():
    """The Words page with a custom list, and what a browser sends that knows it so."""
    at = open_page(WORDS)
    type_list(at, "dog\ncat\ncow")
    return at, {"target": CUSTOM, "baseline": "verbs", "address": dict(at.query_params)}


def test_two_presses_at_once_are_two_swaps():
    """The second comes from a browser that shows nothing of the first yet."""
    at, before = with_list_and_its_answer()
    swap(at)
    assert at.text_area(key="baseline_text").value == "dog\ncat\ncow"
    send_again(at, **before)
    swap(at)
    assert (at.selectbox(key="target").value, at.selectbox(key="baseline").value) == (CUSTOM, "verbs")
    assert at.text_area(key="target_text").value == "dog\ncat\ncow" and not at.error


def test_a_setting_that_is_changed_at_once_does_not_undo_the_swap():
    at, before = with_list_and_its_answer()
    swap(at)
    at.number_input(key="alpha").set_value(0.01)
    send_again(at, **before)
    settle(at)
    assert link(at)["target"] == "verbs" and link(at)["alpha"] == "0.01"
    assert at.text_area(key="baseline_text").value == "dog\ncat\ncow"


def test_the_class_of_before_may_be_chosen_at_once_where_the_swap_is_seen():
    at, _ = with_list_and_its_answer()
    swap(at)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert at.selectbox(key="target").value == CUSTOM == at.selectbox(key="baseline").value
