"""Units, sides, families and effects of a comparison, against SciPy and plain loops over the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from core.activations import word_activations
from core.errors import UserError
from core.experiment import (
    compare_neurons,
    conclude,
    correct,
    measure_effects,
    read_words,
    unit_values,
)
from core.models import LoadedModel, load_model
from core.records import HOOK_SIDES, ContrastResult, ContrastSpec, WordActivations, WordList, WordPair
from core.stats.cautions import cautions
from tests.support.neuron_values import auc_by_pairs
from tests.support.tiny_models import N_LAYERS, assert_one_sentence

NOUNS = ("time", "times", "way", "bureaucracy", "fox", "dogs", "dog", "hours", "mill", "people", "person")
NOUN_LEMMAS = ("time", "time", "way", "bureaucracy", "fox", "dog", "dog", "hour", "mill", "person", "person")
VERBS = ("go", "goes", "walking", "took", "take", "naps", "went", "gone", "jump")
VERB_LEMMAS = ("go", "go", "walk", "take", "take", "nap", "go", "go", "jump")


@pytest.fixture(scope="module", params=["gpt_neo", "llama"])
def lm(request: pytest.FixtureRequest, tiny_folder: Callable[[str], Path]) -> LoadedModel:
    """A model whose activations follow from its pre-activations, and one whose do not."""
    return load_model(str(tiny_folder(request.param)))


def pair(n_nouns: int = len(NOUNS)) -> WordPair:
    nouns = WordList("nouns", NOUNS[:n_nouns], "own", lemmas=NOUN_LEMMAS[:n_nouns])
    verbs = WordList("verbs", VERBS, "own", lemmas=VERB_LEMMAS)
    return WordPair(nouns.words, verbs.words, nouns, verbs, (), (), nouns.lemmas, verbs.lemmas)


def careful(**changes: Any) -> ContrastSpec:
    return ContrastSpec.careful(**{"layer": 2, "n_target": len(NOUNS), "n_baseline": len(VERBS), **changes})


def concluded(lm: LoadedModel, spec: ContrastSpec, activations: WordActivations | None = None) -> ContrastResult:
    activations = activations or read_words(lm, pair(), spec, range(N_LAYERS))
    tests = compare_neurons(spec, activations)
    adjusted = correct(spec, tests, activations)
    return conclude(spec, lm.info, activations, tests, adjusted, effects=measure_effects(spec, activations))


def read_plainly(lm: LoadedModel, side: str, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Both classes, (n_layers, n_units, d_mlp) in float64; lemmas are averaged one by one."""
    found = []
    for words, lemmas in ((NOUNS, NOUN_LEMMAS), (VERBS, VERB_LEMMAS)):
        values = word_activations(lm, words, side=side, leading_space=True, prefix=True).astype(float)
        if unit == "lemma":
            forms = [[i for i, lemma in enumerate(lemmas) if lemma == each] for each in dict.fromkeys(lemmas)]
            values = np.stack([sum(values[:, i] for i in each) / len(each) for each in forms], axis=1)
        found.append(values)
    return found[0], found[1]


# --- What is compared


