"""The selected neuron and the pinned ones: on all pages, in the link, and in every place where one is chosen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import streamlit

from core.records import CUSTOM, ContrastSpec
from tests.support.pages import (
    EVIDENCE,
    HOME,
    NEURONS,
    PAGES,
    SMALL,
    TEXT,
    WORDS,
    figure,
    go_to,
    link,
    marks,
    neuron_shown,
    neurons_drawn,
    open_page,
    said,
    settle,
)
from ui import chosen, late, plot_marks
from ui.defaults import MAX_NEURONS


def click(at, key):
    at.button(key=key).click()
    return settle(at)


def box(at):
    return at.multiselect(key="neurons")


def type_into_box(at, *values):
    """Add values to the Text page's box, as a browser sends what was typed."""
    box(at).set_value([*box(at).value, *values])
    return settle(at)


@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"pages/9_Quiz.py"}))  # which asks which neuron it is
def test_every_page_shows_the_selected_neuron_and_pins_it(page, contrast):
    at, result = open_page(page), contrast(SMALL)
    assert at.number_input(key="neuron").value == result.largest
    at.number_input(key="neuron").set_value(17)
    settle(at)
    click(at, "pin")
    assert link(at)["neuron"] == link(at)["pinned"] == "17"
    assert at.button(key="pin").label == "Unpin neuron 17"
    click(at, "pin")
    assert "pinned" not in link(at) and link(at)["neuron"] == "17"


def test_the_neuron_and_the_pinned_ones_go_along(contrast):
    at = click(open_page(NEURONS, neuron="17"), "pin")
    for page in (WORDS, EVIDENCE, HOME, TEXT, NEURONS):
        go_to(at, page)
        assert at.number_input(key="neuron").value == 17 and link(at)["pinned"] == "17"
        if page == TEXT:
            assert neurons_drawn(at) == [17]
        else:
            assert at.get_by_key("pinned_chips").value == 17
    assert neuron_shown(at) == 17


def test_a_chip_selects_and_others_unpin(contrast):
    result = contrast(SMALL)
    higher, lower = result.largest, result.smallest
    at = open_page(WORDS, neuron="17", pinned=f"{higher},{lower},40")
    chips = at.get_by_key("pinned_chips")
    means = [each.mean(axis=0) for each in (result.target_activations, result.baseline_activations)]
    assert means[0][higher] > means[1][higher] and means[0][lower] < means[1][lower] and not result.significant[40]
    assert chips.value is None
    assert list(chips.options) == [f":orange[▲] {higher}", f":blue[▼] {lower}", "40"], "no sign without a finding"
    chips.set_value(40)
    settle(at)
    assert link(at)["neuron"] == "40" and at.button(key="pin").label == "Unpin neuron 40"
    click(at, "unpin_all")
    assert "pinned" not in link(at) and link(at)["neuron"] == "40"


def test_a_seventh_is_not_pinned_and_this_is_said():
    at = open_page(HOME, neuron="17", pinned="0,1,2,3,4,5")
    assert at.button(key="pin").disabled
    session = at.session_state["_settings"].view
    assert len(session.pinned) == MAX_NEURONS


def test_another_layer_has_other_neurons(contrast):
    at = open_page(WORDS, neuron="17", pinned="5,40")
    at.slider(key="layer").set_value(4)
    settle(at)
    assert not {"neuron", "pinned"} & {*link(at)}
    assert at.number_input(key="neuron").value == contrast(SMALL.changed(layer=4)).largest


# ---------------------------------------------------------------- the Text page's box


def test_the_selected_neuron_is_in_colour_beside_the_extreme_of_the_other_direction(contrast):
    result = contrast(SMALL)
    statistic = np.nan_to_num(result.tests.statistic)
    higher, lower = (int(np.argsort(sign * statistic)[2]) for sign in (-1, 1))
    assert neurons_drawn(open_page(TEXT)) == [result.largest, result.smallest]
    assert neurons_drawn(open_page(TEXT, neuron=str(higher))) == [higher, result.smallest]
    assert neurons_drawn(open_page(TEXT, neuron=str(lower))) == [lower, result.largest]
    assert neurons_drawn(open_page(TEXT, neuron=str(lower), pinned="3,11")) == [3, 11, lower]
    at = open_page(TEXT, neuron=str(lower), pinned="0,1,2,3,4,5")
    assert neurons_drawn(at) == [0, 1, 2, 3, 4, 5]
    assert any(f"neuron {lower}, the selected one, is not in colour" in caption for caption in said(at.caption))


