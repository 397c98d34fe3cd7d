"""The check of the size, against SciPy and statsmodels on the values of words and lemmas."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from core.errors import Cancelled
from core.evidence import run_check
from core.evidence.effect_size import check
from core.report.figures.evidence import picture_of
from core.stats.effect_moments import hedges_correction
from tests.support.made_subjects import shuffled, with_values


@pytest.fixture
def subject(subject_of):
    """subject(neuron, **changes): one reading of fewer words for all neurons."""
    small = {"n_target": 120, "n_baseline": 120}
    return lambda neuron=120, **changes: replace(subject_of(120, **{**small, **changes}), neuron=neuron)


def in_order(subject, unit):
    """The values of the own class and of the other, by the word lists alone: a mean for each lemma."""
    result = subject.result
    sides = []
    for sides_of, lemmas in zip((result.target_sides, result.baseline_sides), subject.lemmas, strict=True):
        column = sides_of.at(subject.side)[:, subject.neuron].astype(np.float64)
        if unit == "lemma":
            names = list(dict.fromkeys(lemmas))
            column = np.array([np.mean([v for v, own in zip(column, lemmas, strict=True) if own == n]) for n in names])
        sides.append(column)
    return sides if subject.favours_target else sides[::-1]


@pytest.mark.parametrize("neuron", [120, 375, 60])
@pytest.mark.parametrize("changes", [{}, {"hook_side": "activation"}])
def test_sizes_agree_with_scipy_on_words_and_on_lemmas(subject, neuron, changes):
    one = subject(neuron, **changes)
    finding = check(one)
    for unit in ("word", "lemma"):
        own, other = in_order(one, unit)
        found = finding.numbers["units"][unit]
        v1, v2, n1, n2 = own.var(ddof=1), other.var(ddof=1), len(own), len(other)
        df = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
        g = (own.mean() - other.mean()) / np.sqrt((v1 + v2) / 2) * hedges_correction(df)
        u = stats.mannwhitneyu(own, other).statistic / (n1 * n2)
        assert (found["n_own"], found["n_other"]) == (n1, n2)
        assert [found["g"], found["auc"]] == pytest.approx([g, u], abs=1e-5)
        assert found["g_interval"][0] < found["g"] < found["g_interval"][1]
    assert finding.value == finding.numbers["units"]["lemma"]["g"] > 0


@pytest.mark.parametrize("neuron", [120, 375])
def test_the_difference_by_lemma_vs_statsmodels(subject, neuron):
    one = subject(neuron)
    found = check(one).numbers["mean_difference"]
    own, other = in_order(one, "word")
    lemmas = np.concatenate(one.lemmas if one.favours_target else one.lemmas[::-1])
    _, groups = np.unique(lemmas, return_inverse=True)
    design = sm.add_constant(np.repeat([1.0, 0.0], [len(own), len(other)]))
    model = sm.OLS(np.concatenate([own, other]), design)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    np.testing.assert_allclose([found["value"], *found["interval"]], [fit.params[1], *fit.conf_int()[1]], rtol=1e-8)
    assert found["n_clusters"] == len(set(lemmas))


@pytest.mark.parametrize("test", ["welch", "mannwhitney", "paired"])
def test_power_is_that_of_the_specs_test_on_planted_differences(subject, test):
    changes = {"test": test, "n_target": 40, "n_baseline": 40, "unit": "word" if test == "paired" else "lemma"}
    one = subject(120, **changes)
    found = check(one).numbers["power"]
    assert (found["test"], found["unit"], found["critical"]) == (
        test,
        one.spec.unit,
        one.result.critical_statistic,
    )
    own, other = (side - side.mean() for side in in_order(one, one.spec.unit))
    sd = np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / 2)
    rng = np.random.default_rng(99)  # draws of its own
    for d in (0.9, 1.2):
        hits = 0
        for _ in range(400):
            i, j = rng.integers(len(own), size=len(own)), rng.integers(len(other), size=len(other))
            one, two = own[i] + d * sd, other[i if test == "paired" else j]
            statistic = {
                "welch": lambda a, b: stats.ttest_ind(a, b, equal_var=False).statistic,
                "paired": lambda a, b: stats.ttest_rel(a, b).statistic,
                "mannwhitney": lambda a, b: stats.norm.isf(stats.mannwhitneyu(a, b, method="asymptotic").pvalue / 2),
            }[test](one, two)
            hits += statistic >= found["critical"]
        assert found["power"][round(d * 10)] == pytest.approx(hits / 400, abs=0.1)
    assert found["power"][0] < 0.02 and found["d"][12] == 1.2
    at = np.interp(found["smallest"], found["d"], found["power"])
    assert at == pytest.approx(0.8, abs=0.05)


def test_the_paired_test_keeps_the_size_of_pairs_and_compares_units_unpaired(subject):
    one = subject(375, test="paired", unit="word")
    finding = check(one)
    own, other = in_order(one, "word")
    differences, n = own - other, len(own)
    pair = finding.numbers["units"]["pair"]
    g_z = differences.mean() / differences.std(ddof=1) * hedges_correction(np.array(n - 1.0))
    assert (pair["n"], pair["g"]) == (n, pytest.approx(g_z, rel=1e-5))
    assert 0 < pair["g_interval"][0] < pair["g"] < pair["g_interval"][1]
    assert finding.value != pytest.approx(pair["g"], rel=0.01)


def test_the_verdict_is_that_of_a_large_effect(subject):
    assert check(subject(120)).verdict == check(subject(375)).verdict == "holds"
    one = subject(120)
    for d, verdict in ((1.4, "holds"), (0.8, "unclear"), (0.4, "does not hold"), (-1.4, "does not hold")):
        planted = []
        for shift, lemmas in zip((d, 0), one.lemmas, strict=True):
            names = list(dict.fromkeys(lemmas))  # a normal value for each lemma
            normal = stats.norm.ppf((np.random.default_rng(1).permutation(len(names)) + 0.5) / len(names)) + shift
            planted.append([normal[names.index(lemma)] for lemma in lemmas])
        finding = check(with_values(one, *planted))
        assert (finding.verdict, finding.value) == (verdict, pytest.approx(d, abs=0.05))


def test_a_shuffled_neuron_does_not_hold_and_equivalence_is_that_of_statsmodels(subject):
    one = shuffled(subject(120))
    finding = check(one)
    assert finding.verdict == "does not hold"
    found = finding.numbers["equivalence"]
    own, other = in_order(one, "lemma")
    bound = 0.2 * np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / 2)
    assert found["p"] == pytest.approx(ttost_ind(own, other, -bound, bound, usevar="unequal")[0], rel=1e-4)
    assert found["equivalent"] == (found["p"] < 0.05)
    assert check(subject(120)).numbers["equivalence"] is None


def test_forms_that_are_equal_within_lemmas_have_an_intraclass_correlation_of_one(subject):
    one = subject(120)
    rng = np.random.default_rng(0)
    value = {lemma: rng.normal() for lemmas in one.lemmas for lemma in lemmas}
    equal = with_values(one, *([value[lemma] for lemma in lemmas] for lemmas in one.lemmas))
    assert check(equal).numbers["intraclass_correlation"] == pytest.approx(1.0)
    by_chance = [check(shuffled(one, seed)).numbers["intraclass_correlation"] for seed in range(12)]
    assert np.mean(by_chance) == pytest.approx(0.0, abs=0.2)
    bare = replace(one.result, words=replace(one.result.words, target_lemmas=(), baseline_lemmas=()))
    assert check(replace(one, result=bare)).numbers["intraclass_correlation"] is None


CUSTOM = {
    "target": "custom",
    "baseline": "custom",
    "target_words": ("dog", "cat", "tree", "house"),
    "baseline_words": ("run", "eat", "sing", "go"),
}


def test_custom_lists_and_very_few_words(subject):
    finding = run_check("effect_size", subject(120, **CUSTOM, unit="word", test="welch"))
    assert "target words are" in finding.sentence or "baseline words are" in finding.sentence
    go.Figure(picture_of("effect_size", finding.numbers))
    few = {name: words[:2] if name.endswith("words") else words for name, words in CUSTOM.items()}
    finding = run_check("effect_size", subject(120, **few, unit="word", test="mannwhitney"))
    # A rank test of two and two words finds nothing
    assert finding.verdict == "cannot be run here" or finding.numbers["power"]["smallest"] is None


def test_ties_and_constant_values(subject):
    one = subject(120, n_target=60, n_baseline=60)
    n, m = len(one.result.words.target), len(one.result.words.baseline)
    own, other = np.arange(n) % 3, np.arange(m) % 2
    tied = check(with_values(one, own, other)).numbers["units"]["word"]
    assert tied["auc"] == pytest.approx(stats.mannwhitneyu(own, other).statistic / (n * m))
    constant = run_check("effect_size", with_values(one, np.ones(n), np.zeros(m)))
    assert constant.verdict == "cannot be run here"
    assert "do not vary" in constant.sentence


def test_it_is_the_same_every_time_plain_and_drawn(subject):
    for changes in ({}, {"test": "mannwhitney"}, {"test": "paired", "unit": "word"}):
        finding = check(subject(375, **changes))
        assert finding == check(subject(375, **changes))
        numbers = json.loads(json.dumps(finding.to_plain(), allow_nan=False))["figures"]
        assert numbers == finding.numbers
        go.Figure(picture_of("effect_size", numbers))


def test_it_can_be_cancelled(subject):
    def stop(share, sentence):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("effect_size", subject(120), stop)
