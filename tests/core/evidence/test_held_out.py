"""Held-out words, against a plain loop with SciPy's tests and formulas written out."""

from __future__ import annotations

import itertools

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import mannwhitneyu, ttest_ind, ttest_rel

from core.errors import Cancelled, UserError
from core.evidence import run_check
from core.evidence.held_out import check
from core.report.figures.evidence import picture_of
from core.stats.held_out import choose_and_test, lemma_halves
from core.stats.mann_whitney import mann_whitney_test
from core.stats.ttest import paired_ttest, welch_ttest
from tests.support.made_up import noise, planted, with_values

SMALL = {"n_target": 60, "n_baseline": 50}


def test_a_lemma_is_in_one_half_whatever_its_class():
    target = ["walk", "walk", "man", "time", "day", "way", "man"]
    baseline = ["walk", "go", "go", "take", "see", "be", "be", "do"]
    halves = lemma_halves(target, baseline, 50, seed=0)
    for first, second in zip(*halves, strict=True):
        its = {lemma for lemma, here in zip(target + baseline, [*first, *second], strict=True) if here}
        others = {lemma for lemma, here in zip(target + baseline, [*first, *second], strict=True) if not here}
        assert not its & others
        assert len(its & {"man", "time", "day", "way"}) == 2  # of an even number, one half
        assert len(its & {"go", "take", "see", "be", "do"}) in (2, 3)
    with_walk = halves[0][:, 0]
    assert 10 < with_walk.sum() < 40  # of an odd number, chance decides
    assert all(
        (one == other).all() for one, other in zip(halves, lemma_halves(target, baseline, 50, seed=0), strict=True)
    )


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("test", [welch_ttest, mann_whitney_test, paired_ttest])
def test_choosing_and_testing_agree_with_a_plain_loop(test, lower):
    rng = np.random.default_rng(2)
    target, baseline = rng.normal(size=(20, 30)), rng.normal(size=(24, 30))
    target[:, 3] += -1 if lower else 1
    halves = lemma_halves([f"n{i}" for i in range(20)], [f"v{i}" for i in range(24)], 12, seed=1)
    paired = test is paired_ttest
    found = choose_and_test(target, baseline, halves, 3, test, lower=lower, paired=paired)
    for k, (its_target, its_baseline) in enumerate(zip(*halves, strict=True)):
        one, other = (target[its_target], baseline[its_baseline]), (target[~its_target], baseline[~its_baseline])
        if paired:
            one, other = ((t[: min(len(t), len(b))], b[: min(len(t), len(b))]) for t, b in (one, other))
        statistic, _ = by_scipy(test, *one)
        chosen = statistic.argmin() if lower else statistic.argmax()
        assert found.chosen[k] == chosen
        for half, groups in enumerate((one, other)):
            statistic, p = by_scipy(test, *groups)
            auc = mannwhitneyu(*groups).statistic / (len(groups[0]) * len(groups[1]))
            for which, neuron in enumerate((3, chosen)):
                assert found.auc[k, which, half] == pytest.approx(auc[neuron])
                assert found.p_value[k, which, half] == pytest.approx(p[neuron])
                if test is not mann_whitney_test:  # SciPy's statistic is U
                    assert found.statistic[k, which, half] == pytest.approx(statistic[neuron])
                d = cohens_d(paired, groups[0][:, neuron], groups[1][:, neuron])
                assert found.hedges_g[k, which, half] == pytest.approx(d, rel=0.12)  # but for J


def by_scipy(test, target, baseline):
    if test is paired_ttest:
        found = ttest_rel(target, baseline)
    elif test is welch_ttest:
        found = ttest_ind(target, baseline, equal_var=False)
    else:
        found = mannwhitneyu(target, baseline, method="asymptotic")
    return found.statistic, found.pvalue


def cohens_d(paired, target, baseline):
    if paired:
        return (target - baseline).mean() / (target - baseline).std(ddof=1)
    return (target.mean() - baseline.mean()) / np.sqrt((target.var(ddof=1) + baseline.var(ddof=1)) / 2)


