"""The JSON has everything that a report needs, and is strict JSON without a p-value of 0."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
import yaml

from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.records import Caution, ContrastResult, ContrastSpec, Remedy
from core.report.summary import summary_json
from tests.support.browser import ROOT
from tests.support.made_results import made_result
from tests.support.tiny_models import save_tiny


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("tiny"), dead_neurons={1: [0, 7]})))


@pytest.fixture(scope="module")
def result(lm: LoadedModel) -> ContrastResult:
    spec = ContrastSpec.careful(layer=1, n_target=40, n_baseline=30, correction="none", alpha=0.3)
    return run_contrast(spec, lm)


def read(result: ContrastResult) -> dict:
    """The JSON as strict readers see it: NaN and Infinity are no JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(summary_json(result), parse_constant=refuse)


def test_the_summary_can_be_run_again(result: ContrastResult, lm: LoadedModel) -> None:
    """Its spec gives the same experiment, and its counts are the result's."""
    record = read(result)
    assert ContrastSpec.from_json(json.dumps(record["spec"])) == result.spec
    assert record["model"]["revision"] == lm.info.revision
    assert record["target_words"] == list(result.words.target)
    assert (record["family_size"], record["notes"]) == (result.family_size, list(result.notes))
    higher, lower = record["significant_higher_for_target"], record["significant_higher_for_baseline"]
    assert (higher, lower) == (result.n_higher, result.n_lower)
    assert record["strong"] == np.sum(result.significant & (np.abs(result.tests.auc - 0.5) >= 0.4))
    assert record["significant_and_silent"] == np.sum(result.significant & result.silent)
    assert record["significant_and_reverses"] == np.sum(result.significant & result.reverses)


def test_the_extremes_have_all_their_numbers(result: ContrastResult) -> None:
    record = read(result)
    for name, neuron in (("largest", result.largest), ("smallest", result.smallest)):
        one = record[name]
        assert one["neuron"] == neuron
        for field in ("statistic", "degrees_of_freedom", "p_value", "mean_difference", "cohens_d", "auc"):
            assert one[field] == getattr(result.tests, field)[neuron]
        for field in ("log10_p", "log10_p_adjusted", "p_adjusted"):
            assert one[field] == getattr(result, field)[neuron]
        sizes, other = result.effect_sizes, result.other_side
        assert one["hedges_g"] == sizes.hedges_g[neuron]
        assert one["hedges_g_95"] == [sizes.hedges_g_low[neuron], sizes.hedges_g_high[neuron]]
        assert one["auc_95"] == [sizes.auc_low[neuron], sizes.auc_high[neuron]]
        assert one["other_side"]["auc"] == other.auc[neuron]
        assert one["above_zero_target"] == other.above_zero_target[neuron]
        assert ("silent" in one["marks"], "reverses" in one["marks"]) == (
            result.silent[neuron],
            result.reverses[neuron],
        )


def test_versions() -> None:
    """Of the app, as in CITATION.cff, of Python and of the libraries."""
    app = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    versions = read(made_result())["versions"]
    assert (versions["grammar_neurons"], versions["python"]) == (app, platform.python_version())
    assert (versions["torch"], versions["transformers"]) == (torch.__version__, transformers.__version__)
    assert versions["numpy"] == np.__version__


def test_units_and_family() -> None:
    record = read(made_result())
    assert (record["unit"], record["n_target_units"], record["n_baseline_units"]) == ("lemma", 3, 3)
    assert (record["n_target_words"], record["n_target_lemmas"], record["n_baseline_lemmas"]) == (4, 3, 3)
    assert (record["family"], record["family_size"], record["d_definition"]) == ("all 6 layers", 48, "d_av")
    assert record["permutations"] is record["seed"] is record["null_95"] is None
    paired = read(made_result(ContrastSpec(n_target=4, n_baseline=4, layer=2)))
    assert (paired["family"], paired["d_definition"], paired["unit"]) == ("layer 2", "d_z", "word")


def test_max_t_names_its_permutations() -> None:
    spec = ContrastSpec.careful(correction="max_t", seed=7, n_target=4, n_baseline=5)
    record = read(made_result(spec, null_maxima=np.arange(1.0, 102.0)))
    assert (record["permutations"], record["seed"], record["null_95"]) == (101, 7, 96.0)


def test_a_control_says_so_with_its_seed() -> None:
    assert read(made_result())["control"] is None
    record = read(made_result(ContrastSpec.careful(shuffle_labels=True, seed=7, n_target=4, n_baseline=5)))
    assert record["control"].startswith("The labels are shuffled") and "(seed 7)" in record["control"]
    assert (record["spec"]["shuffle_labels"], record["seed"], record["permutations"]) == (True, 7, None)


def test_an_infinite_null_is_null() -> None:
    """In a few permutations of tiny lists with ties, the groups do not vary: the statistic is infinite."""
    spec = ContrastSpec.careful(correction="max_t", n_target=4, n_baseline=5)
    infinite = np.r_[np.ones(90), np.full(10, np.inf)]
    record = read(made_result(spec, null_maxima=infinite, critical_statistic=np.inf))
    assert record["null_95"] is None and record["critical_statistic"] is None and record["permutations"] == 100


def test_no_p_value_is_zero_and_nothing_is_infinite() -> None:
    spec = ContrastSpec.careful(test="mannwhitney", n_target=4, n_baseline=5)
    log10 = np.full(8, -411.5)
    tiny = {"p_value": np.zeros(8), "log10_p": log10, "p_adjusted": np.zeros(8), "log10_p_adjusted": log10 + 3}
    record = read(made_result(spec, **tiny, degrees_of_freedom=np.full(8, np.inf), critical_statistic=np.inf))
    largest = record["largest"]
    assert (largest["p_value"], largest["log10_p"]) == (None, -411.5)
    assert (largest["p_adjusted"], largest["log10_p_adjusted"]) == (None, -408.5)
    assert (largest["degrees_of_freedom"], record["critical_statistic"]) == (None, None)
    assert record["statistic_name"] == "z"


def test_cautions_with_their_remedies() -> None:
    caution = Caution("Too few.", (Remedy("Use max-T", (("correction", "max_t"),)),))
    remedies = [{"label": "Use max-T", "changes": {"correction": "max_t"}}]
    assert read(made_result(cautions=(caution,)))["cautions"] == [{"sentence": "Too few.", "remedies": remedies}]


def test_a_folders_name_that_is_no_text(result: ContrastResult) -> None:
    """A name that is not UTF-8 reaches Python with half surrogates; the summary can be saved, and read back."""
    source = os.fsdecode(b"/home/lists-\xff")
    named = replace(result, spec=result.spec.changed(word_source=source))
    saved = summary_json(named).encode("utf-8")
    assert json.loads(saved)["spec"]["word_source"] == source
