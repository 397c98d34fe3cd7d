"""One of many neurons, against a plain loop over permutations with SciPy's tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import mannwhitneyu, ttest_ind, ttest_rel

from core.activations.units import units_of
from core.comparison import compare_neurons
from core.errors import Cancelled
from core.evidence import multiplicity, run_check
from core.evidence.multiplicity import N_PERMUTATIONS, check
from core.records import WordActivations
from core.report.figures.evidence import picture_of
from core.stats.permutation import max_t, permutations, sign_flips, single_step_p
from tests.support.made_up import noise, planted, with_values

SMALL = {"n_target": 30, "n_baseline": 25, "drop_shared": False}


def z_by_scipy(target, baseline):
    return np.abs(mannwhitneyu(target, baseline, method="asymptotic").statistic - target.shape[0] * len(baseline) / 2)


@pytest.mark.parametrize("shift", [0.4, -1.0])
@pytest.mark.parametrize(
    "changes", [{"test": "welch"}, {"test": "welch", "unit": "word"}, {"test": "paired", "unit": "word"}]
)
def test_p_and_quantiles_agree_with_a_plain_loop(subject_of, monkeypatch, changes, shift):
    monkeypatch.setattr(multiplicity, "N_PERMUTATIONS", 60)
    monkeypatch.setattr(multiplicity, "_p", lambda p: "")
    sizes = {**SMALL, "n_baseline": 30} if changes["test"] == "paired" else SMALL
    subject = planted(subject_of(**sizes), shift, **changes, alpha=0.1)
    words, sides = subject.result.words, (subject.activations.target, subject.activations.baseline)
    units = [
        units_of(its, lemmas, subject.spec.unit)
        for its, lemmas in ((words.target, words.target_lemmas), (words.baseline, words.baseline_lemmas))
    ]
    target, baseline = (its.mean(values).astype(float) for its, values in zip(units, sides, strict=True))
    both, maxima = np.concatenate([target, baseline], axis=1), []  # [n_layers, n_units, n_neurons]
    if changes["test"] == "paired":
        for keep in sign_flips(target.shape[1], 60, seed=0):
            signs = np.where(keep, 1, -1)[:, None]
            maxima.append(np.abs(ttest_rel(signs * (target - baseline), 0 * target, axis=1).statistic).max(axis=1))
    else:
        for chosen in permutations(target.shape[1], baseline.shape[1], 60, seed=0):
            t = ttest_ind(both[:, chosen], both[:, ~chosen], axis=1, equal_var=False).statistic
            maxima.append(np.abs(t).max(axis=1))
    by_layer = np.array(maxima)  # [n_permutations, n_layers]
    figures = check(subject).numbers
    for of, null in (("layer", by_layer[:, 3]), ("model", by_layer.max(axis=1))):
        assert figures[of]["p"] == (1 + (null >= figures["statistic"]).sum()) / 61
        assert figures[of]["quantile"] == pytest.approx(np.quantile(null, 0.95, method="higher"), rel=1e-8)
        assert figures[of]["critical"] == pytest.approx(np.quantile(null, 0.90, method="higher"), rel=1e-8)
        assert sum(figures[of]["counts"]) == 60
    statistics = np.abs(subject.tests.statistic)
    own = statistics[3, subject.neuron]
    assert (figures["layer"]["as_large"], figures["model"]["as_large"]) == (
        (statistics[3] >= own).sum() - 1,
        (statistics >= own).sum() - 1,
    )


def test_ranks_have_their_own_null(subject_of):
    subject = planted(subject_of(**SMALL), 2.0, test="mannwhitney")
    finding = check(subject)
    assert finding.numbers["letter"] == "z" and finding.verdict == "holds"
    # The largest |z| of one layer, permuted, by U of SciPy: in another order of the same size.
    target, baseline = subject.layer_values()
    both = np.concatenate([target, baseline])
    labels = permutations(len(target), len(baseline), 100, seed=0)
    sd = np.sqrt(len(target) * len(baseline) * (len(both) + 1) / 12)
    z = [(z_by_scipy(both[chosen], both[~chosen]).max() - 0.5) / sd for chosen in labels]
    edges, counts = finding.numbers["edges"], finding.numbers["layer"]["counts"]
    assert edges[0] - 1e-9 <= min(z) and max(z) <= edges[-1] + 1e-9
    assert (np.array(counts) >= np.histogram(z, edges)[0]).all()


def test_chance_does_not_hold_and_what_is_between_is_unclear(subject_of):
    subject, verdicts = subject_of(**SMALL), {}
    for shift in (0.0, 1.0, 1.45, 1.5, 1.55, 2.5):
        figures = check(planted(subject, shift)).numbers
        p = figures["layer"]["p"], figures["model"]["p"]
        assert p[0] <= p[1]
        expected = "holds" if p[1] <= 0.05 else "unclear" if p[0] <= 0.05 else "does not hold"
        verdicts.setdefault(expected, shift)
        assert check(planted(subject, shift)).verdict == expected
    assert verdicts["does not hold"] < verdicts["unclear"] < verdicts["holds"]


def test_the_strongest_of_chance_does_not_hold(subject_of):
    subject = subject_of(**SMALL)
    made_up = with_values(subject, *noise(subject), 0)
    strongest = int(np.nanargmax(np.abs(made_up.tests.statistic[3])))
    assert check(with_values(subject, *noise(subject), strongest)).verdict == "does not hold"


def test_silent_neurons_do_not_count(subject_of):
    subject = subject_of(**SMALL)
    target, baseline = noise(subject)
    target[3, :, 7] += 3
    target[..., 8:], baseline[..., 8:] = 0.0, 0.0
    target[5], baseline[5] = 1.0, 1.0  # a layer in which none varies
    figures = check(with_values(subject, target, baseline, 7)).numbers
    assert (figures["layer"]["n_neurons"], figures["model"]["n_neurons"]) == (8, 40)
    assert figures["model"]["rank"] == 1 and figures["model"]["as_large"] == 0
    assert sum(figures["layer"]["counts"]) == N_PERMUTATIONS


def test_a_very_small_alpha_cannot_be_reached(subject_of):
    finding = run_check("multiplicity", planted(subject_of(**SMALL), 2.0, alpha=1e-5))
    assert finding.verdict == "cannot be run here" and "0.00001" in finding.sentence


def test_two_words_of_each_class_make_infinite_maxima(subject_of):
    """Where a permutation leaves a neuron that varies in neither class."""
    subject = subject_of(n_target=3, n_baseline=3, drop_shared=False)
    target, baseline = noise(subject)
    target[3, :, 7], baseline[3, :, 7] = [1, 1, 0], [0, 0, 1]
    finding = check(with_values(subject, target, baseline, 7))
    assert finding.numbers["layer"]["infinite"] > 0 and finding.verdict == "does not hold"
    go.Figure(picture_of("multiplicity", finding.numbers))


def test_the_noun_neuron_holds_its_picture_is_valid_and_it_is_the_same_again(subject_of):
    subject = subject_of()
    finding = check(subject)
    assert finding.verdict == "holds" and finding.value == 1 / (N_PERMUTATIONS + 1)
    go.Figure(picture_of("multiplicity", finding.numbers))
    assert check(subject).to_plain() == finding.to_plain()


def test_progress_rises_and_cancelling_passes_through(subject_of):
    said = []

    def stop(share, message):
        said.append(share)
        if share >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_check("multiplicity", subject_of(**SMALL), stop)
    assert said == sorted(said)


def test_single_step_is_at_least_step_down_and_equal_for_the_largest():
    rng = np.random.default_rng(0)
    target, baseline = rng.normal(size=(2, 15, 20))
    target[:, :3] += [1.5, 1.0, 0.9]
    p, maxima = max_t([(target, baseline)], "welch", seed=0, n_permutations=400)
    t = np.abs(ttest_ind(target, baseline, equal_var=False).statistic)
    single = np.array([single_step_p(one, maxima) for one in t])
    assert (single >= p[0] - 1e-12).all() and single[t.argmax()] == p[0, t.argmax()]


def test_a_reading_of_one_layer_is_not_the_model(subject_of):
    """With many words and one layer as the family, the pages read that layer alone."""
    subject = subject_of(**SMALL)
    old, sides = subject.activations, []
    for one in (old.target_sides, old.baseline_sides):
        sides.append(replace(one, pre_activation=one.pre_activation[3:4], stored=one.stored[3:4]))
    tokens = old.target_tokens, old.baseline_tokens
    activations = WordActivations(old.words, (3,), *sides, subject.side, *tokens)
    tests = compare_neurons(subject.spec, activations)
    finding = run_check("multiplicity", replace(subject, activations=activations, tests=tests))
    assert finding.verdict == "cannot be run here" and finding.value is None
    assert "1 of the 6 layers" in finding.sentence
