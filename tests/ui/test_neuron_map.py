"""The map of the Layers page: what is sent, the choice in the link, marks, and clicks that count or do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.experiment import run_contrast
from core.models import load_model
from core.report.figures.neuron_map import VIEWS, band_heights
from engine import layer_steps, steps
from engine.pipeline import Request, resolve
from tests.support.made_layers import decoded_points
from tests.support.pages import SMALL, figure, link, open_page, said, settle

LAYERS = "pages/2_Layers.py"
N = 512  # neurons of a layer of the bundled model


@pytest.fixture(scope="module")
def found():
    return resolve(layer_steps.all_layers, Request(SMALL))


def points(at, view):
    return decoded_points(at.get_by_key(f"neuron_map_{view}_points").proto.bytes)


def click(at, view, **sent):
    """What the browser says of a click, which AppTest has no method for."""
    states = at._tree.get_widget_states()
    state = states.widgets.add()
    state.id = at.get_by_key(f"neuron_map_{view}_points").proto.id
    state.json_value = json.dumps({"clicked": sent})
    at._run(states)
    return settle(at)


@pytest.mark.parametrize("view", VIEWS)
def test_the_map_has_every_neuron_of_every_layer(view, found):
    at = open_page(LAYERS, map=view)
    header, columns = points(at, view)
    assert header["n"] == 6 * N
    for layer in (0, 4):
        alone = run_contrast(SMALL.changed(layer=layer), load_model("bundled"))
        here = slice(N * layer, N * (layer + 1))
        np.testing.assert_allclose(columns["statistic"][here], alone.tests.statistic, rtol=1e-6)
        np.testing.assert_allclose(columns["log10_p"][here], alone.log10_p_adjusted, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(columns["after"][here], alone.other_side.auc, atol=1.1e-6)
        assert ((columns["kind"][here] > 0) == alone.significant).all()
        assert ((columns["kind"][here] > 2) == alone.strong).all()
    assert figure(at, f"neuron_map_{view}")["layout"]["meta"] == header["drawn"]
    assert any("3,072 neurons. Click a point" in caption for caption in said(at.caption))


def test_the_choice_of_the_view_is_in_the_link():
    at = open_page(LAYERS)
    assert at.segmented_control(key="map").value == "layers" and "map" not in link(at)
    at.segmented_control(key="map").set_value("auc")
    settle(at)
    assert link(at)["map"] == "auc" and at.get_by_key("neuron_map_auc")
    at = open_page(LAYERS, map="depth")
    assert at.segmented_control(key="map").value == "layers"
    assert any("map is “depth”; allowed are layers, auc" in sentence for sentence in said(at.warning))


@pytest.mark.parametrize("view", VIEWS)
def test_a_click_selects_the_neuron_and_its_layer_and_changes_no_picture(view, found):
    at = open_page(LAYERS, map=view, neuron="17", pinned="5")
    header, _ = points(at, view)
    before = at.get_by_key(f"neuron_map_{view}").proto.spec, at.get_by_key(f"neuron_map_{view}_points").proto.bytes
    click(at, view, place=N * 4 + 33, drawn=header["drawn"])
    assert (link(at)["layer"], link(at)["neuron"]) == ("4", "33") and "pinned" not in link(at)
    assert at.number_input(key="neuron").value == 33 and at.slider(key="layer").value == 4
    after = at.get_by_key(f"neuron_map_{view}").proto.spec, at.get_by_key(f"neuron_map_{view}_points").proto.bytes
    assert before == after, "a changed picture would lose its zoom"
    [ring] = json.loads(at.get_by_key(f"neuron_map_{view}_marks").proto.json)["marks"]
    values = (
        (33, band_heights(found)[4, 33]) if view == "layers" else (found.tests.auc[4, 33], found.tests.statistic[4, 33])
    )
    assert (ring["x"], ring["y"]) == pytest.approx(values) and ring["label"] == "layer 4, 33" and ring["selected"]


def test_a_click_in_the_same_layer_keeps_the_pinned_neurons():
    at = open_page(LAYERS, neuron="17", pinned="5,9")
    click(at, "layers", place=N * SMALL.layer + 40, drawn=points(at, "layers")[0]["drawn"])
    assert (link(at)["layer"], link(at)["neuron"], link(at)["pinned"]) == (str(SMALL.layer), "40", "5,9")
    sent = json.loads(at.get_by_key("neuron_map_layers_marks").proto.json)["marks"]
    assert [(mark["label"], mark["selected"]) for mark in sent] == [("5", False), ("9", False), ("layer 2, 40", True)]


@pytest.mark.parametrize(
    "sent",
    [
        {"place": 6 * N, "drawn": True},
        {"place": -1, "drawn": True},
        {"place": 3.5, "drawn": True},
        {"place": True, "drawn": True},
        {"place": "7", "drawn": True},
        {"place": 33, "drawn": "another figure"},
        {"place": 33},
        {},
    ],
    ids=str,
)
def test_what_no_map_of_now_sends_does_not_count(sent):
    at = open_page(LAYERS, neuron="17")
    drawn = points(at, "layers")[0]["drawn"]
    click(at, "layers", **{name: drawn if value is True and name == "drawn" else value for name, value in sent.items()})
    assert (link(at)["layer"], link(at)["neuron"]) == (str(SMALL.layer), "17")


def test_with_many_words_a_note_stands_for_the_map(monkeypatch):
    monkeypatch.setattr(steps, "_ALL_LAYERS_WORDS", 60)
    at = open_page(LAYERS, SMALL.changed(n_target=41, family="layer"))
    assert not [each for each in at.get("plotly_chart") if "neuron_map" in str(each.proto.id)]
    assert any("fewer words show the map" in note for note in said(at.info))
