"""How the Text page shows a text: what the reader chooses is kept, and what the browser is sent is what core says."""

from __future__ import annotations

import numpy as np
import pytest

from core.experiment import unit_values
from tests.support.pages import NEURONS, SMALL, TEXT, decoded, go_to, heatmap, link, open_page, said, settle, show_as
from ui.defaults import DISPLAY
from ui.token_heatmap.display import DEFAULT


def test_what_the_reader_chooses_is_kept_across_pages_and_in_the_link():
    at = open_page(TEXT)
    before = heatmap(at)
    assert before["display"] == DEFAULT and not {*DISPLAY} & {*link(at)}
    chosen = {"scale": "words", "by": "word", "colours": "notebook", "threshold": "20", "both": "off"}
    show_as(at, **chosen)
    assert heatmap(at)["display"] == chosen and {name: link(at)[name] for name in chosen} == chosen
    assert heatmap(at)["content"] == before["content"], "nothing is to be drawn again"
    go_to(at, NEURONS)
    go_to(at, TEXT)
    assert heatmap(at)["display"] == chosen
    show_as(at, **DEFAULT)
    assert not {*DISPLAY} & {*link(at)}


def test_what_no_reader_can_choose_changes_nothing():
    at = open_page(TEXT)
    show_as(at, scale="log", by=["word"], threshold=20, both=None)
    assert not at.exception and not at.error and heatmap(at)["display"] == DEFAULT


def test_both_neurons_are_in_one_block(contrast):
    at, result = open_page(TEXT), contrast(SMALL)
    both, blocks = heatmap(at)["both"], heatmap(at)["blocks"]
    assert f"neuron {result.largest} against neuron {result.smallest}" in both["title"]
    # Written out: each neuron with its class means at -1 and 1, own class up; half the difference of the two.
    own = []
    for neuron, block, sign in zip((result.largest, result.smallest), blocks, (1, -1), strict=True):
        target, baseline = unit_values(result, neuron, SMALL.hook_side)
        means = np.array([target.mean(dtype=float), baseline.mean(dtype=float)])[::sign]
        own.append(2 * (decoded(block["values"]).astype(float) - means[1]) / (means[0] - means[1]) - 1)
        assert block["line"] == pytest.approx([means.mean(), (means[0] - means[1]) / 2])
    np.testing.assert_allclose(decoded(both["values"]), (own[0] - own[1]) / 2, rtol=1e-4, atol=1e-5)
    assert all(scale["centre"] == 0 for scale in both["scales"].values())


def test_without_one_neuron_of_each_direction_there_is_nothing_in_one(contrast):
    result = contrast(SMALL)
    order = np.argsort(result.tests.statistic)
    at = open_page(TEXT, neurons=f"{order[-1]},{order[-2]}")
    assert heatmap(at)["both"] is None
    assert any("All neurons shown are higher for nouns" in sentence for sentence in said(at.caption))
    at = open_page(TEXT, neurons=f"{order[-1]}")
    assert heatmap(at)["both"] is None and not any("All neurons shown" in sentence for sentence in said(at.caption))
    at = open_page(TEXT, neurons=f"{order[-2]},{order[3]},{order[-1]},{order[0]}")
    assert f"neuron {order[-1]} against neuron {order[0]}" in heatmap(at)["both"]["title"]


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_values_by_word_are_pooled_as_those_of_the_lists(pooling):
    at = open_page(TEXT, SMALL.changed(pooling=pooling))
    at.text_area(key="text").set_value("The platypus, unmistakably.")
    settle(at)
    sent = heatmap(at)
    values, words = (decoded(sent["blocks"][0][name]) for name in ("values", "wordValues"))
    ends = [*sent["words"][1:], len(values)]
    groups = ["".join(sent["pieces"][start:end]) for start, end in zip(sent["words"], ends, strict=True)]
    assert groups == ["The", " platypus", ",", " unmistakably", "."]
    expected = [
        values[i:j].mean() if pooling == "mean" else values[j - 1] for i, j in zip(sent["words"], ends, strict=True)
    ]
    np.testing.assert_allclose(words, expected, rtol=1e-5)
    assert sent["counts"]["word"].endswith("tokens, 3 words")


def test_a_short_text_is_told_of():
    at = open_page(TEXT)
    at.text_area(key="text").set_value("Dogs bark.")
    settle(at)
    scales = heatmap(at)["blocks"][0]["scales"]
    assert "mean little" in scales["text90"]["notes"][0] and "mean little" not in "".join(scales["words90"]["notes"])
