"""Links and ways between pages: the same view again, and a sentence for what a link may not say."""

from __future__ import annotations

import pytest

from core.records.link import to_params
from tests.support.pages import (
    EVIDENCE,
    FULL,
    HOME,
    NEURONS,
    PAGES,
    SECRET,
    SMALL,
    TEXT,
    WORDS,
    assert_shows,
    go_to,
    heatmap,
    link,
    metrics,
    neuron_shown,
    neurons_drawn,
    open_page,
    said,
    settle,
)
from ui.defaults import DEFAULT


@pytest.mark.parametrize("page", PAGES)
def test_bad_link_values_are_told_and_the_page_works(page):
    spec = SMALL.changed(n_baseline=400)  # not so few that there would be a caution, too
    at = open_page(page, spec, layer="ninety", correction="hope", n_target="4000000", neuron="x", scale="loud")
    warnings = said(at.warning)
    assert len(warnings) == 5 and not at.error
    assert all(any(name in warning for warning in warnings) for name in ("layer", "correction", "scale"))
    assert link(at)["layer"] == str(DEFAULT.layer) and link(at)["correction"] == DEFAULT.correction
    content = {NEURONS: "neurons_plot", WORDS: "words_image", TEXT: "text_heatmap", EVIDENCE: "run_all"}
    assert at.get_by_key(content.get(page, "model"))
    at.number_input(key="alpha").set_value(0.2)
    settle(at)
    assert not at.warning, "told once: gone after the next change"


def test_a_link_is_text_not_markup():
    at = open_page(HOME, target="![x](http://127.0.0.1/x.png) $x$ **b** <b>")
    assert not at.error and len(at.warning) == 1
    assert "![x](" not in at.warning[0].value.replace("\\", "\0"), "escaped for Markdown"
    assert "://" not in at.warning[0].value.replace("\\", ""), "no address to click"
    assert "![x](http://127.0.0.1/x.png) $x$ **b** <b>" in said(at.warning)[0]


def test_a_neuron_that_the_layer_lacks_is_told(contrast):
    at, result = open_page(NEURONS, neuron="99999"), contrast(SMALL)
    assert neuron_shown(at) == result.largest
    assert len(at.warning) == 1 and f"0 to {result.n_neurons - 1:,}" in said(at.warning)[0]
    at = open_page(TEXT, neurons="3,99999")
    assert neurons_drawn(at) == [3] and len(at.warning) == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_deep_link_opens_the_same_view(page, contrast):
    spec = SMALL.changed(target="adjectives", baseline="adverbs", correction="fdr_bh", alpha=0.01, pooling="last")
    at, result = open_page(page, spec, **FULL), contrast(spec)
    assert not at.warning and not at.error
    assert link(at) == {**to_params(spec), **FULL}
    again = open_page(page, None, **link(at))
    assert link(again) == link(at) and metrics(again) == metrics(at)
    if page == NEURONS:
        assert_shows(at, result)
        assert neuron_shown(at) == neuron_shown(again) == 17
    elif page == TEXT:
        assert neurons_drawn(at) == neurons_drawn(again) == [3, 11, 17]
        assert heatmap(at) == heatmap(again) and heatmap(at)["display"]["scale"] == "zero"


@pytest.mark.parametrize("start", PAGES)
def test_settings_survive_a_walk_through_the_pages(start, contrast):
    spec = SMALL.changed(target="adjectives", test="mannwhitney", correction="fdr_by", family="layer", prefix=True)
    spec = spec.changed(hook_side="activation")
    at, result = open_page(start, spec, **FULL), contrast(spec)
    for page in [*PAGES, *reversed(PAGES), start]:
        go_to(at, page)
        assert not at.error and not at.warning, (page, said(at.error), said(at.warning))
        assert link(at) == {**to_params(spec), **FULL}, page
        settle(at)  # and again, with the widgets' own values
        assert not at.error and link(at) == {**to_params(spec), **FULL}, page
        shown = {name: at.get_by_key(name).value for name in ("layer", "target", "baseline", "correction", "hook_side")}
        assert shown == {name: getattr(spec, name) for name in shown}, page
        if page == NEURONS:
            assert_shows(at, result)


def test_a_change_on_one_page_holds_on_the_next(contrast):
    at = open_page(HOME)
    for layer, page in ((0, NEURONS), (1, TEXT), (3, HOME), (4, NEURONS)):
        at.slider(key="layer").set_value(layer)
        settle(at)
        go_to(at, page)
        assert at.slider(key="layer").value == layer and link(at)["layer"] == str(layer)
    assert_shows(at, contrast(SMALL.changed(layer=4)))


def test_the_text_survives_the_pages():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    for page in (NEURONS, HOME, TEXT):
        go_to(at, page)
        assert not any("platypus" in value for value in link(at).values())
    assert at.text_area(key="text").value == SECRET
    assert "".join(heatmap(at)["pieces"]) == SECRET
