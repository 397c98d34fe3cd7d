"""A model with fewer layers than the one before: its last layer is shown, and one passing remark says so."""

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
    type_model,
)
from tests.support.tiny_models import N_LAYERS

LAST = N_LAYERS - 1
HIGH = SMALL.changed(layer=5)
REMARK = f"This model has layers 0 to {LAST}: layer {LAST} is shown."


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
    assert_last_layer(at, name, [REMARK])


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
