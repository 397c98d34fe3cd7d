"""A mistake in the settings: why stands beside its box, and the page shows the last valid settings, and says so."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.records import CUSTOM
from core.records.link import to_params
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    PAIRED,
    SECRET,
    SMALL,
    TEXT,
    WORDS,
    assert_shows,
    go_to,
    heatmap,
    link,
    neuron_shown,
    open_page,
    said,
    settle,
)
from ui.panels import home

BASELINE = "40 baseline words"
SHOWN = "Shown is the result of the last valid settings: "


def change(at, **values):
    for key, value in values.items():
        at.get_by_key(key).set_value(value)
    return settle(at)


def shown_of(at):
    """Of which settings the page says that its result is."""
    (sentence,) = [text for text in said(at.markdown) if SHOWN in text]
    return sentence.partition(SHOWN)[2].partition(".** ")[0]


def beside(at):
    """What stands in red by boxes of the sidebar."""
    start = ":small[:red["
    return [text[len(start) : -2] for text in said(at.sidebar.markdown) if text.startswith(start)]


@pytest.mark.parametrize(
    ("typed", "sentence", "valid"),
    [
        ({"alpha": 0.9}, "0.9 is out of range: 0.0001 to 0.5 are allowed for alpha.", "alpha 0.05"),
        ({"alpha": 0.0}, "0 is out of range: 0.0001 to 0.5 are allowed for alpha.", "alpha 0.05"),
        ({"alpha": -1e300}, "−1e+300 is out of range: 0.0001 to 0.5 are allowed for alpha.", "alpha 0.05"),
        ({"n_target": 1}, "1 is out of range: 2 to 1,345 target words are allowed.", "40 target words"),
        ({"n_target": -48}, "-48 is out of range: 2 to 1,345 target words are allowed.", "40 target words"),
        ({"n_baseline": 10_001}, "10,001 is out of range: 2 to 1,300 baseline words are allowed.", BASELINE),
    ],
)
@pytest.mark.parametrize("page", [HOME, NEURONS])
def test_a_number_out_of_range_says_why_beside_its_box(page, typed, sentence, valid, contrast):
    [(key, value)] = typed.items()
    at = change(open_page(page), **{key: value})
    assert at.number_input(key=key).value == value, "the box keeps what was typed"
    assert beside(at) == [sentence]
    assert said(at.error) == [sentence] and shown_of(at) == valid
    assert link(at) == to_params(SMALL)
    if page == NEURONS:
        assert_shows(at, contrast(SMALL))
    change(at, **{key: getattr(SMALL, key)})
    assert not at.error and not beside(at)


def test_two_numbers_have_each_its_sentence():
    at = change(open_page(WORDS), alpha=0.9, n_target=1)
    assert len(beside(at)) == 2
    assert len(at.error) == 1 and shown_of(at) == "40 target words, alpha 0.05"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_last_valid_settings(page):
    at = change(open_page(page, PAIRED), n_target=30)
    assert len(at.error) == 1 and shown_of(at) == "40 target words"
    assert at.main.metric or at.main.get("plotly_chart") or at.get("bidi_component")[1:] or at.button(key="run_all")
    assert link(at) == to_params(PAIRED)


def test_the_last_valid_result_can_be_looked_at_further(contrast):
    at = change(open_page(NEURONS), alpha=0.9)
    result = contrast(SMALL)
    at.button(key="show_smallest").click()
    settle(at)
    assert neuron_shown(at) == result.smallest and link(at)["neuron"] == str(result.smallest)
    go_to(at, TEXT)
    change(at, text=SECRET)
    assert "".join(heatmap(at)["pieces"]) == SECRET and at.number_input(key="alpha").value == 0.9


def test_settings_that_are_changed_beside_a_mistake_are_named():
    at = change(open_page(WORDS), alpha=0.9)
    change(at, prefix=False, test="mannwhitney", target="adjectives")
    assert shown_of(at) == "target nouns, prefix on, test Welch's t-test, alpha 0.05"
    change(at, alpha=0.02)
    changed = SMALL.changed(prefix=False, test="mannwhitney", target="adjectives", alpha=0.02)
    assert not at.error and link(at) == to_params(changed)


def test_why_a_name_is_not_allowed_stands_beside_its_box_as_for_a_number():
    at = change(open_page(WORDS), target=CUSTOM)
    change(at, target_text="dog\ncat", target_name="Food\x1b")
    assert beside(at) == ["The name holds U+001B, which cannot be seen; printable characters are allowed."]


def test_a_list_that_is_no_list_yet_shows_the_last_one():
    at = change(open_page(WORDS), target=CUSTOM)
    assert shown_of(at) == "target nouns" and at.get("plotly_chart")
    change(at, target_text="dog\ncat\nhorse")
    change(at, target_text="dog")
    assert shown_of(at) == "the custom target list of 3 words"
    assert at.dataframe[0].value["word"].tolist() == ["dog", "cat", "horse"]


@pytest.mark.parametrize("change_one", ["target", "baseline"])
def test_the_same_class_twice_keeps_everything_and_can_be_an_exchange(change_one):
    spec = SMALL.changed(n_target=30, correction="sidak", alpha=0.02)
    at = open_page(WORDS, spec)
    change(at, **{change_one: "verbs" if change_one == "target" else "nouns"})
    assert len(at.error) == 1 and shown_of(at) == f"{change_one} {getattr(spec, change_one)}"
    at.button(key="mend_0").click()
    settle(at)
    assert not at.error and link(at) == to_params(spec.changed(target="verbs", baseline="nouns"))


def test_the_layer_of_a_link_that_a_model_lacks_ends_while_there_is_a_mistake(monkeypatch):
    """The sidebar corrects the layer in the next run; with a mistake, the last valid settings keep it."""
    at = open_page(HOME)
    change(at, alpha=0.9)

    def lacks(*args, **kwargs):
        raise UserError("Layer 2 was asked for; the model has layers 0 to 1.", about="layer")

    monkeypatch.setattr(home, "show", lacks)
    monkeypatch.setattr("ui.remedies.layers_of", lambda model: 2)
    at.run()
    assert len(at.error) == 2 and not at.exception


@pytest.mark.parametrize("both", [False, True])
def test_a_link_with_a_list_of_one_word_has_one_mistake_and_claims_no_result(both):
    lists = {"target": CUSTOM, "target_words": "dog"} | ({"baseline": CUSTOM, "baseline_words": "run"} if both else {})
    at = open_page(NEURONS, None, **lists)
    assert said(at.error) == ["The custom target list has 1 word; at least 2 are needed."]
    assert not any(SHOWN in text for text in said(at.markdown)) and not at.metric
    assert at.text_area(key="target_text").value == "dog"
    change(at, target_text="dog\ncat", **({"baseline_text": "run\nwalk"} if both else {}))
    assert not at.error and at.metric
