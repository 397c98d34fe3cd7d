"""The check of the ways of reading, against word_activations and scikit-learn-like counting in each way."""

from __future__ import annotations

from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import mannwhitneyu

from core.activations import word_activations
from core.evidence.input_grid import check
from core.report.figures.evidence import picture_of


@pytest.mark.parametrize("neuron", [120, 375])
def test_every_way_agrees_with_scipy_on_a_reading_of_its_own(subject_of, neuron):
    subject = subject_of(neuron, unit="word", n_target=60, n_baseline=50)
    finding = check(subject)
    ways = finding.numbers["ways"]
    assert [(w["prefix"], w["leading_space"], w["pooling"]) for w in ways] == list(
        product((False, True), (False, True), ("mean", "last"))
    )
    for way in ways:
        how = {name: way[name] for name in ("prefix", "leading_space", "pooling")}
        target, baseline = (
            word_activations(subject.lm, words, [3], **how)[0, :, neuron]
            for words in (subject.result.words.target, subject.result.words.baseline)
        )
        u = mannwhitneyu(target, baseline).statistic / (len(target) * len(baseline))
        assert way["auc"] == pytest.approx(u if subject.favours_target else 1 - u, abs=1e-9)
    assert finding.value == min(way["auc"] for way in ways)


def test_a_neuron_without_difference_does_not_hold(subject_of):
    layer = subject_of().result
    weakest = int(np.nanargmin(np.abs(layer.tests.auc - 0.5)))
    assert check(subject_of(weakest)).verdict == "does not hold"


def test_the_noun_neuron_holds_and_its_picture_is_valid(subject_of):
    finding = check(subject_of(120))
    assert finding.verdict == "holds"
    go.Figure(picture_of("input_grid", finding.numbers))


def test_two_custom_lists_are_named_apart(subject_of):
    words = subject_of().result.words
    lists = {"target_words": words.target[:40], "baseline_words": words.baseline[:40]}
    sentence = check(subject_of(120, target="custom", baseline="custom", **lists)).sentence
    assert "a random word of target words is above one of baseline words" in sentence
