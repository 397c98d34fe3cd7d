"""The records of tests and corrections: each names what is there, and is compared with something independent."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from core.errors import UserError
from core.records import ALL_CORRECTIONS, ALL_TESTS, Correction, NeuronTests
from core.stats.correction import adjust, adjust_log10, critical_p
from core.stats.named import named, neuron_test, record_of_test
from core.stats.power import planted_power
from core.stats.ttest import welch_ttest
from core.stats.unpaired import unpaired_test
from tests.support.oracles import STATSMODELS

FOLDER = Path(__file__).parent
RNG = np.random.default_rng(0)
TARGET, BASELINE = RNG.standard_normal((2, 12, 5))


def is_in_a_test(name: str) -> bool:
    texts = (path.read_text("utf-8") for path in FOLDER.glob("test_*.py") if path != Path(__file__))
    return any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)


@pytest.mark.parametrize("test", ALL_TESTS.values(), ids=ALL_TESTS)
def test_a_test_is_compared_with_something_independent(test):
    function = test.function.rpartition(".")[2]
    assert is_in_a_test(function), (
        f"No file in tests/core/stats tests {function}, the function of the test {test.name}: compare it there with "
        'something independent (CONTRIBUTING.md, "Add a test").'
    )


@pytest.mark.parametrize(
    "correction", [one for one in ALL_CORRECTIONS.values() if not one.permutes], ids=lambda one: one.name
)
def test_a_correction_is_compared_with_something_independent(correction):
    assert correction.name in ("none", *STATSMODELS) or is_in_a_test(correction.function.rpartition(".")[2]), (
        f"Nothing tests the correction {correction.name}: name it in tests/support/oracles.py, or test its function in "
        'tests/core/stats (CONTRIBUTING.md, "Add a correction").'
    )


@pytest.mark.parametrize("test", ALL_TESTS.values(), ids=ALL_TESTS)
def test_a_record_of_a_test_names_what_is_there(test):
    found = neuron_test(test.name)(TARGET, BASELINE)
    assert isinstance(found, NeuronTests)
    assert all(getattr(found, field.name).shape == (5,) for field in fields(NeuronTests))
    assert not test.score or named(test.score)(12, 12).observed_labels().dtype == bool
    assert not test.power or callable(named(test.power))
    both_ways = neuron_test(test.name)(BASELINE, TARGET).statistic
    np.testing.assert_allclose(found.statistic, -both_ways, err_msg="positive where the target is higher")
    shifted = neuron_test(test.name)(TARGET + 9, BASELINE)
    assert (shifted.statistic > 0).all() and (shifted.p_value < 0.01).all()
    if test.threshold:
        by_t = 2 * stats.t.sf(np.abs(found.statistic), found.degrees_of_freedom)
        np.testing.assert_allclose(found.p_value, by_t, rtol=1e-9, err_msg="the p-value of t or z")
        assert not test.one_df or len(np.unique(found.degrees_of_freedom)) == 1


@pytest.mark.parametrize(
    "correction", [one for one in ALL_CORRECTIONS.values() if not one.permutes], ids=lambda one: one.name
)
def test_a_record_of_a_correction_names_what_is_there(correction):
    p = np.array([0.001, 0.2, 0.03])
    assert (adjust(p, correction.name) >= p).all()
    assert not correction.log10 or named(correction.log10)(np.log10(np.sort(p))).shape == (3,)
    assert not correction.critical or 0 < named(correction.critical)(3, 1, 0.05) <= 0.05


def test_no_two_records_have_one_label():
    for records in (ALL_TESTS, ALL_CORRECTIONS):
        assert len({one.label for one in records.values()}) == len(records)
        assert [one.name for one in records.values()] == list(records)


def test_an_unknown_test_is_one_sentence():
    with pytest.raises(UserError, match="There is no test 'sign': choose one of paired, welch, mannwhitney"):
        record_of_test("sign")


# --- What a record may leave out ---


@pytest.fixture
def bare(monkeypatch):
    """Holm's correction with no more than its formula."""
    monkeypatch.setitem(ALL_CORRECTIONS, "bare", Correction("bare", "Bare", "", "correction_formulas.holm"))
    return "bare"


def test_without_a_formula_for_logarithms_the_smallest_are_not_told_apart(bare):
    log10_p = np.array([-500.0, -310.0, -299.0, -2.0, -0.1, np.nan])
    came, exact = adjust_log10(log10_p, bare), adjust_log10(log10_p, "holm")
    np.testing.assert_allclose(came[2:], exact[2:], rtol=1e-12)
    assert came[0] == came[1] == pytest.approx(-300 + np.log10(5))


def test_without_a_formula_for_the_critical_p_it_is_the_largest_significant_one(bare):
    assert critical_p(np.array([0.001, 0.012, 0.02, 0.5]), bare, 0.06) == pytest.approx(0.02)
    assert np.isnan(critical_p(np.array([0.3, 0.5]), bare, 0.05)), "nothing is significant"


def test_what_a_design_finds_is_not_known_without_a_threshold():
    assert planted_power(TARGET[:, 0], BASELINE[:, 0], "welch", float("nan")) is None


# --- The helper for tests of two groups ---


def _welch(target, baseline):
    found = stats.ttest_ind(target, baseline, axis=1, equal_var=False)
    return found.statistic, found.pvalue, found.df


@pytest.mark.filterwarnings("ignore:Precision loss")
@pytest.mark.parametrize("shape", [(), (2,)])
def test_unpaired_test_by_scipys_welch_is_ours(shape):
    target, baseline = RNG.standard_normal((*shape, 9, 6)), RNG.standard_normal((*shape, 14, 6))
    target[..., 2], baseline[..., 2] = 0.5, 0.5  # varies in neither class
    target[..., 3], baseline[..., 3] = 0.7, 0.1
    target[..., 4] = 0.25  # varies in one class only
    came, ours = unpaired_test(_welch, target, baseline), welch_ttest(target, baseline)
    for field in fields(NeuronTests):
        name = field.name
        tested = ~np.isnan(ours.statistic) if name == "degrees_of_freedom" else ...
        np.testing.assert_allclose(getattr(came, name)[tested], getattr(ours, name)[tested], rtol=1e-9, err_msg=name)


def test_unpaired_test_of_one_number_for_all_neurons():
    came = unpaired_test(lambda target, baseline: (target[:, 0], 0.5, np.inf), TARGET, BASELINE)
    np.testing.assert_array_equal(came.p_value, 0.5)
    np.testing.assert_array_equal(came.statistic, TARGET[0])
    assert np.isinf(came.degrees_of_freedom).all()


def test_unpaired_test_refuses_a_group_of_one():
    with pytest.raises(UserError, match="at least 2 target"):
        unpaired_test(_welch, TARGET[:1], BASELINE)