def test_what_is_changed_in_the_box_is_pinned(contrast):
    at = open_page(TEXT, neuron="17")
    (_, other), was = neurons_drawn(at), link(at)
    assert "pinned" not in was
    type_into_box(at, 44)
    assert neurons_drawn(at) == [17, other, 44] and link(at)["pinned"] == f"17,{other},44"
    box(at).set_value([other, 44])
    settle(at)
    assert neurons_drawn(at) == [other, 44], "the selected neuron was taken out, and does not come back"
    assert link(at)["pinned"] == f"{other},44" and "neuron" not in link(at)
    box(at).set_value([])
    settle(at)
    result = contrast(SMALL)
    assert neurons_drawn(at) == [result.largest, result.smallest] and "pinned" not in link(at)


def test_a_typed_number_adds_that_neuron_and_no_other():
    at = open_page(TEXT, pinned="440")
    assert not any(option.startswith(("4", "44")) for option in box(at).options), "a prefix would find another one"
    type_into_box(at, "44")
    assert box(at).value == [440, 44] and link(at)["pinned"] == "440,44" and not at.warning
    type_into_box(at, "44")
    assert link(at)["pinned"] == "440,44", "once"
    type_into_box(at, " 7, 8;9 ")
    assert link(at)["pinned"] == "440,44,7,8,9"


@pytest.mark.parametrize(
    ("typed", "got"),
    [("512", "512"), ("-1", "-1"), ("4.5", "4.5"), ("noun", "noun"), ("٤", "٤"), ("9" * 300, "9" * 60), ("<b>", "<b>")],
)
def test_what_is_no_neuron_is_said_in_one_sentence(typed, got, contrast):
    last = contrast(SMALL).n_neurons - 1
    at = type_into_box(open_page(TEXT, pinned="3"), typed if last == 511 or typed != "512" else str(last + 1))
    got = got if got != "512" else str(last + 1)
    expected = f"“{got}” is no neuron of this layer: a whole number from 0 to {last:,} is."
    assert said(at.warning) == [expected] and link(at)["pinned"] == "3" and box(at).value == [3]
    type_into_box(at, "4")
    assert not at.warning and link(at)["pinned"] == "3,4"


def test_what_is_no_neuron_of_one_layer_is_not_said_of_another():
    at = type_into_box(open_page(TEXT, pinned="3"), "99999")
    assert len(at.warning) == 1
    at.slider(key="layer").set_value(3)
    settle(at)
    assert not at.warning
    at.slider(key="layer").set_value(SMALL.layer)
    settle(at)
    assert not at.warning, "nor when the first one is back"


def test_more_than_six_typed_at_once_are_cut_and_this_is_said():
    at = type_into_box(open_page(TEXT, pinned="3"), "4 5 6 7 8 9 10")
    assert said(at.warning) == ["That makes 8 neurons; at most 6 are shown, so the first 6 are used."]
    assert link(at)["pinned"] == "3,4,5,6,7,8"


# ---------------------------------------------------------------- ways that lead to a neuron


@pytest.mark.parametrize("which", ["largest", "smallest"])
def test_the_extremes_on_home_lead_to_the_neuron(which, contrast):
    at = open_page(HOME, pinned="5")
    click(at, f"show_{which}")  # AppTest does not follow to the other page; a browser's test does
    neuron = getattr(contrast(SMALL), which)
    assert neuron_shown(go_to(at, NEURONS)) == neuron
    assert link(at)["neuron"] == str(neuron) and link(at)["pinned"] == "5"


def test_the_row_of_the_selected_neuron_is_ticked(contrast):
    statistic = np.nan_to_num(contrast(SMALL).tests.statistic)
    order = np.argsort(-np.abs(statistic), kind="stable").tolist()
    at = open_page(NEURONS)
    for neuron in (contrast(SMALL).largest, 17, 40):
        if neuron != contrast(SMALL).largest:
            at.number_input(key="neuron").set_value(neuron)
            settle(at)
        assert at.session_state["neurons_table"]["selection"]["rows"] == [order.index(neuron)]


