"""Do the tests and corrections keep their promises? No effect: uniform p-values. A planted effect: it is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.records import CORRECTIONS
from core.stats.correction import adjust, critical_p
from core.stats.mann_whitney import mann_whitney_test
from core.stats.permutation import max_t
from core.stats.ttest import paired_ttest, welch_ttest

BOTH = pytest.mark.parametrize("test", [paired_ttest, welch_ttest])

# What neurons look like before a nonlinearity, after one that is almost ReLU, and with rare high peaks.
DISTRIBUTIONS = {
    "gaussian": lambda normal: normal,
    "gelu": lambda normal: normal * stats.norm.cdf(normal),
    "exponential": lambda normal: -np.log(stats.norm.sf(normal)),
}


def without_effect(kind: str, n_target: int, n_baseline: int, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Words with shuffled labels, neuron by neuron: (n_target, n_neurons) and (n_baseline, n_neurons)."""
    rng = np.random.default_rng(2)
    words = DISTRIBUTIONS[kind](rng.standard_normal((n_target + n_baseline, n_neurons)))
    shuffled = rng.permuted(words, axis=0)
    return shuffled[:n_target], shuffled[n_target:]


@BOTH
@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_p_values_without_effect_vs_uniform(test, kind):
    p = test(*without_effect(kind, 100, 100, 4_000)).p_value
    assert stats.kstest(p, "uniform").pvalue > 0.01
    for alpha in (0.01, 0.05, 0.5):
        low, high = stats.binom.ppf([0.0005, 0.9995], p.size, alpha)
        assert low <= np.sum(p <= alpha) <= high


def test_p_values_without_effect_are_not_uniform_for_few_words_against_many():
    # Welch's test on 5 skewed words against 100: known to be wrong, and a proof that the check above can fail.
    p = welch_ttest(*without_effect("exponential", 5, 100, 4_000)).p_value
    assert stats.kstest(p, "uniform").pvalue < 1e-6
    assert np.mean(p <= 0.05) > 0.06


@BOTH
@pytest.mark.parametrize("kind", ["gaussian", "exponential"])
@pytest.mark.parametrize("method", ["bonferroni", "sidak", "holm", "fdr_bh", "fdr_by"])
def test_families_without_effect_have_a_finding_in_a_share_of_alpha(test, kind, method):
    n_families, m, alpha = 600, 16, 0.2
    p = test(*without_effect(kind, 100, 100, n_families * m)).p_value.reshape(n_families, m)
    with_finding = sum((adjust(family, method) <= alpha).any() for family in p)
    # Of independent uniform p-values, the share that has the least of m adjusted to alpha or less.
    share = {"sidak": alpha, "fdr_bh": alpha, "fdr_by": alpha / np.sum(1 / np.arange(1, m + 1))}.get(
        method, 1 - (1 - alpha / m) ** m
    )
    low, high = stats.binom.ppf([0.0005, 0.9995], n_families, share)
    assert low <= with_finding <= high


@BOTH
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("method", [method for method in CORRECTIONS if method != "max_t"])
def test_a_planted_neuron_is_found(test, sign, method):
    rng = np.random.default_rng(3)
    target, baseline = rng.standard_normal((2, 100, 512), dtype="float32")
    planted = 301
    target[:, planted] += sign  # one standard deviation: d = 1
    tests = test(target, baseline)
    found = np.flatnonzero(adjust(tests.p_value, method) <= 0.01)
    assert planted in found
    if method != "none":
        assert found.tolist() == [planted]
    assert tests.p_value[planted] <= critical_p(tests.p_value, method, 0.01)
    for measure in (tests.statistic, tests.mean_difference, tests.cohens_d, tests.auc):
        assert np.argmax(sign * measure) == planted
    assert tests.mean_difference[planted] == pytest.approx(sign, abs=0.4)  # its standard error is 0.14
    assert tests.auc[planted] == pytest.approx(stats.norm.cdf(sign / np.sqrt(2)), abs=0.1)


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
@pytest.mark.parametrize("n_target", [100, 20])
def test_p_values_of_mann_whitney_without_effect_vs_uniform(kind, n_target):
    p = mann_whitney_test(*without_effect(kind, n_target, 100, 4_000)).p_value
    assert stats.kstest(p, "uniform").pvalue > 0.01
    for alpha in (0.01, 0.05, 0.5):
        low, high = stats.binom.ppf([0.0005, 0.9995], p.size, alpha)
        assert low <= np.sum(p <= alpha) <= high


@pytest.mark.parametrize("test", ["welch", "mannwhitney"])
def test_families_without_effect_have_a_finding_in_a_share_of_alpha_by_max_t(test):
    # Five skewed words against a hundred, where Welch's test with Holm's correction finds something far too often.
    n_families, m, alpha = 300, 16, 0.1
    target, baseline = without_effect("exponential", 5, 100, n_families * m)
    with_finding = with_finding_by_holm = 0
    for number in range(n_families):
        family = slice(number * m, (number + 1) * m)
        p_adjusted, _ = max_t([(target[:, family], baseline[:, family])], test, seed=number, n_permutations=199)
        with_finding += bool((p_adjusted <= alpha).any())
        p = welch_ttest(target[:, family], baseline[:, family]).p_value
        with_finding_by_holm += bool((adjust(p, "holm") <= alpha).any())
    low, high = stats.binom.ppf([0.001, 0.999], n_families, alpha)
    assert low <= with_finding <= high
    assert with_finding_by_holm > 1.5 * high
