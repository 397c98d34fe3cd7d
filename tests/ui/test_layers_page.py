"""The Layers page: what it draws is what core finds, and what it says where there is nothing to draw."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from types import SimpleNamespace

import pytest
import streamlit as st

from core import whole_model
from core.errors import UserError
from core.records import CUSTOM, ContrastSpec
from engine import files, layer_steps, steps
from engine.files import Found
from engine.pipeline import Request, forget_everything, resolve
from tests.support.fake_gold import fake_gold
from tests.support.pages import NEURONS, SMALL, figure, link, open_export, open_page, said, settle
from tests.support.tiny_models import N_LAYERS, save_tiny
from ui.panels import every_layer, finder, neuron_map

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


def test_the_charts_the_map_and_the_finder_say_what_is_corrected_together():
    captions = said(open_page(LAYERS, SMALL.changed(family="layer")).caption)
    assert sum("up to 0.3 in the 6 layers together (0.265" in caption for caption in captions) == 3


@pytest.mark.parametrize(("page", "n"), [(LAYERS, 3), (NEURONS, 3)])
def test_where_a_protocol_does_not_select_by_p_every_mark_of_significance_says_so(page, n):
    """Bars, map and finder; scatter, profile and table."""
    sentence = "What is marked as significant is so by p; this protocol selects the top 1% by t instead."
    at = open_page(page, ContrastSpec.of_preset("localiser", n_target=40, n_baseline=40, layer=2))
    assert sum(sentence in caption for caption in said(at.caption)) == n
    assert not any(sentence in caption for caption in said(open_page(page).caption))


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


@pytest.mark.parametrize(("correction", "order"), [("holm", "charts map finder"), ("max_t", "map finder charts")])
def test_with_max_t_the_map_and_the_finder_do_not_wait_for_the_other_side(monkeypatch, correction, order):
    """Its p-values take as many permutations again, and only the charts show them. They stand above in any case."""
    drawn = []
    for name, panel in (("charts", every_layer), ("map", neuron_map), ("finder", finder)):

        def draw(*given, name=name):
            drawn.append(name)
            st.markdown(f"here: {name}")
            return ()

        monkeypatch.setattr(panel, "draw", draw)
    at = open_page(LAYERS, SMALL.changed(correction=correction, family="layer"))
    assert " ".join(drawn[-3:]) == order
    assert [text for text in said(at.markdown) if text.startswith("here")] == [
        "here: charts",
        "here: map",
        "here: finder",
    ]


def test_while_the_other_side_is_permuted_the_page_says_why(monkeypatch):
    def waiting(step, spec, *, meanwhile=None):
        assert meanwhile is not None
        meanwhile()

    monkeypatch.setattr(every_layer, "show", waiting)
    at = open_page(LAYERS, SMALL.changed(correction="max_t", family="layer"))
    assert any("max-T permutes the labels for each" in caption for caption in said(at.caption))


def test_only_the_first_drawing_waits_a_moment_for_the_sentences(monkeypatch):
    """What is below would come later after each click, as long as they are read."""
    forget_everything()
    waits = []

    def wait(seconds):
        waits.append(seconds)
        return False

    job = SimpleNamespace(
        finished=SimpleNamespace(wait=wait, is_set=lambda: False), share=0.5, message="Reading tagged sentences"
    )
    monkeypatch.setattr(layer_steps.gold_queue, "ask", lambda *asked: [job])
    at = _once(LAYERS)
    for layer in (1, 3):
        at.slider(key="layer").set_value(layer)
        _run_until(at, lambda layer=layer: has(at, "layer_spread") and shaded(at, "layer_spread") == [layer])
    assert waits[0] > 0 and len(waits) >= 3 and not any(waits[1:])


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
    assert has(at, "neuron_map_layers_points") and has(at, "finder_filter"), "they are of every layer"
    assert any("When in training" in box.label for box in at.main.expander)
    saved = files.every_layer_csv(spec.changed(layer=last), steps.sources(resolve(steps.words, Request(spec))), Found())
    assert saved.count(b"\n") == 1 + 128 * N_LAYERS
    at = open_page(LAYERS, spec.changed(layer=last), embed="true", show="finder")
    assert has(at, "finder_filter") and not any(has(at, key) for key in (*CHARTS, "neuron_map_layers_points"))


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
    forget_everything()
    again = files.layers_csv(SMALL, shown).decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(again))) == rows, "the page has not shown the sentences now"
    assert len(json.loads(files.layers_json(SMALL, shown))) == 12


def test_a_frame_has_the_charts_and_no_controls_of_the_experiment():
    at = open_page(LAYERS, embed="true", show="profile")
    assert all(has(at, key) for key in CHARTS)
    assert any(re.search(r"strongly \(AUC at least", text) for text in said(at.markdown))
