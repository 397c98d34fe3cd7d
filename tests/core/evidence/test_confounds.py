"""The check of other properties of the words, against statsmodels on the words alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import statsmodels.api as sm
from scipy import stats

from core.errors import Cancelled
from core.evidence import run_check
from core.evidence.confounds import CONFOUNDS, check
from core.records import ContrastSpec
from core.report.figures.evidence import picture_of
from core.words import choose_words
from tests.support.made_subjects import shuffled, with_values


@pytest.fixture
def subject(subject_of):
    """subject(neuron, **changes): one reading of fewer words for all neurons."""
    small = {"n_target": 120, "n_baseline": 120}
    return lambda neuron=120, **changes: replace(subject_of(120, **{**small, **changes}), neuron=neuron)


def frame(one):
    """Values, whether a word is of the own class, its lemma, and its properties, word by word."""
    result, rows = one.result, []
    for name, lemmas in zip(("target", "baseline"), one.lemmas, strict=True):
        sides, tokens = getattr(result, f"{name}_sides"), getattr(result, f"{name}_tokens")
        words, whole = getattr(result.words, name), list(getattr(result.words, f"{name}_list").words)
        values = sides.at(one.side)[:, one.neuron]
        for value, word, lemma, n in zip(values, words, lemmas, tokens, strict=True):
            form = word.lower()
            ends = [form[-2:] == "ed", form[-3:] == "ing", form[-1:] == "s"]
            properties = [n, len(word), np.log10(whole.index(word) + 1), *ends, word[0] != word[0].lower()]
            rows.append((float(value), (name == "target") == one.favours_target, lemma, *map(float, properties)))
    values, own, lemmas, *properties = zip(*rows, strict=True)
    own = np.array(own)
    values = np.array(values)
    sd = np.sqrt((values[own].var(ddof=1) + values[~own].var(ddof=1)) / 2)
    return values / sd, own, np.array(lemmas), np.array(properties).T


@pytest.mark.parametrize("neuron", [120, 375, 60])
@pytest.mark.parametrize("changes", [{}, {"leading_space": False, "hook_side": "activation"}])
def test_raw_and_adjusted_differences_vs_statsmodels(subject, neuron, changes):
    one = subject(neuron, **changes)
    finding = check(one)
    values, own, lemmas, properties = frame(one)
    varying = properties.std(axis=0) > 0
    assert [row["adjusted"] for row in finding.numbers["confounds"]] == varying.tolist()
    _, groups = np.unique(lemmas, return_inverse=True)
    how = {"cov_type": "cluster", "cov_kwds": {"groups": groups}, "use_t": True}
    for name, columns in (("raw", properties[:, :0]), ("adjusted", properties[:, varying])):
        model = sm.OLS(values, sm.add_constant(np.column_stack([own, columns])))
        fit, limits = model.fit(**how), "raw_interval" if name == "raw" else "clustered"
        found = [finding.numbers[name], *finding.numbers[limits]]
        np.testing.assert_allclose(found, [fit.params[1], *fit.conf_int()[1]], rtol=1e-6)
    assert (finding.value, list(finding.interval)) == (finding.numbers["adjusted"], finding.numbers["clustered"])


def test_hc3_vs_statsmodels(subject):
    """With bare words, of which several have several tokens: no row has a column of its own."""
    one = subject(120, leading_space=False)
    values, own, _, properties = frame(one)
    kept = properties.std(axis=0) > 0
    model = sm.OLS(values, sm.add_constant(np.column_stack([own, properties[:, kept]])))
    expected = model.fit(cov_type="HC3", use_t=True).conf_int()[1]
    np.testing.assert_allclose(check(one).numbers["hc3"], expected, rtol=1e-6)


def test_each_propertys_auc_vs_scipy(subject):
    one = subject(375, leading_space=False)
    _, own, _, properties = frame(one)
    for row, column in zip(check(one).numbers["confounds"], properties.T, strict=True):
        u = stats.mannwhitneyu(column[own], column[~own]).statistic / (own.sum() * (~own).sum())
        assert row["auc"] == pytest.approx(max(u, 1 - u))
        assert [row["mean_own"], row["mean_other"]] == pytest.approx([column[own].mean(), column[~own].mean()])


def test_matched_words_are_alike_and_can_be_custom_lists(subject):
    for neuron in (120, 375):
        one = subject(neuron)
        numbers = check(one).numbers
        values, _, lemmas, properties = frame(one)
        names = [*one.result.words.target, *one.result.words.baseline]
        own_first = one.favours_target
        own = one.result.words.target if own_first else one.result.words.baseline
        other = one.result.words.baseline if own_first else one.result.words.target
        n_target = len(one.result.words.target)
        place = {
            "target": {word: i for i, word in enumerate(names[:n_target])},
            "baseline": {word: n_target + i for i, word in enumerate(names[n_target:])},
        }
        at = {side: [place[side][word] for word in numbers["matched"][side]] for side in place}
        n = numbers["n_pairs"]
        assert 10 < n == len(set(at["target"])) == len(set(at["baseline"])) < min(len(own), len(other))
        for name in ("tokens", "ends in -ed", "ends in -ing", "ends in -s", "capital letter"):
            column = properties[:, CONFOUNDS.index(name)]
            assert sorted(column[at["target"]]) == sorted(column[at["baseline"]])
        first, second = values[at["target"]], values[at["baseline"]]
        u = stats.mannwhitneyu(first, second).statistic / n**2
        assert numbers["matched_auc"] == pytest.approx(u if own_first else 1 - u)
        assert {side: [lemmas[i] for i in where] for side, where in at.items()} == numbers["matched_lemmas"]
        custom = ContrastSpec.careful(
            target="custom",
            baseline="custom",
            target_words=tuple(numbers["matched"]["target"]),
            baseline_words=tuple(numbers["matched"]["baseline"]),
        )
        assert choose_words(custom).target == custom.target_words


def test_a_neuron_that_sees_a_suffix_does_not_hold_and_one_that_sees_the_class_does(subject):
    one = subject(120, target="verbs", baseline="nouns")
    words = one.result.words
    rng = np.random.default_rng(0)

    def noise(side):
        return 0.3 * rng.standard_normal(len(side))

    suffix = [[float(w.endswith(("ed", "ing"))) for w in side] + noise(side) for side in (words.target, words.baseline)]
    one = replace(one, neuron=375)  # higher for the target, verbs
    sees_suffix = check(with_values(one, *suffix))
    assert sees_suffix.numbers["raw_interval"][0] > 0.3
    assert (sees_suffix.verdict, abs(sees_suffix.value) < 0.3) == ("does not hold", True)
    sees_class = check(with_values(one, 2 + noise(words.target), noise(words.baseline)))
    assert sees_class.verdict == "holds"
    half = check(with_values(one, np.array(suffix[0]) + 0.15, suffix[1]))
    assert half.verdict == "unclear" and half.value < half.numbers["raw"] / 2


def test_a_shuffled_neuron_does_not_hold_and_the_models_do(subject):
    assert check(shuffled(subject(120))).verdict == "does not hold"
    assert check(subject(120)).verdict == check(subject(375)).verdict == "holds"


def test_a_neuron_below_a_property_is_unclear(subject):
    """A difference that no property explains, but smaller than what -ed alone separates."""
    one = subject(375)  # higher for verbs
    rng = np.random.default_rng(1)
    values = [rng.standard_normal(len(side)) for side in one.lemmas]
    finding = check(with_values(one, values[0], values[1] + 0.5))
    strongest = max(row["auc"] for row in finding.numbers["confounds"])
    assert finding.verdict == "unclear" and finding.interval[0] > 0
    assert finding.value > finding.numbers["raw"] / 2 and finding.numbers["neuron_auc"] < strongest


def test_a_property_that_determines_the_class_leaves_nothing_to_adjust(subject):
    words = {
        "target_words": ("Anna", "Paul", "London", "Paris", "Berlin", "Monday", "Mary", "June", "France"),
        "baseline_words": ("dog", "cat", "tree", "house", "animal", "week", "girl", "month", "country"),
    }
    finding = run_check("confounds", subject(120, target="custom", baseline="custom", unit="word", **words))
    assert (finding.verdict, finding.value, finding.interval) == ("does not hold", None, None)
    assert "determine" in finding.sentence and "determine" in finding.numbers["notes"][-1]
    go.Figure(picture_of("confounds", finding.numbers))


def test_too_few_words_and_constant_values(subject):
    words = {"target_words": ("dog", "cats", "tree"), "baseline_words": ("run", "eats", "sing")}
    few = run_check("confounds", subject(120, target="custom", baseline="custom", unit="word", **words))
    assert few.verdict == "cannot be run here" and "6 words are too few to adjust for" in few.sentence
    one = subject(120)
    constant = with_values(one, *(np.full(len(lemmas), 1.0) for lemmas in one.lemmas))
    assert run_check("confounds", constant).verdict == "cannot be run here"


@pytest.mark.parametrize("changes", [{}, {"test": "paired", "unit": "word", "leading_space": False, "prefix": False}])
def test_it_is_the_same_every_time_plain_and_drawn(subject, changes):
    finding = check(subject(375, **changes))
    assert finding == check(subject(375, **changes))
    numbers = json.loads(json.dumps(finding.to_plain(), allow_nan=False))["figures"]
    assert numbers == finding.numbers
    assert any("capital letter" in note for note in numbers["notes"])
    go.Figure(picture_of("confounds", numbers))


def test_it_can_be_cancelled(subject):
    def stop(share, sentence):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("confounds", subject(120), stop)


def test_a_sign_that_turns_does_not_hold(subject):
    """Raw, the own class is lower, as most of its words end in -ed or -ing; among words with like ends it is higher."""
    one = subject(375)  # higher for the baseline, verbs
    words, rng = one.result.words, np.random.default_rng(0)
    ends = [np.array([float(w.endswith(("ed", "ing"))) for w in side]) for side in (words.target, words.baseline)]
    values = [-4 * its + 0.3 * rng.standard_normal(len(its)) for its in ends]
    finding = check(with_values(one, values[0], values[1] + 1))
    assert finding.numbers["raw"] < 0 < finding.interval[0]
    assert finding.verdict == "does not hold"
