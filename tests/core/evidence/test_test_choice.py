"""The choice of the test, against SciPy's three tests and a plain loop over pairings."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import mannwhitneyu, ttest_ind, ttest_rel

from core.errors import Cancelled, UserError
from core.evidence import run_check
from core.evidence.test_choice import N_PAIRINGS, check
from core.report.figures.evidence import picture_of
from core.stats.repairing import random_pairings, repaired_t, within_pair_correlation
from core.stats.ttest import paired_ttest
from tests.support.made_up import noise, planted, with_values

PAIRED = {"test": "paired", "unit": "word", "drop_shared": False, "family": "layer", "correction": "bonferroni"}


@pytest.mark.parametrize("neuron", [120, 375])
@pytest.mark.parametrize("changes", [{}, {**PAIRED, "n_target": 60, "n_baseline": 60}])
def test_each_test_agrees_with_scipy(subject_of, neuron, changes):
    subject = subject_of(neuron, **changes)
    finding = check(subject)
    by_word, by_unit = subject.values(unit="word"), subject.values()
    oracle = {
        "paired": ttest_rel(*by_word),
        "welch": ttest_ind(*(values.astype(float) for values in by_unit), equal_var=False),
        "mannwhitney": mannwhitneyu(*by_unit, method="asymptotic"),
    }
    assert [one["test"] for one in finding.numbers["tests"]] == list(oracle)
    for one in finding.numbers["tests"]:
        its = oracle[one["test"]]
        assert one["p"] == pytest.approx(its.pvalue, rel=1e-4, abs=1e-300)
        assert one["p_adjusted"] == pytest.approx(min(1, its.pvalue * subject.family_size), rel=1e-4, abs=1e-297)
        if one["test"] != "mannwhitney":  # SciPy's statistic is U
            assert one["statistic"] == pytest.approx(its.statistic, rel=1e-5)
    own = next(one for one in finding.numbers["tests"] if one["test"] == subject.spec.test)
    assert finding.value == own["statistic"] == subject.result.tests.statistic[neuron]
    assert finding.verdict == "holds"


def test_the_pairings_agree_with_a_plain_loop(subject_of):
    subject = subject_of(375, **PAIRED, n_target=60, n_baseline=60)
    target, baseline = (values.astype(float) for values in subject.layer_values())
    finding = check(subject)
    pairing = finding.numbers["pairing"]
    rng = np.random.default_rng(subject.spec.seed)
    ts = np.array([ttest_rel(target, baseline[order]).statistic for order in random_pairings(60, N_PAIRINGS, 0)])
    assert pairing["t"] == pytest.approx(ts[:, 375], rel=1e-9)
    assert finding.interval == pytest.approx((ts[:, 375].min(), ts[:, 375].max()), rel=1e-9)
    assert pairing["median"] == pytest.approx(np.median(ts[:, 375]), rel=1e-9)
    assert pairing["most_extreme"] == (np.nanargmin(ts, axis=1) == 375).mean()
    assert pairing["correlation"] == pytest.approx(np.corrcoef(target[:, 375], baseline[:, 375])[0, 1], abs=1e-9)
    # Any other pairing is within what is possible, and the given one is one of them.
    assert ts[:, 375].min() < ttest_rel(target[:, 375], baseline[rng.permutation(60), 375]).statistic < 0


def test_the_rule_by_scipy_for_weak_and_strong_neurons(subject_of):
    subject = subject_of(**PAIRED, n_target=60, n_baseline=60)
    verdicts = set()
    for shift in (0.0, 0.55, 0.7, 0.85, 2.0):
        weak = planted(subject, shift)
        target, baseline = (values.astype(float) for values in weak.values())
        tests = [ttest_rel(target, baseline), ttest_ind(target, baseline, equal_var=False)]
        tests.append(mannwhitneyu(target, baseline, method="asymptotic"))
        small = [test.pvalue * weak.family_size <= 0.05 for test in tests]
        pairs = [ttest_rel(target, baseline[order]).pvalue for order in random_pairings(60, N_PAIRINGS, 0)]
        always = max(pairs) * weak.family_size <= 0.05
        expected = "does not hold" if not any(small) else "holds" if all(small) and always else "unclear"
        assert check(weak).verdict == expected, shift
        verdicts.add(expected)
    assert verdicts == {"holds", "does not hold", "unclear"}


def test_another_sign_does_not_hold(subject_of):
    """One huge value turns the mean, but not the ranks."""
    subject = subject_of(**{**PAIRED, "test": "mannwhitney"}, n_target=60, n_baseline=60)
    target, baseline = noise(subject)
    target[3, :, 7] += 2
    target[3, 0, 7] = -1e4
    finding = check(with_values(subject, target, baseline, 7))
    signs = {one["test"]: np.sign(one["statistic"]) for one in finding.numbers["tests"]}
    assert signs == {"paired": -1, "welch": -1, "mannwhitney": 1}
    assert finding.verdict == "does not hold"


def test_unequal_counts_have_no_paired_test(subject_of):
    finding = check(subject_of(n_target=60, n_baseline=50))
    assert [one["test"] for one in finding.numbers["tests"]] == ["welch", "mannwhitney"]
    assert finding.numbers["pairing"] is None and finding.interval is None
    assert "The paired test cannot be run" in finding.sentence
    go.Figure(picture_of("test_choice", finding.numbers))


def test_the_picture_is_valid_and_the_finding_the_same_again(subject_of):
    subject = subject_of(375)
    finding = check(subject)
    go.Figure(picture_of("test_choice", finding.numbers))
    assert check(subject).to_plain() == finding.to_plain()


def test_cancelling_passes_through(subject_of):
    def stop(share, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("test_choice", subject_of(), stop)


# --- The arithmetic ---


def test_repaired_t_is_the_paired_test_of_reordered_words():
    rng = np.random.default_rng(1)
    target, baseline = rng.normal(1e4, 1, size=(2, 9, 5)).astype(np.float32)
    pairings = random_pairings(9, 20, seed=3)
    for t, order in zip(repaired_t(target, baseline, pairings), pairings, strict=True):
        assert t == pytest.approx(paired_ttest(target, baseline[order]).statistic, rel=1e-9)
        assert sorted(order) == list(range(9))


def test_differences_that_do_not_vary_have_no_t():
    column = np.arange(5.0)[:, None]
    t = repaired_t(column + 1, column, np.array([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]]))
    assert np.isnan(t[0, 0]) and t[1, 0] == pytest.approx(ttest_rel(column + 1, column[::-1]).statistic[0])
    assert np.isnan(within_pair_correlation(np.ones(4), np.arange(4.0)))


@pytest.mark.parametrize(
    ("target", "baseline", "sentence"),
    [(np.zeros((3, 2)), np.zeros((4, 2)), "3 and 4"), (np.array([[1.0], [np.nan]]), np.zeros((2, 1)), "not finite")],
)
def test_values_that_have_no_pairs_are_refused(target, baseline, sentence):
    with pytest.raises(UserError, match=sentence):
        repaired_t(target, baseline, random_pairings(len(target), 2, seed=0))


def test_a_pairing_that_has_no_t_is_said_and_unclear(subject_of):
    """One class is 0 throughout and the other 1, but for one word of each: if these two meet, no difference varies."""
    subject = subject_of(**PAIRED, n_target=60, n_baseline=60)
    target, baseline = noise(subject)
    target[3, :, 7], baseline[3, :, 7] = 1.0, 0.0
    target[3, 0, 7], baseline[3, 1, 7] = 3.0, 2.0
    orders = random_pairings(60, N_PAIRINGS, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spreads = [np.std(target[3, :, 7] - baseline[3, order, 7]) for order in orders]
    assert min(spreads) == 0 < max(spreads)
    finding = check(with_values(subject, target, baseline, 7))
    assert all(one["significant"] for one in finding.numbers["tests"]) and len(finding.numbers["tests"]) == 3
    assert finding.numbers["pairing"] is None and finding.interval is None
    assert finding.verdict == "unclear"
    assert any("pairings" in note and note in finding.sentence for note in finding.numbers["notes"])
    go.Figure(picture_of("test_choice", finding.numbers))
