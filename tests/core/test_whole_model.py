"""Every neuron of every layer: against the result of each layer alone, and against SciPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from core.activations import gold_activations, gold_values_of_layers
from core.errors import UserError
from core.experiment import run_contrast, run_steps
from core.models import LoadedModel, load_model
from core.records import CUSTOM, HOOK_SIDES, ContrastSpec
from core.records.gold import tags_of
from core.records.layers import AllLayers
from core.whole_model import gold_layers, measure_layers
from core.words import bundled_gold
from tests.support.tiny_models import save_tiny

KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"hook_side": "activation", "unit": "word"},
    {"unit": "word", "test": "paired", "n_baseline": 60, "family": "layer", "correction": "bonferroni"},
    {"test": "mannwhitney", "family": "layer", "correction": "fdr_bh"},
)


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny GPT-Neo with a neuron of layer 1 that never moves."""
    return load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("layers"), dead_neurons={1: [3]})))


def spec_of(**changes: Any) -> ContrastSpec:
    return ContrastSpec.careful(**{"layer": 1, "n_target": 60, "n_baseline": 50, **changes})


def measured(lm: LoadedModel, spec: ContrastSpec) -> AllLayers:
    read, tests, adjusted, _ = run_steps(spec, lm, range(lm.n_layers))
    return measure_layers(spec, lm.info, read, tests, adjusted)


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_each_layer_has_the_numbers_of_its_own_contrast(lm: LoadedModel, changes: dict[str, Any]) -> None:
    spec = spec_of(**changes)
    found = measured(lm, spec)
    assert found.layers == tuple(range(lm.n_layers)) and found.n_neurons == lm.d_mlp
    for layer in found.layers:
        alone = run_contrast(spec.changed(layer=layer), lm)
        pairs = {
            "statistic": (found.tests.statistic, alone.tests.statistic),
            "p": (found.p_adjusted, alone.p_adjusted),
            "g": (found.hedges_g, alone.effect_sizes.hedges_g),
            "auc": (found.tests.auc, alone.tests.auc),
            "other auc": (found.other_side.auc, alone.other_side.auc),
            "other difference": (found.other_side.mean_difference, alone.other_side.mean_difference),
            "above": (found.other_side.above_zero_target, alone.other_side.above_zero_target),
            "silent": (found.silent, alone.silent),
            "reverses": (found.reverses, alone.reverses),
            "strong": (found.strong, alone.strong),
        }
        for name, (together, apart) in pairs.items():
            np.testing.assert_array_equal(together[layer], apart, name)
        assert (int(found.extremes[0][layer]), int(found.extremes[1][layer])) == (alone.largest, alone.smallest)
    assert np.isnan(found.hedges_g[1, 3]) and not found.significant[1, 3]
    assert (found.n_target, found.n_baseline) == (len(alone.target_units), len(alone.baseline_units))


def test_before_and_after_are_the_same_whichever_side_is_tested(lm: LoadedModel) -> None:
    before, after = (measured(lm, spec_of(hook_side=side)) for side in HOOK_SIDES)
    np.testing.assert_array_equal(before.auc_before, after.auc_before)
    np.testing.assert_array_equal(before.auc_after, after.auc_after)
    assert (before.auc_before != before.auc_after).any()
    assert before.depth.tolist() == [layer / (lm.n_layers - 1) for layer in range(lm.n_layers)]


@pytest.mark.parametrize("side", HOOK_SIDES)
@pytest.mark.parametrize("max_floats", [1, 10**9], ids=["one layer at a time", "all together"])
def test_tagged_words_of_all_layers_are_those_of_each(lm: LoadedModel, side: str, max_floats: int) -> None:
    text, upos = bundled_gold(), ("NOUN", "VERB")
    read = gold_values_of_layers(lm, text, side=side, upos=upos, prefix=True, max_floats=max_floats)
    for layer, values in enumerate(read.by_layer):
        alone = gold_activations(lm, text, layer, prefix=True)
        wanted = np.isin(alone.tags, upos)
        assert read.tags.tolist() == alone.tags[wanted].tolist()
        np.testing.assert_allclose(values, alone.at(side)[wanted], atol=1e-5)
    assert layer == lm.n_layers - 1


def test_the_auc_in_tagged_text_is_that_of_scipy(lm: LoadedModel) -> None:
    spec = spec_of(hook_side="activation")
    found = gold_layers(spec, lm, bundled_gold())
    alone = gold_activations(lm, bundled_gold(), 2, prefix=True)
    nouns, verbs = (alone.activation[alone.tags == tag] for tag in ("NOUN", "VERB"))
    u = scipy.stats.mannwhitneyu(nouns, verbs).statistic
    assert (found.n_target, found.n_baseline) == (len(nouns), len(verbs))
    np.testing.assert_allclose(found.auc[2], u / (len(nouns) * len(verbs)), atol=2e-4)  # values differ by rounding


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": CUSTOM, "target_words": ("dog", "cat")}, "a list of one's own"),
        ({"target": "singular-nouns"}, "singular nouns"),
        ({"shuffle_labels": True}, "labels are shuffled"),
    ],
)
def test_a_class_without_a_tag_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        tags_of(spec_of(**changes))


def test_a_text_with_too_few_words_is_refused(lm: LoadedModel, tiny_folder: Callable[[str], Path]) -> None:
    text = bundled_gold()
    with pytest.raises(UserError, match="at least 10 of each are needed"):
        gold_layers(spec_of(), lm, type(text)(text.sentences[:2]))