@pytest.mark.parametrize("unit", ["word", "lemma"])
@pytest.mark.parametrize("side", HOOK_SIDES)
def test_the_specs_side_and_unit_are_tested(lm: LoadedModel, side: str, unit: str) -> None:
    """Welch and Mann-Whitney as SciPy on the same units; activations of either spec serve."""
    target, baseline = read_plainly(lm, side, unit)
    activations = read_words(lm, pair(), careful(), range(N_LAYERS))
    welch = compare_neurons(careful(hook_side=side, unit=unit), activations)
    expected = scipy.stats.ttest_ind(target, baseline, axis=1, equal_var=False)
    np.testing.assert_allclose(welch.statistic, expected.statistic, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(welch.p_value, expected.pvalue, rtol=1e-3)
    ranks = compare_neurons(careful(hook_side=side, unit=unit, test="mannwhitney"), activations)
    expected = scipy.stats.mannwhitneyu(target, baseline, axis=1, method="asymptotic")
    np.testing.assert_allclose(ranks.p_value, expected.pvalue, rtol=1e-6)
    n_pairs = target.shape[1] * baseline.shape[1]
    np.testing.assert_allclose(ranks.auc, expected.statistic / n_pairs, rtol=1e-12)


def test_the_names_of_the_units(lm: LoadedModel) -> None:
    """Lemmas in the order of their first forms, or the words."""
    lemmas = concluded(lm, careful())
    assert lemmas.target_units == ("time", "way", "bureaucracy", "fox", "dog", "hour", "mill", "person")
    assert lemmas.baseline_units == ("go", "walk", "take", "nap", "jump")
    words = concluded(lm, careful(unit="word"))
    assert (words.target_units, words.baseline_units) == (NOUNS, VERBS)
    assert lemmas.target_activations.shape == words.target_activations.shape == (len(NOUNS), lm.d_mlp)


@pytest.mark.parametrize("unit", ["word", "lemma"])
def test_the_values_of_one_neuron(lm: LoadedModel, unit: str) -> None:
    """On both sides, whichever was tested."""
    for hook_side in HOOK_SIDES:
        result = concluded(lm, careful(unit=unit, hook_side=hook_side))
        for side in HOOK_SIDES:
            target, baseline = unit_values(result, 7, side)
            expected_target, expected_baseline = read_plainly(lm, side, unit)
            np.testing.assert_allclose(target, expected_target[2, :, 7], rtol=0, atol=1e-5)
            np.testing.assert_allclose(baseline, expected_baseline[2, :, 7], rtol=0, atol=1e-5)
            assert len(target) == len(result.target_units) and len(baseline) == len(result.baseline_units)


def test_one_lemma_is_too_few(lm: LoadedModel) -> None:
    """Two words, of one lemma: the sentence names the class."""
    activations = read_words(lm, pair(n_nouns=2), careful(), [2])
    with pytest.raises(UserError) as caught:
        compare_neurons(careful(), activations)
    assert_one_sentence(caught.value, "two lemmas", "2 words of nouns")
    assert compare_neurons(careful(unit="word"), activations).statistic.shape == (1, lm.d_mlp)


# --- Effects, and the other side


@pytest.mark.parametrize("unit", ["word", "lemma"])
@pytest.mark.parametrize("side", HOOK_SIDES)
def test_the_other_side(lm: LoadedModel, side: str, unit: str) -> None:
    """Its AUC and mean difference are of units; the shares above zero are of words, before the nonlinearity."""
    result = concluded(lm, careful(hook_side=side, unit=unit))
    other = result.other_side
    assert {other.side, side} == set(HOOK_SIDES)
    target, baseline = (values[2] for values in read_plainly(lm, other.side, unit))
    np.testing.assert_allclose(other.mean_difference, target.mean(0) - baseline.mean(0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(other.auc, auc_by_pairs(target, baseline), rtol=0, atol=1e-12)
    nouns, verbs = (values[2] for values in read_plainly(lm, "pre-activation", "word"))
    np.testing.assert_array_equal(other.above_zero_target, (nouns > 0).mean(0))
    np.testing.assert_array_equal(other.above_zero_baseline, (verbs > 0).mean(0))
    tested_target, tested_baseline = (values[2] for values in read_plainly(lm, side, unit))
    by_mean = (target.mean(0) < baseline.mean(0)) != (tested_target.mean(0) < tested_baseline.mean(0))
    aucs = auc_by_pairs(target, baseline), auc_by_pairs(tested_target, tested_baseline)
    opposite = by_mean & ((aucs[0] - 0.5) * (aucs[1] - 0.5) < 0)
    np.testing.assert_array_equal(result.reverses, opposite)
    assert 0 < opposite.sum() < lm.d_mlp


def test_two_sides_of_a_result_mirror_each_other(lm: LoadedModel) -> None:
    """What is the other side's in one result is the tested side's in the other."""
    before, after = (concluded(lm, careful(hook_side=side)) for side in HOOK_SIDES)
    for one, other in ((before, after), (after, before)):
        np.testing.assert_array_equal(one.tests.auc, other.other_side.auc)
        np.testing.assert_allclose(one.tests.mean_difference, other.other_side.mean_difference, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(before.silent, after.silent)
    np.testing.assert_array_equal(before.reverses, after.reverses)


def test_effect_sizes_are_of_what_was_tested(lm: LoadedModel) -> None:
    """An interval holds its estimate, and Hedges' g is a little nearer to 0 than Cohen's d."""
    for changes in ({}, {"hook_side": "activation"}, {"test": "mannwhitney"}):
        result = concluded(lm, careful(**changes))
        sizes, tests = result.effect_sizes, result.tests
        assert (sizes.hedges_g_low <= sizes.hedges_g).all() and (sizes.hedges_g <= sizes.hedges_g_high).all()
        assert (sizes.auc_low <= tests.auc).all() and (tests.auc <= sizes.auc_high).all()
        ratio = sizes.hedges_g / tests.cohens_d
        assert (ratio > 0.5).all() and (ratio < 1).all()


# --- Corrections


@pytest.mark.parametrize("correction", ["none", "holm", "fdr_by"])
@pytest.mark.parametrize("family", ["layer", "model"])
def test_logarithms_of_p(lm: LoadedModel, family: str, correction: str) -> None:
    result = concluded(lm, careful(family=family, correction=correction))
    np.testing.assert_allclose(result.log10_p, np.log10(result.tests.p_value), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.log10_p_adjusted, np.log10(result.p_adjusted), rtol=1e-9, atol=1e-12)
    assert result.null_maxima is None and result.null_95 is None


@pytest.mark.parametrize("test", ["welch", "mannwhitney"])
def test_max_t_over_the_model_and_over_each_layer(lm: LoadedModel, test: str) -> None:
    """Its families are the spec's, and what it keeps agrees with what it says."""
    activations = read_words(lm, pair(), careful(), range(N_LAYERS))
    results = {}
    for family, n_families in (("model", 1), ("layer", N_LAYERS)):
        spec = careful(test=test, correction="max_t", family=family, alpha=0.2)
        adjusted = correct(spec, compare_neurons(spec, activations), activations)
        assert adjusted.null_maxima is not None
        assert adjusted.p_adjusted.shape == (N_LAYERS, lm.d_mlp) and len(adjusted.null_maxima) == n_families
        results[family] = result = concluded(lm, spec, activations)
        assert result.null_maxima is not None
        np.testing.assert_array_equal(result.p_adjusted, adjusted.p_adjusted[2])
        np.testing.assert_array_equal(result.null_maxima, adjusted.null_maxima[2 if family == "layer" else 0])
        assert result.critical_statistic == np.quantile(result.null_maxima, 0.8, method="higher")
        assert result.null_95 == np.quantile(result.null_maxima, 0.95, method="higher")
        np.testing.assert_allclose(10**result.log10_p_adjusted, result.p_adjusted, rtol=1e-12)
        # The largest |statistic| of a family has the share of permutations whose maximum is at least as large.
        largest = np.nanargmax(np.abs(result.tests.statistic))
        if family == "layer":
            at_least = (result.null_maxima >= np.abs(result.tests.statistic[largest]) - 1e-9).sum()
            assert result.p_adjusted[largest] == (1 + at_least) / (1 + len(result.null_maxima))
    assert (results["layer"].p_adjusted <= results["model"].p_adjusted).mean() > 0.9, "a family of fewer tests"
    alone = read_words(lm, pair(), careful(), [2])
    spec = results["layer"].spec
    np.testing.assert_array_equal(
        correct(spec, compare_neurons(spec, alone), alone).p_adjusted[0], results["layer"].p_adjusted
    )


def test_the_seed_is_that_of_the_permutations(lm: LoadedModel) -> None:
    spec = careful(correction="max_t", family="layer")
    activations = read_words(lm, pair(), spec, [2])
    first, again, other = (concluded(lm, spec.changed(seed=seed), activations).null_maxima for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_cautions_are_of_units(lm: LoadedModel) -> None:
    """By the numbers of lemmas, not of words; with max-T there is nothing to caution of."""
    activations = read_words(lm, pair(), careful(), range(N_LAYERS))
    side = {"hook_side": "activation"}
    result = concluded(lm, careful(**side), activations)
    assert result.cautions == cautions(result.spec, 8, 5, result.family_size)
    assert "8 lemmas" in result.cautions[0].sentence and len(NOUNS) > 8
    assert concluded(lm, careful(**side, correction="max_t", family="layer"), activations).cautions == ()
