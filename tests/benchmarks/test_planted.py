"""benchmarks.planted: the planted differences are exact, and are found as often as theory says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from benchmarks import planted
from benchmarks.inputs import ROOT
from benchmarks.validity import power_marks, power_table
from core.experiment import choose_words
from core.records import MAX_WORDS, ContrastSpec

EFFECTS = np.repeat(planted.EFFECTS, planted.PER_EFFECT)


@pytest.fixture(scope="module")
def values():
    words = choose_words(ContrastSpec.careful(n_target=MAX_WORDS, n_baseline=MAX_WORDS))
    return planted.read_planted(words)


def test_planted_neurons_have_exactly_the_wanted_difference(values):
    target, baseline = (group.astype(np.float64) for group in values)
    d_av = (target.mean(0) - baseline.mean(0)) / np.sqrt((target.var(0) + baseline.var(0)) / 2)
    np.testing.assert_allclose(d_av, EFFECTS, atol=1e-5)
    # They are different neurons: otherwise all would be found in the same runs.
    correlations = np.corrcoef(np.concatenate([target, baseline]).T)[np.triu_indices(len(EFFECTS), 1)]
    assert np.abs(correlations).mean() < 0.3


def test_planted_neurons_are_found_at_the_rate_of_theory(values):
    powers = planted.measure_power(*values, n_draws=400, sizes=(50, 100, 200))
    assert [(row.n, row.effect) for row in powers] == [(n, d) for n in (50, 100, 200) for d in planted.EFFECTS]
    assert 0.001 < powers[3].theory < 0.05 < powers[4].theory < 0.9 < powers[8].theory  # from hardly ever to always
    assert all(mark.met for mark in power_marks(powers)), powers
    assert "| 100 | 0.2% |" in power_table(powers)


def test_power_vs_statsmodels():
    from statsmodels.stats.power import TTestIndPower

    for n, effect, family in ((20, 0.8, 3072), (50, 0.5, 3072), (100, 0.5, 512), (30, 0.0, 100)):
        expected = TTestIndPower().power(effect, n, 0.05 / family)
        assert planted.power(effect, n, family) == pytest.approx(expected, rel=1e-3)


def test_power_is_that_of_simulated_normal_groups():
    rng = np.random.default_rng(0)
    target, baseline = rng.standard_normal((2, 40, 20_000))
    found = stats.ttest_ind(target + 0.7, baseline, equal_var=False).pvalue <= 0.05 / 100
    assert planted.power(0.7, 40, family=100) == pytest.approx(found.mean(), abs=0.015)


def test_a_difference_above_that_of_the_inputs_cannot_be_planted():
    rng = np.random.default_rng(0)
    target, baseline = rng.standard_normal((2, 500, 4))
    target[:, 0] += 0.5
    weights = planted.planted_weights(target, baseline, [0.3], rng)
    neuron = target @ weights[0], baseline @ weights[0]
    d = (neuron[0].mean() - neuron[1].mean()) / np.sqrt((neuron[0].var() + neuron[1].var()) / 2)
    assert d == pytest.approx(0.3, abs=1e-9)
    with pytest.raises(ValueError, match=r"less than 0\.9 standard deviations"):
        planted.planted_weights(target, baseline, [0.9], rng)


def test_the_page_has_the_power_of_theory():
    page = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|((?: [\d.]+% \|){6})$", page, re.M)
    assert [int(n) for n, _ in rows] == list(planted.SIZES)
    for n, cells in rows:
        theory = re.findall(r"[\d.]+%", cells)[::2]
        assert theory == [f"{planted.power(effect, int(n)):.1%}" for effect in planted.EFFECTS]
