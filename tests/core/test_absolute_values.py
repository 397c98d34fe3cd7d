"""A test of absolute values: SciPy and plain loops on absolute values, wherever a result speaks of what is compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import scipy.stats

from core.activations import gold_activations, token_activations
from core.comparison import shuffled_points, text_as_compared
from core.evidence.gold_words import gold_words
from core.evidence.subject import Subject
from core.experiment import run_steps, unit_values
from core.models import LoadedModel, load_model
from core.records import HOOK_SIDES, ContrastResult, ContrastSpec, WordActivations
from core.report.figures import mean_activations, words_image
from core.report.glossary import ABSOLUTE_VALUES
from core.report.sentences import compared
from core.stats.permutation import max_t
from core.whole_model import gold_layers, measure_layers
from core.words import bundled_gold
from core.words.shuffle import deal
from tests.support.tiny_models import save_tiny

N = {"n_target": 40, "n_baseline": 34}


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("absolute"))))


def spec_of(**changes: Any) -> ContrastSpec:
    return ContrastSpec.careful(**{"layer": 1, "test": "welch_absolute", **N, **changes})


def means(values: np.ndarray, lemmas: Sequence[str]) -> np.ndarray:
    """The mean of the absolute values of each lemma's forms, by a loop: (n_words, n_neurons) -> (n_lemmas, ...)."""
    of_lemma: dict[str, list[np.ndarray]] = {}
    for row, lemma in zip(values, lemmas, strict=True):
        of_lemma.setdefault(lemma, []).append(np.abs(row.astype(np.float64)))
    return np.stack([np.mean(rows, axis=0) for rows in of_lemma.values()]).astype(np.float32).astype(np.float64)


def expected(read: WordActivations, side: str, layer: int) -> tuple[np.ndarray, np.ndarray]:
    words = read.words
    return (
        means(read.target_sides.layer(layer).at(side), words.target_lemmas),
        means(read.baseline_sides.layer(layer).at(side), words.baseline_lemmas),
    )


