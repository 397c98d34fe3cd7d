"""What the app does with the test, the correction and the check of CONTRIBUTING.md, run where they have been added.

It is no part of the suite: tests/test_recipes.py runs it in a copy of the repository.
"""

from __future__ import annotations

import json

from core.evidence import CHECKS
from core.records import CORRECTIONS, TESTS
from core.records.link import from_params
from core.stats.correction import LABELS
from tests.support.evidence_page import chips, html, run_check
from tests.support.pages import EVIDENCE, NEURONS, SMALL, WORDS, figure, open_export, open_page, said, settle


def added():
    """An experiment with both. Elsewhere there is none: the suite imports all modules, for their examples."""
    return SMALL.changed(test="yuen", correction="hochberg", family="layer")


def test_neurons_shows_it():
    at = open_page(NEURONS, added())
    assert any("Yuen's test, Hochberg over 512 tests" in caption for caption in said(at.caption))
    drawn = figure(at, "neurons_plot")
    assert "Yuen's t (nouns" in json.dumps(drawn["layout"]), "the axis has the name of the statistic"
    assert "median df" in json.dumps(drawn), "there is a threshold, but not one for all neurons"
    assert at.selectbox(key="test").value == TESTS[-1] == "yuen"
    assert "Yuen's compares means without" in at.selectbox(key="test").help
    assert "Holm, Max-T (permutation) and Hochberg bound" in at.selectbox(key="correction").help
    assert LABELS[CORRECTIONS[-1]] == "Hochberg"
    open_export(at)
    assert "There is no notebook: the test Yuen's test and the correction Hochberg have no plain version." in [
        caption.replace("\\", "") for caption in said(at.caption)
    ]


def test_words_shows_it():
    at = open_page(WORDS, added())
    assert not at.error and at.get("plotly_chart")


def test_max_t_is_refused_in_one_sentence_with_a_button():
    at = open_page(NEURONS, added())
    at.selectbox(key="correction").set_value("max_t")
    settle(at)
    [sentence] = said(at.error)
    assert "the test yuen cannot be permuted" in sentence.replace("\\", "")
    next(button for button in at.button if button.label == "Correct by Holm").click()
    settle(at)
    assert not at.error and at.selectbox(key="correction").value == "holm"
    assert from_params({"test": "yuen", "correction": "max_t"}, default=SMALL)[0].correction == "holm"


def test_the_check_is_on_the_page_in_its_place():
    assert CHECKS.index("frequency_halves") == CHECKS.index("control_task") + 2
    at = run_check(open_page(EVIDENCE, added(), neuron="17"), "frequency_halves")
    settle(at)
    verdict = chips(at)["frequency_halves"]
    assert list(chips(at)) == list(CHECKS) and verdict in ("holds", "does not hold", "unclear")
    assert any("lower AUC" in text for text in html(at))
    [dot] = figure(at, "picture_frequency_halves")["data"]
    assert dot["y"] == ["lower AUC"] and dot["error_x"]["array"][0] > 0
    assert any("requent and rare words" in code.value for code in at.code), "the claim names it"
