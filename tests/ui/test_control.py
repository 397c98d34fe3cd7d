"""The control with shuffled labels: a switch, a banner on every page, and nothing that passes for word classes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.records.link import to_params
from core.report.sentences import about_control, headline
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    SMALL,
    TEXT,
    WORDS,
    assert_shows,
    figure,
    go_to,
    heatmap,
    link,
    neuron_shown,
    open_page,
    said,
    settle,
)

CONTROL = SMALL.changed(shuffle_labels=True)


@pytest.mark.parametrize("page", PAGES)
def test_a_banner_is_on_every_page_while_it_is_on(page):
    at = open_page(page)
    assert not at.warning and not [button for button in at.button if str(button.key).startswith("control")]
    at.toggle(key="shuffle_labels").set_value(True)
    settle(at)
    assert link(at) == to_params(CONTROL)
    for each in (page, *PAGES):
        go_to(at, each)
        assert f"**Control.** {about_control(CONTROL)}" in said(at.warning), each
        assert at.toggle(key="shuffle_labels").value is True
    at.button(key="control_off").click()
    settle(at)
    assert link(at) == to_params(SMALL) and not at.warning
    assert at.toggle(key="shuffle_labels").value is False


def test_neurons_of_a_control_are_those_that_core_finds(contrast):
    at, result = open_page(NEURONS, CONTROL), contrast(CONTROL)
    assert_shows(at, result)
    assert neuron_shown(at) == result.largest
    assert headline(result) in [item.value for item in at.markdown]
    assert np.abs(result.tests.statistic).max() < np.abs(contrast(SMALL).tests.statistic).max() / 1.5


def test_shuffle_again_is_the_next_seed(contrast):
    at = open_page(NEURONS, CONTROL, neuron="17")
    for seed in (1, 2):
        at.button(key="control_again").click()
        settle(at)
        spec = CONTROL.changed(seed=seed)
        assert link(at) == to_params(spec) | {"neuron": "17"}
        assert_shows(at, contrast(spec))
        assert any(f"(seed {seed})" in warning for warning in said(at.warning))
    at.button(key="control_off").click()
    settle(at)
    assert_shows(at, contrast(SMALL))


def test_the_largest_seed_has_a_next_one():
    at = open_page(HOME, CONTROL.changed(seed=2**32 - 1))
    at.button(key="control_again").click()
    settle(at)
    assert link(at)["seed"] == "0" and not at.error


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_a_control_names_the_classes_as_if_they_were_compared(page):
    """The banner and the sources of the words name them; nothing else of what is shown does."""
    at = open_page(page, CONTROL)
    elements = [*at.main.markdown, *at.main.caption, *at.main.metric, *at.main.header]
    shown = [f"{getattr(each, 'label', '')} {each.value}" for each in elements]
    assert len(shown) > 1
    text = [item for item in shown if re.search("nouns|verbs", item, re.IGNORECASE) and ", shuffled." not in item]
    assert not [item for item in text if not _of_the_app(item)], page
    figures = [figure(at, key) for key in ("neurons_plot", "layer_profile", "words_image") if _has(at, key)]
    assert not any(re.search("nouns|verbs", str(each), re.IGNORECASE) for each in figures)
    if page == TEXT:
        assert [block["title"].partition(" · ")[2] for block in heatmap(at)["blocks"]] == [
            "higher for shuffled A",
            "higher for shuffled B",
        ]
    if page == WORDS:
        assert [head.value for head in at.header][:2] == ["Shuffled A (target)", "Shuffled B (baseline)"]


def _of_the_app(item):
    """What the Home page says of the app, whatever is compared; and a caution, which quotes what was measured."""
    of_home = ("Which ones are higher for nouns", "Are these neurons high where", "A language model is never told")
    return any(begin in item for begin in (*of_home, "The nearest measured case"))


def _has(at, key):
    try:
        return at.get_by_key(key) is not None
    except KeyError:
        return False


@pytest.mark.parametrize("name", ["Notebook", "Careful"])
def test_a_preset_is_the_same_with_a_control_and_does_not_switch_it_off(name):
    """It says how to analyse; whether the labels are true is another question."""
    at = open_page(NEURONS, CONTROL)
    at.segmented_control(key="preset").set_value(name)
    settle(at)
    assert at.segmented_control(key="preset").value == name and link(at)["shuffle_labels"] == "1"
    at.button(key="control_off").click()
    settle(at)
    assert at.segmented_control(key="preset").value == name and "shuffle_labels" not in link(at)


def test_a_control_that_cannot_be_says_why():
    own = {"target": "custom", "baseline": "custom", "n_target": 2, "n_baseline": 2}
    own |= {"target_words": ("go\tgo", "goes\tgo"), "baseline_words": ("went\tgo", "gone\tgo")}
    at = open_page(NEURONS, CONTROL.changed(**own))
    assert len(at.error) == 1 and "labels were shuffled" in said(at.error)[0]
    at.button(key="control_off").click()
    settle(at)
    assert "labels were shuffled" not in said(at.error)[0], "one lemma in each class cannot be tested either"


def test_the_words_of_a_control_are_the_same_words(contrast):
    at, true = open_page(WORDS, CONTROL), contrast(SMALL)
    shown = [word for table in at.dataframe for word in table.value["word"]]
    assert sorted(shown) == sorted((*true.words.target, *true.words.baseline))