@pytest.mark.parametrize(
    ("neuron", "changes"),
    [
        (375, {}),
        (120, {"unit": "word"}),
        (375, {"test": "mannwhitney"}),
        (120, {"test": "paired", "unit": "word", "family": "layer", "n_target": 60, "n_baseline": 60}),
    ],
)
def test_the_bundled_models_neurons_hold(subject_of, neuron, changes):
    subject = subject_of(neuron, **{**SMALL, **changes})
    finding = check(subject)
    figures = finding.numbers
    assert finding.verdict == "holds" and figures["significant"] == 1.0
    low, high = finding.interval
    assert 0.75 <= low <= finding.value <= high <= 1.0
    assert finding.value == pytest.approx(figures["this"]["auc"]["held_out"])
    assert len(figures["splits"]) == 100
    assert figures["chosen"] == np.mean([one["neuron"] == neuron for one in figures["splits"]])
    go.Figure(picture_of("held_out", figures))


def test_a_planted_neuron_holds_and_a_weaker_one_is_unclear(subject_of):
    subject = subject_of(**SMALL)
    assert check(planted(subject, 2.0)).verdict == "holds"
    unclear = check(planted(subject, 0.4))
    assert unclear.verdict == "unclear"
    assert unclear.numbers["significant"] >= 0.5 and (unclear.numbers["significant"] < 0.9 or unclear.value < 0.75)


def test_the_winner_of_chance_is_cursed_and_does_not_hold(subject_of):
    subject = subject_of(**SMALL)
    made_up = with_values(subject, *noise(subject), 0)
    strongest = int(np.nanargmax(made_up.result.tests.statistic))
    finding = check(with_values(subject, *noise(subject), strongest))
    assert finding.verdict == "does not hold"
    winner = finding.numbers["winner"]
    assert winner["auc"]["where_chosen"] > 0.65 and abs(winner["auc"]["held_out"] - 0.5) < 0.1
    for name in ("t", "g", "auc"):
        assert winner[name]["lost"] > 0
    assert finding.numbers["n_chosen"] > 3
    go.Figure(picture_of("held_out", finding.numbers))


def test_a_neuron_higher_for_the_baseline_is_judged_for_it(subject_of):
    subject = subject_of(**SMALL)
    mirrored = check(planted(subject, -1.5)), check(planted(subject, 1.5))
    for finding in mirrored:
        assert finding.verdict == "holds" and finding.numbers["this"]["t"]["held_out"] > 0
    assert "strongest for verbs" in mirrored[0].sentence and "strongest for nouns" in mirrored[1].sentence


def test_too_few_lemmas_cannot_be_halved(subject_of):
    finding = run_check("held_out", subject_of(n_target=3, n_baseline=5, drop_shared=False))
    assert finding.verdict == "cannot be run here" and "2 lemmas of each class in each half" in finding.sentence


def test_custom_words_are_named(subject_of):
    verbs = ("go", "take", "see", "come", "think", "look", "want", "give")
    custom = {"baseline": "custom", "baseline_words": verbs, "n_target": 8, "n_baseline": 8, "unit": "word"}
    subject = subject_of(375, **custom, drop_shared=False)
    assert "custom words" in check(subject).sentence


def test_a_half_without_any_varying_neuron_is_refused():
    halves = lemma_halves("abcdefgh", "ijklmnop", 3, seed=0)
    with pytest.raises(UserError, match="no neuron"):
        choose_and_test(np.ones((8, 2)), np.ones((8, 2)), halves, 0, welch_ttest)


def test_it_is_the_same_again_and_cancelling_passes_through(subject_of):
    subject = subject_of(**SMALL)
    assert check(subject).to_plain() == check(subject).to_plain()

    def stop(share, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("held_out", subject, stop)


@pytest.mark.parametrize("n_alone, n_shared", itertools.product(range(6), range(6)))
def test_each_half_has_two_lemmas_of_each_class_or_none_is_drawn(n_alone, n_shared):
    shared = [f"both{i}" for i in range(n_shared)]
    target, baseline = [*shared, *(f"n{i}" for i in range(n_alone))], [*shared, *(f"v{i}" for i in range(8))]
    try:
        halves = lemma_halves(target, baseline, 300, seed=0)
    except UserError as error:
        assert "in each half" in str(error) and f"{n_shared} of them in both" in str(error)
        assert n_alone + n_shared < 4 or (n_alone + n_shared == 4 and n_alone % 2)
        return
    for of_class in halves:
        in_first = of_class.sum(axis=1)
        assert min(in_first.min(), (of_class.shape[1] - in_first).min()) >= 2