def test_words_are_marked_where_the_neuron_is(contrast):
    order = np.argsort(-contrast(SMALL).tests.statistic, kind="stable").tolist()
    near, middle, last = order[5], order[len(order) // 2], order[-1]
    at = open_page(WORDS, neuron=str(last), pinned=f"{near},{middle}")
    assert marks(at, "mean_activations") == ({n: n for n in (near, middle, last)}, last)
    assert marks(at, "words_image") == ({5: near, 60: last}, last), "30 columns, an empty one, 30 columns"
    assert any(f"not among these columns: {middle:,} (t = " in text for text in said(at.caption))
    at.get_by_key("image_neurons").set_value("all")
    settle(at)
    assert marks(at, "words_image") == ({order.index(n): n for n in (near, middle, last)}, last)
    assert not any("not among these columns" in text for text in said(at.caption))


# Few words, chosen so that neuron 0 has the largest statistic: both orders of the columns begin with it.
ZERO_FIRST = SMALL.changed(
    unit="word",
    target=CUSTOM,
    target_words=("goes", "friend", "way"),
    baseline=CUSTOM,
    baseline_words=("table", "looked", "response"),
)


def test_each_figure_says_what_it_shows(contrast):
    """A click is reported with it, so no two figures with other places say the same."""
    assert contrast(ZERO_FIRST).largest == 0
    said_by: dict[str, list[str]] = {}
    for layer in (2, 3):
        words = open_page(WORDS, ZERO_FIRST.changed(layer=layer))
        neurons = open_page(NEURONS, ZERO_FIRST.changed(layer=layer))
        shown = [(words, "words_image"), (words, "mean_activations"), (neurons, "neurons_plot")]
        for at, key in [*shown, (neurons, "layer_profile")]:
            said_by.setdefault(key, []).append(figure(at, key)["layout"]["meta"])
        words.get_by_key("image_neurons").set_value("100")
        said_by["words_image"].append(figure(settle(words), "words_image")["layout"]["meta"])
    assert [len(said) for said in said_by.values()] == [4, 2, 2, 2]
    assert all(len(set(said)) == len(said) for said in said_by.values())


SNAPSHOT = ("as", "drawn")


def clicked(monkeypatch, sent):
    """What a message of the browser calls back with, if anything."""
    called = []
    with monkeypatch.context() as patch:
        patch.setattr(streamlit, "session_state", {"plot_marks": {"clicked": sent}})
        plot_marks._click("plot_marks", "this figure", 512, lambda *given: called.append(given), SNAPSHOT)
    return called


def test_a_click_counts_only_in_the_figure_that_is_drawn(monkeypatch):
    assert clicked(monkeypatch, {"place": 17, "drawn": "this figure"}) == [(17, SNAPSHOT)]
    assert clicked(monkeypatch, {"place": 17, "drawn": "the last figure"}) == []


@pytest.mark.parametrize(
    "sent",
    [
        None, 17, "17", [17], {}, {"drawn": "this figure"},
        *({"place": place, "drawn": "this figure"} for place in (-1, 512, 10**30, 1.0, True, "17", None, [1], {})),
        {"place": 17, "drawn": ["this figure"]},
    ],
)  # fmt: skip
def test_a_forged_click_is_none(monkeypatch, sent):
    assert clicked(monkeypatch, sent) == []


def test_what_code_has_replaced_at_once_is_no_choice_when_it_comes_again(monkeypatch):
    """A cell that was clicked is sent again with the next change, if the browser has not heard yet of the tick."""
    spec = ContrastSpec()
    state = {}
    monkeypatch.setattr(streamlit, "session_state", state)
    monkeypatch.setattr(chosen.settings, "current", lambda: SimpleNamespace(values={}, view=SimpleNamespace(spec=spec)))
    cell, tick = ({"selection": {"rows": rows, "cells": cells}} for rows, cells in (([], [(3, "AUC")]), ([3], [])))
    state["table"] = cell
    assert not chosen.is_stale(chosen.snapshot(), "table")
    late.remember("table", cell)
    chosen.write("table", tick)
    state["table"] = cell
    assert chosen.is_stale(chosen.snapshot(), "table")
    state["table"] = {"selection": {"rows": [], "cells": [(4, "AUC")]}}
    assert not chosen.is_stale(chosen.snapshot(), "table")
