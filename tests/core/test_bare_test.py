"""A test whose record has no threshold, no permutations, no power and no plain version: each lack is a sentence."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from core.comparison import critical_log10_p
from core.documents import notebook, report
from core.errors import UserError
from core.evidence import read_subject, run_check
from core.evidence.subject import Subject
from core.records import ALL_TESTS, IMPOSSIBLE, ContrastSpec, StatisticalTest, spec
from core.records.link import from_params, to_params
from core.report.figures import neuron_scatter, neuron_volcano
from core.report.figures.evidence import picture_of
from core.report.glossary import GLOSSARY, statistic_name
from core.report.sentences import headline
from core.report.summary import summary_json
from core.report.tables import contrast_table
from core.report.terminal import terminal_summary
from core.stats.unpaired import unpaired_test

BARE = StatisticalTest("bare", "Bare test", "It has no more than it must.", "bare.bare_test", "D", "A difference.")


def _rows(target: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The signed distance of Kolmogorov and Smirnov."""
    found = stats.ks_2samp(target, baseline, axis=1)
    return -found.statistic * found.statistic_sign, found.pvalue, np.inf


@pytest.fixture(scope="module", autouse=True)
def bare() -> Any:
    """The test is there as long as this file runs."""
    with pytest.MonkeyPatch.context() as patch:
        module: Any = ModuleType("core.stats.bare")
        module.bare_test = lambda target, baseline: unpaired_test(_rows, target, baseline)
        patch.setitem(sys.modules, "core.stats.bare", module)
        patch.setitem(ALL_TESTS, "bare", BARE)
        patch.setitem(GLOSSARY, BARE.letter, BARE.letter_means)
        patch.setitem(spec.CHOICES, "test", (*spec.CHOICES["test"], "bare"))
        yield


@pytest.fixture(scope="module")
def subject(bare: None) -> Subject:
    return read_subject(ContrastSpec.careful(layer=3, n_target=60, n_baseline=60, test="bare", family="layer"), 120)


def test_its_p_values_have_the_logarithms_of_floats(subject: Subject) -> None:
    result = subject.result
    np.testing.assert_allclose(result.log10_p, np.log10(result.tests.p_value))
    np.testing.assert_array_equal(result.significant, result.p_adjusted <= 0.05)
    assert 0 < result.significant.sum() < result.n_neurons and result.tests.statistic[120] > 0.5


def test_plots_have_no_line(subject: Subject) -> None:
    result = subject.result
    assert np.isnan(result.critical_statistic) and np.isnan(critical_log10_p(result))
    for drawn in (neuron_scatter(result), neuron_volcano(result, None, critical_log10_p(result))):
        go.Figure(drawn)
        assert "Threshold" not in str(drawn["data"]) and not drawn["layout"].get("shapes")


def test_files_and_sentences_name_it(subject: Subject) -> None:
    result = subject.result
    assert statistic_name("bare") == "D"
    assert "Bare test, Holm over 512 tests" in terminal_summary(result, "Holm")
    assert json.loads(summary_json(result))["critical_statistic"] is None
    assert " differ; " in headline(result), "it does not say in what"
    assert len(contrast_table(result).csv().splitlines()) == 513
    assert "Bare test" in report(result, None, None, [120])


def test_there_is_no_notebook_and_it_says_so(subject: Subject) -> None:
    with pytest.raises(UserError, match=r"^There is no notebook: the test Bare test has no plain version\.$"):
        notebook(subject.result)


def test_it_cannot_be_permuted(subject: Subject) -> None:
    with pytest.raises(
        UserError, match="max_t permutes the words, and the test bare cannot be permuted: choose another"
    ):
        subject.spec.changed(correction="max_t")
    params = {**to_params(subject.spec), "correction": "max_t"}
    mended, problems = from_params(params, default=ContrastSpec())
    assert mended.correction == "holm" and [one for one in problems if one.endswith("so Holm's is used.")]
    found = run_check("multiplicity", subject)
    assert (found.verdict, found.sentence) == (
        IMPOSSIBLE,
        "Bare test has no permutations, which this check needs.",
    )


def test_its_power_is_not_known(subject: Subject) -> None:
    found = run_check("effect_size", subject)
    assert found.sentence.endswith("What this design would find is not known for this test.")
    power = found.numbers["power"]
    assert (power["power"], power["smallest"], power["at_observed"], power["critical"]) == ([], None, None, None)
    assert "not known" in str(go.Figure(picture_of("effect_size", found.numbers)).layout.annotations)


def test_the_three_tests_are_compared_beside_it(subject: Subject) -> None:
    found = run_check("test_choice", subject)
    assert [one["test"] for one in found.numbers["tests"]] == ["paired", "welch", "mannwhitney"]
    assert "The experiment's own test, Bare test, is none of the three." in found.sentence
    assert found.value == pytest.approx(float(subject.result.tests.statistic[120]))
    go.Figure(picture_of("test_choice", found.numbers))


def test_words_that_chose_it_test_it_by_it(subject: Subject) -> None:
    assert run_check("held_out", subject).value is not None
