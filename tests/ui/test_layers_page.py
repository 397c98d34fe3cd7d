"""The Layers page: what it draws is what core finds, and what it says where there is nothing to draw."""

from __future__ import annotations

import csv
import io
import json
import re
import threading

import pytest

from core import whole_model
from core.errors import UserError
from core.records import CUSTOM
from engine import files, layer_steps, steps
from engine.pipeline import Request, forget_everything, resolve
from tests.support.fake_gold import fake_gold
from tests.support.pages import SMALL, figure, link, open_export, open_page, said, settle
from tests.support.tiny_models import N_LAYERS, save_tiny

LAYERS = "pages/2_Layers.py"
CHARTS = ("layer_counts", "layer_strength", "layer_spread", "layer_gold")


def has(at, key):
    try:
        return at.get_by_key(key) is not None
    except KeyError:
        return False


def shaded(at, key):
    sent = json.loads(at.get_by_key(f"{key}_marks").proto.json)
    return [mark["place"] for mark in sent["marks"]]


def test_the_charts_are_of_every_layer(contrast):
    at = open_page(LAYERS)
    counts = figure(at, "layer_counts")["data"]
    for layer in range(6):
        result = contrast(SMALL.changed(layer=layer))
        assert (counts[0]["y"][layer], -counts[2]["y"][layer]) == (result.n_higher, result.n_lower)
        assert counts[1]["y"][layer] - counts[3]["y"][layer] == int(result.strong.sum())
    table = next(each.value for each in at.dataframe if "nouns: significant" in each.value)
    assert table["nouns: significant"].tolist()[::2] == counts[0]["y"]
    assert all(shaded(at, key) == [SMALL.layer] for key in CHARTS)
    figures = [figure(at, key) for key in CHARTS]
    at.slider(key="layer").set_value(4)
    settle(at)
    assert [figure(at, key) for key in CHARTS] == figures, "the figures stay, so that the browser keeps them"
    assert all(shaded(at, key) == [4] for key in CHARTS)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "All layers are corrected together: the chance of any false finding in all layers is at most 0.05."),
        ({"family": "layer"}, "up to 0.3 in the 6 layers together (0.265 if layers were independent)"),
        ({"family": "layer", "correction": "fdr_bh"}, "is at most 0.05 in one layer, not in all of them"),
        ({"correction": "none"}, "about 26 neurons of each layer would be significant by chance"),
    ],
)
def test_the_caption_says_what_is_corrected_together(changes, sentence):
    assert any(sentence in caption for caption in said(open_page(LAYERS, SMALL.changed(**changes)).caption))


def test_the_side_that_is_not_tested_has_its_own_warning():
    at = open_page(LAYERS)
    assert [box.label for box in at.main.expander if "p-values" in box.label] == [
        "The p-values after the nonlinearity may be too low: why"
    ]
    at = open_page(LAYERS, SMALL.changed(test="mannwhitney"))
    assert not [box for box in at.main.expander if "p-values" in box.label]


def test_the_axis_is_in_the_link():
    at = open_page(LAYERS, axis="depth")
    assert figure(at, "layer_counts")["layout"]["xaxis"]["title"]["text"] == "Relative depth"
    at.get_by_key("axis").set_value("layer")
    settle(at)
    assert figure(at, "layer_counts")["layout"]["xaxis"]["title"]["text"] == "Layer" and "axis" not in link(at)
    at = open_page(LAYERS, axis="elsewhere")
    assert said(at.warning) == ["axis is “elsewhere”; allowed are layer, depth. “layer” is used."]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"target": CUSTOM, "target_words": ("time", "way", "day", "year", "man")},
            "The words are a list of one's own",
        ),
        ({"target": "singular-nouns"}, "stands for singular nouns"),
        ({"shuffle_labels": True}, "The labels are shuffled"),
    ],
)
def test_classes_without_tags_have_a_sentence(changes, sentence):
    at = open_page(LAYERS, SMALL.changed(**changes))
    assert not has(at, "layer_gold") and has(at, "layer_spread")
    assert any(sentence in caption for caption in said(at.caption)) and not at.error


