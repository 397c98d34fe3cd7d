"""Checkpoints on the Layers page by AppTest: none, some that are read, one that fails, a click, a link, a server."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from core.emergence import measure_checkpoints
from core.models.checkpoints import checkpoints_of
from core.records import ContrastSpec
from engine import emergence_steps
from engine.pipeline import forget_everything
from tests.support.pages import SMALL, figure, link, open_export, open_page, said, settle
from tests.support.threads import until
from tests.support.tiny_models import copy_folder
from ui.panels.emergence import FIGURES

LAYERS = "pages/2_Layers.py"


@pytest.fixture
def runs(tiny_folder, tmp_path, monkeypatch):
    """A root with four checkpoints; the last ones differ from the first ones in their weights."""
    for step, kind in {0: "gpt_neo", 1: "gpt_neo", 10: "gpt_neo", 300: "gpt_neo"}.items():
        copy_folder(tiny_folder(kind), tmp_path / "runs" / f"step{step}")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODEL_ROOT", str(tmp_path))
    monkeypatch.setattr(emergence_steps, "checkpoints", emergence_steps.new_queue())
    forget_everything()
    yield tmp_path / "runs"
    forget_everything()


def spec_of(step=10) -> ContrastSpec:
    return SMALL.changed(model=f"runs/step{step}", layer=1)


def read_all(at):
    at.button(key="read_checkpoints").click().run()
    until(lambda: not emergence_steps.checkpoints._jobs)
    return settle(at)


def is_there(at, key):
    return any(each.key == key for each in at.button)


def click(at, key, place):
    """A click in a plot, as its script says it."""
    drawn = figure(at, key)["layout"]["meta"]
    states = at._tree.get_widget_states()
    state = states.widgets.add()
    state.id = at.get_by_key(f"{key}_marks").proto.id
    state.json_value = json.dumps({"clicked": {"place": place, "drawn": drawn}})
    at._run(states)
    return settle(at)


def test_a_model_without_checkpoints_says_how_to_give_some():
    at = open_page(LAYERS)
    assert any("EleutherAI/pythia-70m@step1000" in text for text in said(at.caption))
    assert not is_there(at, "read_checkpoints") and not at.multiselect


def test_nothing_is_read_until_it_is_asked_for_and_then_the_curve_is_there(runs):
    at = open_page(LAYERS, spec_of())
    assert at.multiselect(key="emergence_steps").value == [0, 1, 10, 300] and "steps" not in link(at)
    assert at.button(key="read_checkpoints").label == "Read 4 checkpoints"
    assert not [each for each in at.get("plotly_chart") if "emergence" in each.proto.id]
    read_all(at)
    expected = measure_checkpoints(spec_of(), [
        each.__class__(each.step, str(runs / each.label), each.label)
        for each in checkpoints_of(str(runs / "step0")).found
    ])  # fmt: skip
    drawn = figure(at, "emergence_effect")["data"]
    np.testing.assert_allclose(drawn[0]["y"], expected.best_auc("pre-activation")[:, 0])
    np.testing.assert_allclose(drawn[3]["y"], expected.best_auc("pre-activation", 1)[:, 1])
    assert figure(at, "emergence_strong")["data"][0]["y"] == expected.strong("pre-activation")[:, 0].tolist()
    table = at.dataframe(key="emergence_table").value
    assert table["step"].tolist() == [0, 1, 10, 300] and table["checkpoint"][2] == "runs/step10"
    assert not is_there(at, "read_checkpoints") and not is_there(at, "stop_checkpoints")
    assert any("stays the same row of weights" in text for text in said(at.caption))
    marks = json.loads(at.get_by_key("emergence_effect_marks").proto.json)["marks"]
    assert [(mark["place"], mark["label"]) for mark in marks] == [(2, "10")], "the experiment's own"


def test_a_click_makes_a_checkpoint_the_model_and_keeps_the_neuron(runs):
    at = read_all(open_page(LAYERS, spec_of(), neuron="7", pinned="3"))
    click(at, "emergence_strong", 3)
    assert (link(at)["model"], link(at)["neuron"], link(at)["pinned"]) == ("runs/step300", "7", "3")
    assert not is_there(at, "read_checkpoints"), "the curve is the same"
    click(at, "emergence_layers", 0)
    assert (link(at)["model"], link(at)["neuron"]) == ("runs/step0", "7")
    for place in (-1, 4, True, "1", None, 1.5):
        click(at, "emergence_effect", place)
        assert link(at)["model"] == "runs/step0"


def test_steps_are_in_the_link_and_what_is_left_is_read(runs):
    at = open_page(LAYERS, spec_of(), steps="300,10,7")
    assert at.multiselect(key="emergence_steps").value == [10, 300]
    read_all(at)
    at.multiselect(key="emergence_steps").set_value([0, 10, 300])
    settle(at)
    assert link(at)["steps"] == "0,10,300" and at.button(key="read_checkpoints").label == "Read the other checkpoint"
    read_all(at)
    assert at.dataframe(key="emergence_table").value["step"].tolist() == [0, 10, 300]
    again = open_page(LAYERS, None, **link(at))
    assert again.dataframe(key="emergence_table").value["step"].tolist() == [0, 10, 300]


def test_export_has_the_files_and_the_figures(runs):
    at = open_export(read_all(open_page(LAYERS, spec_of())))
    keys = {button.proto.id.split("-")[-1] for button in at.get("download_button")}
    assert {"emergence_csv", "emergence_csv_beside", "emergence_json", "emergence_json_beside"} <= keys
    saved = {each["key"] for each in json.loads(at.get_by_key("export_pictures").proto.json)["figures"]}
    drawn = {each.proto.id.split("-")[-1] for each in at.get("plotly_chart")}
    assert {key for key in drawn if key.startswith("emergence")} == set(FIGURES) and drawn <= saved


def test_a_checkpoint_that_fails_has_its_sentence_and_can_be_tried_again(runs):
    (runs / "step1" / "model.safetensors").unlink()
    at = read_all(open_page(LAYERS, spec_of()))
    assert at.dataframe(key="emergence_table").value["step"].tolist() == [0, 10, 300]
    assert any("step 1" in text and "safetensors" in text for text in said(at.markdown))
    assert at.button(key="read_checkpoints").label == "Try 1 checkpoint again"
    shutil.copy(runs / "step0" / "model.safetensors", runs / "step1")
    read_all(at)
    assert at.dataframe(key="emergence_table").value["step"].tolist() == [0, 1, 10, 300]


def test_the_progress_says_which_one_is_read_and_stop_ends_it(runs, monkeypatch):
    from threading import Event

    go_on, real = Event(), emergence_steps.resolve
    emergence_steps.checkpoints._work = lambda request, progress: (
        progress(0.5, "Reading"), go_on.wait(30), real(emergence_steps.checkpoint, request, progress)
    )[-1]  # fmt: skip
    at = open_page(LAYERS, spec_of())
    at.button(key="read_checkpoints").click().run()
    until(lambda: any(emergence_steps.checkpoints._jobs[each].message for each in emergence_steps.checkpoints._running))
    at.run()
    bar = at.get("progress")[0].proto
    assert bar.text.replace("\\", "").replace("\u2060", "") == "1 of 4, runs/step0: Reading" and bar.value == 50
    at.button(key="stop_checkpoints").click().run()
    go_on.set()
    until(lambda: not emergence_steps.checkpoints._jobs)
    settle(at)
    assert not any("could not be read" in each.label for each in at.expander)


def test_a_server_shows_the_checkpoints_that_it_offers(runs, monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "runs/step10,runs/step300")
    at = open_page(LAYERS, spec_of(), steps="0,1,10")
    assert at.multiselect(key="emergence_steps").options == ["10", "300"]
    assert at.multiselect(key="emergence_steps").value == [10]


def test_a_folder_of_checkpoints_offers_its_last_one(runs):
    at = open_page(LAYERS, SMALL.changed(model="runs", layer=1))
    assert any("holds no config.json" in text for text in said(at.error))
    at.button(key="use_checkpoint").click()
    settle(at)
    assert link(at)["model"] == "runs/step300" and is_there(at, "read_checkpoints")
