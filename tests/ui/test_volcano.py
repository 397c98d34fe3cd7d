"""The volcano of the Neurons page: a choice that the link keeps, the chosen neuron in both plots, what chance is."""

from __future__ import annotations

import numpy as np

from core.comparison import shuffled_points
from core.experiment import choose_words, read_words
from core.models import load_model
from core.records import CUSTOM
from tests.support.pages import (
    NEURONS,
    SMALL,
    WORDS,
    figure,
    go_to,
    link,
    marks,
    neuron_shown,
    open_page,
    said,
    settle,
)


def drawn(at):
    return figure(at, "neurons_volcano")["data"]


def keys(at):
    return [key for key in ("neurons_plot", "neurons_volcano") if any(key in str(e.proto.id) for e in plots(at))]


def plots(at):
    return at.get("plotly_chart")


def test_the_volcano_shows_what_core_found_and_what_chance_finds(contrast):
    at, result = open_page(NEURONS, plot="volcano"), contrast(SMALL)
    assert keys(at) == ["neurons_volcano"]
    points, chance = drawn(at)[:2]
    np.testing.assert_allclose(points["x"], result.effect_sizes.hedges_g, rtol=1e-5)
    np.testing.assert_allclose(np.square(points["y"]), -result.log10_p, rtol=1e-5)
    activations = read_words(load_model("bundled"), choose_words(SMALL), SMALL, [SMALL.layer])
    expected = shuffled_points(SMALL, activations)
    np.testing.assert_allclose(chance["x"], expected.hedges_g, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.square(chance["y"]), -expected.log10_p, rtol=1e-3, atol=1e-6)
    assert any("the labels nouns and verbs shuffled once (seed 0)" in caption for caption in said(at.caption))


def test_the_choice_is_in_the_link_and_survives_pages_and_layers():
    at = open_page(NEURONS)
    assert keys(at) == ["neurons_plot"] and at.segmented_control(key="plot").value == "index"
    at.segmented_control(key="plot").set_value("volcano")
    settle(at)
    assert keys(at) == ["neurons_volcano"] and link(at)["plot"] == "volcano"
    go_to(go_to(at, WORDS), NEURONS)
    at.slider(key="layer").set_value(4)
    settle(at)
    assert keys(at) == ["neurons_volcano"] and link(at)["plot"] == "volcano"
    at.segmented_control(key="plot").set_value("index")
    settle(at)
    assert keys(at) == ["neurons_plot"] and "plot" not in link(at)


def test_both_plots_mark_the_selected_and_the_pinned_neurons(contrast):
    at = open_page(NEURONS, plot="volcano")
    largest = contrast(SMALL).largest
    assert marks(at, "neurons_volcano") == ({largest: largest}, largest), "the default one too"
    at = open_page(NEURONS, neuron="17", plot="volcano", pinned="5,17")
    before = drawn(at)
    assert marks(at, "neurons_volcano") == ({5: 5, 17: 17}, 17)
    at.number_input(key="neuron").set_value(18)
    settle(at)
    assert marks(at, "neurons_volcano") == ({5: 5, 17: 17, 18: 18}, 18)
    assert drawn(at) == before, "a changed figure would lose its zoom"
    at.segmented_control(key="plot").set_value("index")
    settle(at)
    assert marks(at) == ({5: 5, 17: 17, 18: 18}, 18) and neuron_shown(at) == 18


def test_the_volcano_of_a_control_says_so():
    at = open_page(NEURONS, SMALL.changed(shuffle_labels=True), plot="volcano")
    assert figure(at, "neurons_volcano")["layout"]["xaxis"]["title"]["text"] == "Hedges' g (shuffled A − shuffled B)"
    assert not any("labels nouns" in caption for caption in said(at.caption))
    assert any("(seed 1, another shuffle than that of the points above)" in caption for caption in said(at.caption))
    above, below = drawn(at)[:2]
    assert np.abs(np.array(above["x"]) - below["x"]).max() > 0.1


def test_too_few_lemmas_for_a_shuffle_are_said():
    own = {"target": CUSTOM, "baseline": CUSTOM, "n_target": 3, "n_baseline": 3, "unit": "word"}
    own |= {"target_words": ("go\tgo", "goes\tgo", "going\tgo"), "baseline_words": ("went\tgo", "gone\tgo", "dog\tdog")}
    at = open_page(NEURONS, SMALL.changed(**own), plot="volcano")
    assert any("no shuffle of the labels can be drawn" in caption for caption in said(at.caption))
    assert not any("shuffled" in str(trace.get("name")) for trace in drawn(at))
