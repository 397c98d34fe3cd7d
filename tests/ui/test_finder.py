"""The finder on the Layers page: filter, order, clicks, files, and what a mistake keeps."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.report.neuron_table import NeuronTable
from engine import files, steps
from engine.layer_steps import all_layers
from engine.pipeline import Request, forget_everything, resolve
from tests.support.pages import NEURONS, SMALL, go_to, link, neuron_shown, open_export, open_page, said, settle
from ui import chosen, settings
from ui.panels import finder, finder_table

LAYERS = "pages/2_Layers.py"
FILTER = "strong and auc_after >= 0.9"


@pytest.fixture(scope="module")
def every():
    return resolve(all_layers, Request(SMALL))


def finder_tables(at):
    return [each for each in at.dataframe if str(each.key).startswith("finder_table")]


def table(at, sort=""):
    [shown] = finder_tables(at)
    assert shown.key.startswith(f"finder_table{sort}_")
    return shown.value


def places(at, sort=""):
    shown = table(at, sort)
    return list(zip(shown["layer"].tolist(), shown["neuron"].tolist(), strict=True))


def fitting(every):
    """The neurons of ``FILTER``, each as its layer and number."""
    rows = np.argwhere(every.strong & (every.auc_after >= 0.9))
    return {(int(layer), int(neuron)) for layer, neuron in rows}


def counted(at):
    """What the page says of how many neurons there are."""
    return next(each.value for each in at.markdown if " neurons of 6 layers" in each.value)


def test_it_begins_with_the_largest_differences_of_the_model(every):
    at = open_page(LAYERS)
    distance = np.abs(every.tests.auc - 0.5)
    assert len(table(at)) == finder.MOST == 1_000
    assert np.isclose(distance[places(at)[0]], distance.max())
    assert f"All **3,072** neurons of 6 layers, {every.strong.sum()} of them strong" in counted(at)
    assert "1,000 of 3,072 are shown; the CSV has all." in counted(at)


def test_a_filter_and_an_order_are_in_the_link_and_in_all_that_is_shared(every):
    at = open_page(LAYERS)
    at.text_input(key=finder.FILTER).set_value(FILTER)
    settle(at)
    at.selectbox(key=finder.ORDER).set_value("hedges_g")
    settle(at)
    assert set(places(at, "-hedges_g")) == fitting(every) and len(fitting(every)) > 3
    assert (np.diff(table(at, "-hedges_g")["hedges_g"]) <= 0).all(), "the highest first"
    assert link(at)["filter"] == FILTER and link(at)["sort"] == "-hedges_g"
    at.get_by_key(finder.DIRECTION).set_value("")
    settle(at)
    again = open_page(LAYERS, spec=None, **link(at))
    assert (
        places(again, "hedges_g")
        == places(at, "hedges_g")
        == sorted(fitting(every), key=lambda place: every.hedges_g[place])
    )
    assert again.text_input(key=finder.FILTER).value == FILTER


def test_a_mistake_stays_in_the_box_and_the_last_valid_filter_in_the_table(every):
    at = open_page(LAYERS, filter=FILTER)
    at.text_input(key=finder.FILTER).set_value("auc_aftr >= 0.9 and **b**")
    settle(at)
    assert at.text_input(key=finder.FILTER).value == link(at)["filter"] == "auc_aftr >= 0.9 and **b**"
    assert any("cannot be read" in each for each in said(at.markdown))
    assert "last filter that could be read, “strong and auc" in counted(at).replace("\\", "")
    assert set(places(at)) == fitting(every)
    go_to(at, NEURONS)
    go_to(at, LAYERS)
    assert at.text_input(key=finder.FILTER).value == "auc_aftr >= 0.9 and **b**"


def test_a_bad_link_is_said_and_its_filter_is_not_lost():
    at = open_page(LAYERS, filter="z > 3", sort="nothing")
    assert at.text_input(key=finder.FILTER).value == link(at)["filter"] == "z > 3"
    assert any("“z”, which is no column" in each and "Did you mean t?" in each for each in said(at.markdown))
    assert any("The order is “nothing”" in each for each in said(at.warning)) and "sort" not in link(at)
    assert "The table has no filter." in counted(at) and len(table(at)) == finder.MOST


def test_an_example_fills_the_box_and_a_second_press_empties_it(every):
    at = open_page(LAYERS)
    at.get_by_key(finder.EXAMPLES).set_value("top <= 1")
    settle(at)
    assert at.text_input(key=finder.FILTER).value == "top <= 1" and len(table(at)) == 30
    least = np.sort(every.tests.statistic[~np.isnan(every.tests.statistic)])[-30]
    assert all(every.tests.statistic[place] >= least for place in places(at))
    at.get_by_key(finder.EXAMPLES).set_value(None)
    settle(at)
    assert not at.text_input(key=finder.FILTER).value and "filter" not in link(at)


def test_a_run_does_not_replace_what_is_being_typed():
    at = open_page(LAYERS, filter="g > 0.5")
    assert at.text_input(key=finder.FILTER).proto.set_value, "that of the link"
    at.run()
    settle(at)
    assert at.text_input(key=finder.FILTER).value == "g > 0.5" and not at.text_input(key=finder.FILTER).proto.set_value
    at.get_by_key(finder.EXAMPLES).set_value("top <= 1")
    settle(at)
    assert at.text_input(key=finder.FILTER).value == "top <= 1"


def test_the_gold_auc_is_computed_for_a_filter_that_needs_it():
    at = open_page(LAYERS, filter="gold_auc > 0.7")
    assert len(table(at)) and (table(at)["gold_auc"] > 0.7 - 5e-4).all()


def test_without_a_tag_there_is_no_gold_auc_and_this_is_said():
    at = open_page(LAYERS, SMALL.changed(shuffle_labels=True), filter="gold_auc > 0.8")
    assert "gold_auc" not in table(at)
    assert any(each.startswith("The filter has gold_auc, which cannot be computed here.") for each in _small(at))
    assert any("There is no gold AUC. The labels are shuffled" in each for each in said(at.caption))


def _small(at):
    return [each.removeprefix(":small[:red[").removesuffix("]]") for each in said(at.markdown)]


def test_no_neuron_that_fits_is_said():
    at = open_page(LAYERS, filter="g > 1000")
    assert "None of the 3,072 neurons of 6 layers fits." in counted(at)
    assert not finder_tables(at)


# ---------------------------------------------------------------- clicks


def test_a_selected_neuron_is_ticked_if_it_is_shown(every):
    layer, neuron = sorted(fitting(every))[0]
    at = open_page(LAYERS, SMALL.changed(layer=layer), filter=FILTER, neuron=str(neuron))
    [shown] = finder_tables(at)
    assert at.session_state[shown.key]["selection"]["rows"] == [places(at).index((layer, neuron))]
    assert neuron_shown(go_to(at, NEURONS)) == neuron


@pytest.fixture
def clicked(monkeypatch):
    """What a click does, by what the browser sends: calls of the settings and of the choice."""
    done = []
    monkeypatch.setattr(settings, "choose", lambda **choices: done.append(choices))
    monkeypatch.setattr(chosen, "choose_in_layer", lambda *place: done.append(place[:2]))

    def click(order=("", "-"), **selection):
        sent = SimpleNamespace(selection=SimpleNamespace(**{"rows": [], "columns": [], "cells": [], **selection}))
        monkeypatch.setattr(finder_table.st, "session_state", {"key": sent})
        done.clear()
        finder_table._choose("key", [(0, 7), (3, 9)], order, ("layer", "hedges_g"), ())
        return done

    return click


def test_a_click_selects_a_neuron_or_sorts(clicked):
    assert clicked(rows=[1]) == [(3, 9)]
    assert clicked(rows=[1], cells=[(0, "hedges_g")]) == [(0, 7)]
    assert clicked(columns=["hedges_g"]) == [{"sort": "-hedges_g"}]
    assert clicked(columns=["layer"]) == [{"sort": "layer"}]
    assert clicked(("hedges_g", "-"), columns=["hedges_g"]) == [{"sort": "hedges_g"}]
    assert clicked(("hedges_g", ""), columns=["hedges_g"]) == [{"sort": "-hedges_g"}]
    for odd in ({"rows": [2]}, {"rows": ["x"]}, {"columns": ["shuffled_labels"]}, {"rows": [True]}, {}):
        assert clicked(**odd) == []


# ---------------------------------------------------------------- files


def test_files_have_all_rows_of_the_filter_in_its_order(every):
    sources = steps.sources(resolve(steps.words, Request(SMALL)))
    found = files.Found("abs(g) > 0.5", "-hedges_g")
    lines = list(csv.DictReader(io.StringIO(files.every_layer_csv(SMALL, sources, found).decode("utf-8-sig"))))
    expected = np.sort(every.hedges_g[np.abs(every.hedges_g) > 0.5])[::-1]
    assert [float(line["hedges_g"]) for line in lines] == expected.tolist() and len(lines) > finder.MOST
    objects = json.loads(files.every_layer_json(SMALL, sources, files.Found("abs(g) > 0.5", "-hedges_g")))
    assert [each["neuron"] for each in objects] == [int(line["neuron"]) for line in lines]
    assert [each["gold_auc"] for each in objects] == [float(line["gold_auc"]) for line in lines]


def test_export_and_the_buttons_beside_offer_the_same_files():
    at = open_export(open_page(LAYERS, filter=FILTER))
    keys = {button.proto.id.split("-")[-1] for button in at.get("download_button")}
    assert {"finder_csv", "finder_csv_beside", "finder_json", "finder_json_beside"} <= keys


def test_the_files_have_the_gold_auc_whether_or_not_the_page_has_shown_it():
    sources = steps.sources(resolve(steps.words, Request(SMALL)))
    forget_everything()
    rows = list(csv.DictReader(io.StringIO(files.every_layer_csv(SMALL, sources, files.Found()).decode("utf-8-sig"))))
    assert rows and all(float(row["gold_auc"]) for row in rows)
    shuffled = SMALL.changed(shuffle_labels=True)
    sources = steps.sources(resolve(steps.words, Request(shuffled)))
    saved = files.every_layer_csv(shuffled, sources, files.Found()).decode("utf-8-sig")
    assert "gold_auc" not in saved.splitlines()[0]


@pytest.mark.parametrize(("side", "word"), [("pre-activation", "before"), ("activation", "after")])
def test_the_example_with_tagged_text_says_which_side_the_text_is_read_at(every, side, word):
    """Its filter asks for no significance, so it does not say that the neurons are strong."""
    of_side = NeuronTable(replace(every, spec=SMALL.changed(hook_side=side)))
    assert finder._examples(of_side)[finder._WORKED] == f"AUC high after, and in tagged text ({word}, tested)"


def test_a_table_of_another_experiment_is_another_one_for_the_browser():
    """Else a row that is still ticked there would select the neuron that has come into its place."""
    keys = {
        finder_tables(open_page(LAYERS, spec, **words))[0].key
        for spec, words in ((SMALL, {}), (SMALL.changed(test="mannwhitney"), {}), (SMALL, {"filter": "g > 0.5"}))
    }
    assert len(keys) == 3
    other_layer = finder_tables(open_page(LAYERS, SMALL.changed(layer=4)))[0].key
    assert other_layer in keys, "a click that changes the layer keeps the table and its place"