def auc_of(target: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    u = scipy.stats.mannwhitneyu(target, baseline, axis=0).statistic
    return u / (len(target) * len(baseline))


Run = tuple[ContrastSpec, WordActivations, ContrastResult]


@pytest.fixture(scope="module", params=HOOK_SIDES)
def run(request: pytest.FixtureRequest, lm: LoadedModel) -> Run:
    spec = spec_of(hook_side=request.param)
    read, _, _, result = run_steps(spec, lm, range(lm.n_layers))
    return spec, read, result


def test_the_statistic_and_every_effect_size_vs_scipy_on_absolute_values(run: Run) -> None:
    spec, read, result = run
    target, baseline = expected(read, spec.hook_side, 1)
    found = scipy.stats.ttest_ind(target, baseline, equal_var=False)
    np.testing.assert_allclose(result.tests.statistic, found.statistic, rtol=1e-6)
    np.testing.assert_allclose(result.tests.p_value, found.pvalue, rtol=1e-5)
    np.testing.assert_allclose(result.tests.auc, auc_of(target, baseline), rtol=1e-9)
    np.testing.assert_allclose(result.tests.mean_difference, target.mean(0) - baseline.mean(0), rtol=1e-4, atol=1e-8)
    spread = np.sqrt((target.var(0, ddof=1) + baseline.var(0, ddof=1)) / 2)
    d = (target.mean(0) - baseline.mean(0)) / spread
    np.testing.assert_allclose(result.tests.cohens_d, d, rtol=1e-4, atol=1e-8)
    assert np.corrcoef(result.effect_sizes.hedges_g, d)[0, 1] > 0.9999
    assert (result.effect_sizes.auc_low <= result.tests.auc).all() and ABSOLUTE_VALUES in result.notes
    assert "compared by lemma, as absolute values, " in compared(result)


def test_the_other_side_and_all_layers_are_of_absolute_values_too(run: Run, lm: LoadedModel) -> None:
    spec, read, result = run
    other = next(side for side in HOOK_SIDES if side != spec.hook_side)
    np.testing.assert_allclose(result.other_side.auc, auc_of(*expected(read, other, 1)), rtol=1e-9)
    above = (read.target_sides.layer(1).at("pre-activation") > 0).mean(axis=0)
    np.testing.assert_array_equal(result.other_side.above_zero_target, above)  # these keep their signs
    _, tests, adjusted, _ = run_steps(spec, lm, range(lm.n_layers))
    found = measure_layers(spec, lm.info, read, tests, adjusted)
    np.testing.assert_array_equal(found.hedges_g[1], result.effect_sizes.hedges_g)
    np.testing.assert_allclose(found.tests.auc[0], auc_of(*expected(read, spec.hook_side, 0)), rtol=1e-9)


def test_the_values_of_one_neuron_have_no_signs(run: Run) -> None:
    _, read, result = run
    for side in HOOK_SIDES:
        for values, its_means in zip(unit_values(result, 5, side), expected(read, side, 1), strict=True):
            np.testing.assert_allclose(values, its_means[:, 5], rtol=1e-6)


def test_permutations_and_shuffled_labels_are_of_absolute_values(lm: LoadedModel) -> None:
    spec = spec_of(correction="max_t", family="layer", unit="word")
    read, _, _, result = run_steps(spec, lm, range(lm.n_layers))
    layer = [np.abs(side.layer(1).at(spec.hook_side)) for side in (read.target_sides, read.baseline_sides)]
    p, _ = max_t([(layer[0], layer[1])], "welch", seed=spec.seed)
    np.testing.assert_array_equal(result.p_adjusted, p[0])
    both = np.concatenate(layer).astype(np.float64)
    one, two = deal(read.words.target_lemmas, read.words.baseline_lemmas, spec.seed, equal=False)
    by_chance = scipy.stats.ttest_ind(both[list(one)], both[list(two)], equal_var=False)
    found = shuffled_points(spec, read)
    assert found is not None
    np.testing.assert_allclose(found.log10_p, np.log10(by_chance.pvalue), rtol=1e-5, atol=1e-7)


def test_pictures_and_texts_have_absolute_values(run: Run, lm: LoadedModel) -> None:
    spec, read, result = run
    target, baseline = expected(read, spec.hook_side, 1)
    points = mean_activations(result)["data"][0]
    np.testing.assert_allclose(points["y"], target.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(points["x"], baseline.mean(axis=0), rtol=1e-4)
    shown = np.array(words_image(result, 10, [2, 3])["data"][0]["customdata"])
    values = read.target_sides.layer(1).at(spec.hook_side)[:10, 2:4]
    assert (values < 0).any()
    np.testing.assert_allclose(shown, np.abs(values), rtol=1e-6)
    raw = token_activations(lm, "A dog barks.", 1, side=spec.hook_side)
    text = text_as_compared(spec, raw)
    np.testing.assert_array_equal(text.values, np.abs(raw.values))
    assert text.notes[-1] == ABSOLUTE_VALUES and text_as_compared(spec.changed(test="welch"), raw) is raw


def test_tagged_text_is_scored_by_absolute_values(run: Run, lm: LoadedModel) -> None:
    spec, read, result = run
    _, tests, _, _ = run_steps(spec, lm, range(lm.n_layers))
    text = bundled_gold()
    gold = gold_activations(lm, text, 1, pooling=spec.pooling, prefix=spec.prefix)
    found = gold_layers(spec, lm, text)
    tags = np.array([word.upos for word in gold.words])
    values = np.abs(gold.at(spec.hook_side))
    np.testing.assert_allclose(found.auc[1], auc_of(values[tags == "NOUN"], values[tags == "VERB"]), rtol=1e-5)
    subject = Subject(lm, 5, result, read, tests, text, lambda _: gold)
    words = gold_words(subject, gold, subject.tags(subject.own), subject.tags(subject.other))
    np.testing.assert_array_equal(words.values, values[words.place, 5])
    np.testing.assert_allclose(
        subject.values(unit="word")[0], np.abs(read.target_sides.layer(1).column(spec.hook_side, 5))
    )
