"""Another model: the layer keeps its relative depth, and one passing remark says so."""

from __future__ import annotations

import itertools
import os

import pytest
from huggingface_hub import constants

from core.experiment import run_contrast
from core.models import load_model
from tests.support.hub_stand_in import HubStandIn
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    SMALL,
    TEXT,
    WORDS,
    assert_shows,
    link,
    open_page,
    said,
    settle,
    type_model,
)
from tests.support.tiny_models import N_LAYERS

LAST = N_LAYERS - 1
HIGH = SMALL.changed(layer=5)
REMARK = f"Layer 5 of 6 → layer {LAST} of {N_LAYERS}: the same relative depth."
TOO_DEEP = f"This model has layers 0 to {LAST}: layer {LAST} is shown."


_counted = itertools.count()


@pytest.fixture
def name(monkeypatch, tiny_folder):
    """A small model of a hub, under a name that nothing in this process has heard of."""
    monkeypatch.setattr(constants, "ENDPOINT", os.environ["HF_ENDPOINT"])
    name = f"tests/small-{next(_counted)}"
    with HubStandIn({name: tiny_folder("gpt_neo")}):
        yield name


def assert_last_layer(at, name, remarks):
    assert not at.error and not at.exception, said(at.error)
    assert at.slider(key="layer").value == LAST and at.slider(key="layer").max == LAST
    assert (link(at)["model"], link(at)["layer"]) == (name, str(LAST))
    assert said(at.toast) == remarks
    assert not any("was asked for" in sentence for sentence in said([*at.warning, *at.info]))


@pytest.mark.parametrize("page", PAGES)
def test_typed_and_not_fetched_before(page, name):
    at = type_model(open_page(page, HIGH), name)
    assert_last_layer(at, name, [REMARK])
    if page == NEURONS:
        assert_shows(at, run_contrast(HIGH.changed(model=name, layer=LAST), load_model(name)))


@pytest.mark.parametrize("page", [NEURONS, TEXT])
def test_opened_by_a_link_and_not_fetched_before(page, name):
    at = open_page(page, HIGH.changed(model=name))
    for _ in range(2):
        assert_last_layer(at, name, [])
        assert said(at.warning)[0] == TOO_DEEP, "as long as the link's other problems"
        settle(at)


@pytest.mark.parametrize("page", [HOME, WORDS])
def test_at_hand(page, tiny_folder):
    name = str(tiny_folder("gpt2"))
    at = type_model(open_page(page, HIGH), name)
    assert_last_layer(at, name, [REMARK])


def test_a_link_to_a_layer_that_a_model_at_hand_lacks(tiny_folder):
    name = str(tiny_folder("gpt2"))
    at = open_page(NEURONS, HIGH.changed(model=name))
    assert at.slider(key="layer").value == LAST and not at.error and not at.toast
    assert said(at.warning) == [f"layer is “5”; the model has 0 to {LAST}. {LAST} is used."]


def test_to_a_model_with_more_layers_and_back(tiny_folder):
    """Relative depth of 0-based layers: 1/3 of the way is layer 2 of 6, and 2/5 is layer 1 of 4. The neuron goes."""
    name = str(tiny_folder("gpt2"))
    at = open_page(NEURONS, SMALL.changed(model=name, layer=1), neuron="7")
    assert link(at)["neuron"] == "7"
    for model, layer, remark in (
        ("bundled", 2, f"Layer 1 of {N_LAYERS} → layer 2 of 6: the same relative depth."),
        (name, 1, f"Layer 2 of 6 → layer 1 of {N_LAYERS}: the same relative depth."),
    ):
        at = type_model(at, model)
        assert at.slider(key="layer").value == layer and link(at)["layer"] == str(layer)
        assert said(at.toast) == [remark] and "neuron" not in link(at)
        at = settle(at)
        assert at.slider(key="layer").value == layer and not at.toast


def test_a_layer_that_was_chosen_stays(tiny_folder):
    """A link's model and layer, and the layer that a user sets after switching, are as they were asked for."""
    name = str(tiny_folder("gpt2"))
    at = open_page(WORDS, SMALL.changed(model=name, layer=2))
    assert at.slider(key="layer").value == 2 and not at.toast
    at = type_model(at, "bundled")
    at.slider(key="layer").set_value(1)
    at = settle(at)
    assert at.slider(key="layer").value == 1 and not at.toast


def captions(at):
    return " ".join(caption.value for caption in at.sidebar.caption)


def test_the_caption_says_what_a_model_is_and_where():
    at = open_page(HOME, SMALL)
    assert "6 layers × 512 neurons · here" in captions(at)
    assert any((each.proto.help or "").startswith("8,192-token tokenizer · CC BY 4.0. ") for each in at.caption)
    at.selectbox(key="model").set_value("google/gemma-3-270m")
    at = settle(at)
    needs = "18 layers × 2,048 neurons · needs 536 MB"
    assert f"{needs} · its terms must be accepted on the hub" in captions(at)


def test_a_server_with_a_list_offers_only_what_is_on_it(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled,EleutherAI/pythia-70m")
    at = open_page(HOME, SMALL)
    assert at.selectbox(key="model").options == ["Grammar Neo 9M (bundled)", "Pythia 70M · 166 MB"]
