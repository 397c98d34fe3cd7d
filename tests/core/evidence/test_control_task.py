"""The control task, against a plain loop that counts with SciPy's U."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import mannwhitneyu

from core.errors import Cancelled
from core.evidence import run_check
from core.evidence.control_task import N_LABELLINGS, check
from core.report.figures.evidence import picture_of
from core.stats.control_task import best_of_luck, label_aucs, luck_held_out
from core.stats.permutation import permutations
from tests.support.made_up import noise, planted, with_values

SMALL = {"n_target": 60, "n_baseline": 50}


def aucs_by_scipy(values, labels):
    """The AUC of every neuron (n_neurons,) of the labelled over the other units."""
    return mannwhitneyu(values[labels], values[~labels]).statistic / (labels.sum() * (~labels).sum())


@pytest.mark.parametrize("digits", [1, 6])
def test_aucs_of_labels_agree_with_scipy_with_and_without_ties(digits):
    values = np.random.default_rng(0).normal(size=(30, 150)).round(digits).astype(np.float32)
    values[:, 5] = 0.0  # a silent neuron
    labels = permutations(12, 18, 25, seed=4)
    expected = np.array([aucs_by_scipy(values, row) for row in labels])  # [n_labellings, n_neurons]
    found = np.concatenate(list(label_aucs(values, labels))).T
    assert found == pytest.approx(expected, abs=1e-12)
    assert best_of_luck(values, labels) == pytest.approx(expected.max(axis=1), abs=1e-12)


def test_luck_on_halves_agrees_with_scipy():
    values = np.random.default_rng(1).normal(size=(40, 300)).astype(np.float32)
    half = np.random.default_rng(2).permutation(40) < 18
    labels = permutations(8, 10, 15, seed=5), permutations(11, 11, 15, seed=6)
    chosen_on, held_out = luck_held_out(values, labels, half)
    for k in range(15):
        here, there = aucs_by_scipy(values[half], labels[0][k]), aucs_by_scipy(values[~half], labels[1][k])
        assert (chosen_on[k], held_out[k]) == pytest.approx((here.max(), there[here.argmax()]))


@pytest.mark.parametrize(("neuron", "unit"), [(120, "lemma"), (375, "word")])
def test_the_bundled_models_neurons_agree_with_a_plain_loop(subject_of, neuron, unit):
    subject = subject_of(neuron, **SMALL, unit=unit)
    finding = check(subject)
    figures = finding.numbers
    target, baseline = subject.layer_values()
    own, other = (target, baseline) if neuron == 120 else (baseline, target)
    values = np.concatenate([own, other])
    labels = permutations(len(own), len(other), N_LABELLINGS, subject.spec.seed)
    assert figures["best"][:20] == pytest.approx([aucs_by_scipy(values, row).max() for row in labels[:20]])
    auc = mannwhitneyu(own[:, neuron], other[:, neuron]).statistic / (len(own) * len(other))
    assert figures["auc"] == pytest.approx(auc) and figures["n_units"] == len(values)
    assert finding.value == pytest.approx(auc - np.mean(figures["best"]))
    assert finding.interval == pytest.approx([figures[end] - figures["mean"] for end in ("auc_low", "auc_high")])
    assert figures["auc_low"] <= figures["auc"] <= figures["auc_high"]
    assert figures["quantile"] == pytest.approx(np.quantile(figures["best"], 0.95))
    assert finding.verdict == "holds" and figures["p"] == 1 / (N_LABELLINGS + 1)
    go.Figure(picture_of("control_task", figures))


def test_luck_does_not_stay_on_other_words(subject_of):
    luck = check(subject_of(**SMALL)).numbers
    assert luck["mean"] > 0.6 and luck["held_out"]["where_chosen"] > luck["mean"]  # half the words, more luck
    assert abs(luck["held_out"]["held_out"] - 0.5) < 0.03


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_shuffled_words_does_not_hold(subject_of, seed):
    """The neuron that is best for labels that mean nothing is one of luck's best."""
    subject = subject_of(**SMALL)
    made_up = with_values(subject, *noise(subject, seed), 0)
    middle = int(np.argsort(np.abs(made_up.result.tests.statistic))[20])
    assert check(with_values(subject, *noise(subject, seed), middle)).verdict == "does not hold"


def test_about_one_in_twenty_of_lucks_best_is_above_their_quantile(subject_of):
    subject, above = subject_of(**SMALL), 0
    for seed in range(30):
        target, baseline = noise(subject, seed)
        tests = with_values(subject, target, baseline, 0).result.tests
        best = int(tests.auc.argmax())
        above += check(with_values(subject, target, baseline, best)).verdict != "does not hold"
    assert above <= 5  # of 30 with a probability of 5% each, more would come in 1 of 300 cases


def test_a_planted_neuron_holds_and_a_weak_one_is_unclear(subject_of):
    subject, verdicts = subject_of(**SMALL), {}
    for shift in (0.0, 0.4, 0.5, 0.6, 0.7, 2.0, -2.0):
        finding = check(planted(subject, shift))
        figures = finding.numbers
        selective = figures["auc"] - np.mean(figures["best"]) >= 0.1
        above = figures["auc"] > np.quantile(figures["best"], 0.95)
        expected = "does not hold" if not above else "holds" if selective else "unclear"
        assert finding.verdict == expected
        verdicts[shift] = expected
    assert verdicts[2.0] == verdicts[-2.0] == "holds" and verdicts[0.0] == "does not hold"
    assert "unclear" in verdicts.values()


def test_too_few_words_for_halves_have_luck_only(subject_of):
    finding = run_check("control_task", subject_of(n_target=3, n_baseline=4, drop_shared=False))
    assert finding.numbers["held_out"] is None
    assert finding.verdict == "does not hold"  # with three words against four, luck reaches 1
    go.Figure(picture_of("control_task", finding.numbers))


def test_it_is_the_same_again_and_cancelling_passes_through(subject_of):
    subject = subject_of(**SMALL)
    assert check(subject).to_plain() == check(subject).to_plain()

    def stop(share, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("control_task", subject, stop)
