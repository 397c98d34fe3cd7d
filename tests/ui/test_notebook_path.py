"""The course notebook's own path: preset, model, layer and text in one press, and what is said where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from transformers import GPTNeoConfig, GPTNeoForCausalLM

from benchmarks.tiny_models import save_tokenizer
from core.models import CATALOGUE
from core.models import hub as core_hub
from core.records import NOTEBOOK
from core.records.presets import NOTEBOOK_LAYER, NOTEBOOK_MODEL
from tests.support.hub_stand_in import HubStandIn
from tests.support.hub_world import empty_cache  # noqa: F401 - a fixture
from tests.support.pages import HOME, NEURONS, SMALL, TEXT, go_to, link, open_page, said, settle
from ui import app_pages, samples
from ui.panels import notebook_path

TAKE, LEAVE = "sidebar_take_notebook_path", "sidebar_leave_notebook_path"
RANDOMNESS = samples.find("randomness").texts[0]


@pytest.fixture(scope="module")
def as_deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-Neo as deep as GPT-Neo 125M, but narrow, with random weights."""
    folder = tmp_path_factory.mktemp("neo")
    tokenizer = save_tokenizer(folder)
    config = GPTNeoConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=64,
        num_layers=12,
        attention_types=[[["global", "local"], 6]],
        num_heads=2,
        max_position_embeddings=512,
        window_size=32,
    )
    torch.manual_seed(0)
    GPTNeoForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def open_hub(monkeypatch, empty_cache):  # noqa: F811 - the fixture
    monkeypatch.setattr(constants, "ENDPOINT", os.environ["HF_ENDPOINT"])


def press(at, key):
    at.button(key=key).click()
    return settle(at)


def in_sidebar(at):
    return " ".join(said(at.sidebar.caption))


def keys(at):
    return {button.key for button in at.button}


def test_one_press_sets_preset_model_layer_and_text_and_another_goes_back(open_hub, as_deep):
    """Twice: with a text of the app, and with one's own, which stays. Each way has its layer, also the way back."""
    at = open_page(NEURONS, SMALL.changed(**NOTEBOOK, layer=3))
    assert "sets neither model nor layer" in in_sidebar(at) and "526 MB are downloaded first" in in_sidebar(at)
    before = link(at)
    assert "transformer.h.3.mlp.c_fc" in " ".join(said(at.main.caption))
    with HubStandIn({NOTEBOOK_MODEL: as_deep}):
        press(at, TAKE)
        assert not at.error
    now = link(at)
    assert (now["model"], now["layer"], now["sample"]) == (NOTEBOOK_MODEL, str(NOTEBOOK_LAYER), "randomness")
    assert at.session_state["preset"] == "Notebook" and at.slider(key="layer").value == NOTEBOOK_LAYER
    assert (
        "Set: preset Notebook, GPT-Neo 125M, layer 8, the text about randomness. Before: Grammar Neo 9M (bundled), "
        "layer 3." in in_sidebar(at)
    )
    assert "read at the output of transformer.h.8.mlp.c_fc" in " ".join(said(at.main.caption))
    go_to(at, TEXT)
    assert at.text_area(key="text").value == RANDOMNESS
    assert (
        "statistic. Each neuron is read at the output of transformer.h.8.mlp.c\\_fc."
        in at.number_input(key="neuron").help
    )
    press(at, LEAVE)
    assert {**link(at), "sample": ""} == {**before, "sample": ""} and TAKE in keys(at)
    assert at.text_area(key="text").value == samples.find("the-market").texts[0]
    at.text_area(key="text").set_value("My own text about walks.")
    at.slider(key="layer").set_value(4)
    settle(at)
    press(at, TAKE)
    assert not at.error and link(at)["layer"] == "8"
    assert "your own text, which was kept" in in_sidebar(at)
    assert at.text_area(key="text").value == "My own text about walks."
    press(at, LEAVE)
    assert (link(at)["model"], link(at)["layer"]) == ("bundled", "4"), "not the layer as deep as the path's"


def test_on_a_class_server_students_ask_their_instructor(open_hub, monkeypatch):
    """Also where no page shows a text: then none is named."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", f"bundled,{NOTEBOOK_MODEL}")
    monkeypatch.setattr(notebook_path.class_settings, "shows", lambda page: page in (app_pages.HOME, app_pages.NEURONS))
    asked, for_the_instructor = notebook_path._missing()
    assert asked == "The notebook’s GPT-Neo 125M is not on this server yet: ask your instructor for it."
    assert f"run `python -m core download {NOTEBOOK_MODEL}`" in for_the_instructor
    at = open_page(HOME, SMALL.changed(**NOTEBOOK, layer=1))
    assert "text" not in at.button(key="home_take_notebook_path").help
    press(at, "home_take_notebook_path")
    assert "Set: preset Notebook, Grammar Neo 9M (bundled), layer 4. Before:" in in_sidebar(at)


def test_without_a_network_the_command_is_said_and_the_bundled_model_stands_in(open_hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    at = open_page(HOME, SMALL.changed(**NOTEBOOK, layer=1))
    assert f"run `python -m core download {NOTEBOOK_MODEL}` where there is a network" in in_sidebar(at)
    layers = CATALOGUE["bundled"].n_layers
    layer = round(8 / 11 * (layers - 1))
    button = at.button(key="home_take_notebook_path")
    assert button.label == f"Take its path here: layer {layer} of {layers}" and "as layer 8 of 12" in button.help
    press(at, "home_take_notebook_path")
    assert (link(at)["model"], link(at)["layer"], link(at)["sample"]) == ("bundled", str(layer), "randomness")
    assert "This is not the notebook’s model. Its numbers are of GPT-Neo 125M, layer 8." in in_sidebar(at)
    assert f"transformer.h.{layer}.mlp.c_fc" in " ".join(said(at.main.caption))
    at.slider(key="layer").set_value(2)
    settle(at)
    assert LEAVE not in keys(at), "there is another way back"


def test_a_class_server_without_the_model_says_whom_to_ask(open_hub, monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    at = open_page(HOME, SMALL)
    assert TAKE not in keys(at), "Home has it, whatever the preset is"
    assert any(
        "This server does not offer the notebook’s GPT-Neo 125M: ask your instructor for it." in each
        for each in said(at.main.caption)
    )
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "missing")
    at = open_page(HOME, SMALL.changed(model="missing"))
    assert "home_take_notebook_path" not in keys(at), "there is no model whose depth is known"
    core_hub.forget_failures()
