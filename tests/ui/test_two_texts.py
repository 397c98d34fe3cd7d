"""Two texts on the Text page: what is paired and how it changes, by readings of core; what is kept and said."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from core.activations import token_activations
from core.models import load_model
from core.report.colours import ramp
from core.report.palette import THEMES
from engine import files
from engine.limits import limits
from server.sessions import messages
from tests.support.pages import SMALL, TEXT, WORDS, go_to, link, open_export, open_page, said, settle
from ui.panels.text_pair_input import KEYS, PAIRS

DOGS = ("The dog runs.", "The dogs run.")


def two(at, texts=None):
    at.segmented_control(key="text_source").set_value("two")
    settle(at)
    if texts:
        for key, text in zip(KEYS, texts, strict=True):
            at.text_area(key=key).set_value(text)
        settle(at)
    return at


def sent(at):
    """What the component was sent."""
    return json.loads(at.get_by_key("token_pair").proto.json)


def boxes(at):
    return tuple(at.text_area(key=key).value for key in KEYS)


def read(text):
    return token_activations(load_model("bundled"), text, SMALL.layer, side=SMALL.hook_side, prefix=SMALL.prefix)


def shown_number(text):
    return float(text.replace("\N{MINUS SIGN}", "-"))


@pytest.mark.parametrize("texts", [DOGS, *PAIRS.values()])
def test_tokens_and_changes_are_those_of_two_readings(texts, contrast):
    at, result = two(open_page(TEXT), texts), contrast(SMALL)
    data, readings = sent(at), [read(text) for text in texts]
    assert ["".join(text["pieces"]) for text in data["texts"]] == list(texts)
    for side, reading in enumerate(readings):
        places = [pair[side] for pair in data["pairs"] if pair[side] >= 0]
        assert places == list(range(len(reading.pieces)))
    assert len(data["blocks"]) == 2
    for block, neuron in zip(data["blocks"], (result.largest, result.smallest), strict=True):
        assert f"Neuron {neuron} " in block["title"]
        values = [reading.values[:, neuron] for reading in readings]
        top = max(float(np.abs(values[1][j] - values[0][i])) for i, j in data["pairs"] if min(i, j) >= 0)
        for k, (i, j) in enumerate(data["pairs"]):
            if min(i, j) < 0:
                assert (
                    block["changes"][k] == ""
                    and block["steps"][k] == -1
                    and ""
                    in (
                        block["values"][0][k],
                        block["values"][1][k],
                    )
                )
                continue
            # Of three digits, half a unit of the last one is at most five thousandths.
            assert shown_number(block["values"][0][k]) == pytest.approx(float(values[0][i]), rel=5e-3, abs=1e-6)
            assert shown_number(block["values"][1][k]) == pytest.approx(float(values[1][j]), rel=5e-3, abs=1e-6)
            change = float(values[1][j]) - float(values[0][i])
            assert shown_number(block["changes"][k]) == pytest.approx(change, abs=0.02 * top + 1e-6)
            assert abs(change) < 0.02 * top or np.sign(block["steps"][k] - 100) == np.sign(change)


@pytest.mark.parametrize(("chosen", "palette"), [("app", "oranges"), ("notebook", "reds")])
def test_the_colours_are_those_that_the_reader_has_chosen(chosen, palette, contrast):
    at = two(open_page(TEXT, colours=chosen), DOGS)
    target, baseline = sent(at)["blocks"]
    for theme in THEMES:
        for block, pair in ((target, (palette, "blues")), (baseline, ("blues", palette))):
            expected = ramp(pair[0], below=pair[1], theme=theme)
            assert [tuple(step) for step in block["ramps"][theme]] == list(expected)


def test_every_pair_to_start_from_differs_and_has_a_change():
    at = two(open_page(TEXT))
    assert boxes(at) == next(iter(PAIRS.values())), "the page opens with a pair"
    for title, texts in PAIRS.items():
        at.selectbox(key="sample_pair").set_value(title)
        settle(at)
        assert boxes(at) == texts
        assert set(sent(at)["kinds"]) > {"equal"}
        assert any(set(block["changes"]) - {"", "0"} for block in sent(at)["blocks"])


def test_a_forged_pair_is_not_one():
    at = two(open_page(TEXT), DOGS)
    box = at.selectbox(key="sample_pair")
    box.options.append("/etc/passwd")
    box.set_value("/etc/passwd")
    settle(at)
    assert boxes(at) == DOGS and not at.exception


def test_both_texts_stay_across_pages_and_are_in_no_link():
    at = two(open_page(TEXT), ("A platypus reads.", "A platypus read."))
    go_to(at, WORDS)
    assert not any("platypus" in value for value in link(at).values())
    go_to(at, TEXT)
    assert at.segmented_control(key="text_source").value == "two"
    assert boxes(at) == ("A platypus reads.", "A platypus read.")
    at.segmented_control(key="text_source").set_value("own")
    settle(at)
    assert at.get_by_key("text_heatmap") is not None
    assert boxes(two(at)) == ("A platypus reads.", "A platypus read.")


def test_a_neuron_that_is_not_significant_says_so(contrast):
    spec = SMALL.changed(shuffle_labels=True)
    assert not contrast(spec).significant.any()
    for shown, marked in ((SMALL, False), (spec, True)):
        blocks = sent(two(open_page(TEXT, shown), DOGS))["blocks"]
        assert [", not significant, " in block["subtitle"] for block in blocks] == [marked] * len(blocks)


def test_equal_texts_are_said_to_be_equal():
    at = two(open_page(TEXT), ("The dog runs.", "The dog runs."))
    assert any("have the same tokens, so nothing changes" in caption for caption in said(at.caption))
    assert all(set(block["changes"]) == {"0"} for block in sent(at)["blocks"])


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (("", "A dog."), "The first text is empty"),
        (("A dog.", "  \n"), "The second text is empty"),
        (("A dog.", "dog " * 6_000), "The second text has 24,000 characters; at most 20,000 are allowed."),
        (("a b " * 4_000, "b c " * 4_000), "cannot be compared token by token"),
    ],
)
def test_a_mistake_says_which_text_it_is_in(texts, sentence):
    at = two(open_page(TEXT), texts)
    assert any(sentence in error for error in said(at.error)) and len(at.error) == 1
    assert boxes(at) == texts, "and what was typed stays"


def test_the_table_is_offered_and_has_the_values_that_are_shown(contrast):
    at, result = two(open_page(TEXT), DOGS), contrast(SMALL)
    assert {"pair_csv", "pair_json"} <= {each.key for each in open_export(at).get("download_button")}
    neurons = (result.largest, result.smallest)
    rows = list(csv.DictReader(io.StringIO(files.pair_values(SMALL, DOGS, neurons).decode("utf-8-sig"), newline="")))
    readings = [read(text) for text in DOGS]
    for side, (reading, text) in enumerate(zip(readings, DOGS, strict=True), start=1):
        here = [row for row in rows if row[f"position_{side}"]]
        assert "".join(row[f"token_{side}"] for row in here).replace("␣", " ") == text
        for neuron in neurons:
            values = [float(row[f"neuron_{neuron}_text_{side}"]) for row in here]
            np.testing.assert_allclose(values, reading.values[:, neuron], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("key", KEYS)
def test_a_class_server_keeps_as_much_of_each_text_as_of_one(key):
    """By the id that the page gives the box."""
    at = two(open_page(TEXT))
    name = at.text_area(key=key).proto.id
    assert name.endswith(f"-{key}") and messages._most_characters(name) == limits().kept_characters