def test_with_too_many_words_one_layer_is_read(monkeypatch):
    monkeypatch.setattr(steps, "_ALL_LAYERS_WORDS", 50)
    at = open_export(open_page(LAYERS, SMALL.changed(family="layer", alpha=0.04)))
    assert any("only the chosen layer is read" in note for note in said(at.info))
    assert not any(has(at, key) for key in (*CHARTS, "layers_csv"))


def test_the_page_is_there_while_sentences_are_read(monkeypatch):
    forget_everything()
    go_on = threading.Event()

    def slow(spec, lm, text, **how):
        how["progress"](0.5, "Reading tagged sentences: 1 of 2")
        assert go_on.wait(60)
        return fake_gold(spec, lm, text)

    monkeypatch.setattr(whole_model, "gold_layers", slow)
    at = _once(LAYERS)
    assert has(at, "layer_counts") and has(at, "layer_spread") and not has(at, "layer_gold")
    at.slider(key="layer").set_value(1)
    _run_until(at, lambda: has(at, "layer_counts") and shaded(at, "layer_counts") == [1])
    assert len(layer_steps.gold_queue._jobs) == 1, "another layer waits for the same reading"
    go_on.set()
    settle(at)
    assert has(at, "layer_gold")


def _once(page):
    """A session in which the rest of the page has been drawn, whatever is still at work."""
    from streamlit.testing.v1 import AppTest

    from core.records.link import to_params
    from tests.support.browser import ROOT

    at = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    at.switch_page(page)
    at.query_params.update(to_params(SMALL))
    at.run()
    _run_until(at, lambda: has(at, "layer_spread"))
    return at


def _run_until(at, true):
    for _ in range(200):
        at.run()
        assert not at.exception
        if true():
            return
    raise AssertionError("never so")


def test_why_sentences_could_not_be_read_is_said_and_can_be_tried_again(monkeypatch):
    forget_everything()

    def fails(spec, lm, text, **how):
        raise UserError("The tagged text has 3 words tagged NOUN.")

    monkeypatch.setattr(whole_model, "gold_layers", fails)
    at = open_page(LAYERS, SMALL.changed(pooling="last"))
    assert any("has 3 words tagged NOUN" in sentence for sentence in said(at.error)) and has(at, "layer_counts")
    monkeypatch.setattr(whole_model, "gold_layers", fake_gold)
    at.button(key="gold_again").click()
    settle(at)
    assert has(at, "layer_gold") and not at.error


def test_a_layer_in_which_nothing_varies(tmp_path):
    last = N_LAYERS - 1
    folder = save_tiny("gpt_neo", tmp_path, dead_neurons={last: list(range(128))})
    spec = SMALL.changed(model=str(folder), layer=0)
    at = open_page(LAYERS, spec)
    assert sum("no neuron varies over these words" in note for note in said(at.info)) == 2, "before and after"
    assert all(has(at, key) for key in CHARTS) and not at.error
    at = open_page(LAYERS, spec.changed(layer=last))
    assert any("No neuron of this layer varies" in sentence for sentence in said(at.error))
    assert has(at, "layer_counts") and shaded(at, "layer_counts") == [last], "a click goes to another layer"


def test_the_table_is_exported_with_all_digits(contrast):
    at = open_export(open_page(LAYERS))
    stem = f"nouns-verbs-bundled-layer2-{SMALL.digest[:6]}"
    helps = {button.proto.help for button in at.get("download_button")}
    assert {f"Save {stem}-layers.csv", f"Save {stem}-layers.json"} <= helps
    shown = steps.sources(resolve(steps.conclusion, Request(SMALL)).words)
    rows = list(csv.DictReader(io.StringIO(files.layers_csv(SMALL, shown).decode("utf-8-sig"))))
    assert [row["layer"] for row in rows] == [str(layer) for layer in range(6) for _ in range(2)]
    assert int(rows[2 * SMALL.layer]["largest_neuron"]) == contrast(SMALL).largest
    assert float(rows[2 * SMALL.layer]["text_auc_of_largest"]) > 0
    assert len(json.loads(files.layers_json(SMALL, shown))) == 12


def test_a_frame_has_the_charts_and_no_controls_of_the_experiment():
    at = open_page(LAYERS, embed="true", show="profile")
    assert all(has(at, key) for key in CHARTS)
    assert any(re.search(r"strongly \(AUC at least", text) for text in said(at.markdown))
