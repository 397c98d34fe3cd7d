"""Held-out words by set arithmetic, the planned test by SciPy, and the AUC in text as the evidence has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from core.activations import word_activations
from core.errors import UserError
from core.experiment import choose_words, run_contrast
from core.models import load_model
from core.preregistration import gold_separation, held_out_spec, held_out_words, planned_test
from core.records import ContrastSpec, Finding, WordList, WordPair
from tests.support.made_registrations import SPEC, made_registration


def _read(words):
    return {*words.target_lemmas, *words.baseline_lemmas, *words.target, *words.baseline}


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        ContrastSpec(word_source="bundled", n_target=100, n_baseline=100),  # paired, by word
        ContrastSpec.careful(n_target=500, n_baseline=300),
        ContrastSpec.careful(target="adjectives", baseline="adverbs", n_target=60, n_baseline=90),
    ],
    ids=["small", "paired", "unequal", "adjectives"],
)
def test_no_word_and_no_lemma_that_was_read_is_held_out(spec):
    words = choose_words(spec)
    held = held_out_words(spec, words)
    for side, n in (("target", spec.n_target), ("baseline", spec.n_baseline)):
        new, lemmas = getattr(held, side), getattr(held, f"{side}_lemmas")
        assert not {*new, *lemmas} & _read(words)
        full = getattr(words, f"{side}_list")
        places = [full.words.index(word) for word in new]
        assert places == sorted(places) and 10 <= len(new) <= n
        assert [full.lemmas[place] for place in places] == list(lemmas)
    if spec.drop_shared:
        assert not set(held.target) & set(held.baseline)
    if spec.tested_by.paired:
        assert len(held.target) == len(held.baseline)
    again = choose_words(held_out_spec(spec, words))
    assert (again.target, again.baseline) == (held.target, held.baseline), "what the experiment of them reads"
    assert (again.target_lemmas, again.baseline_lemmas) == (held.target_lemmas, held.baseline_lemmas)


def test_held_out_words_worked_by_hand():
    """Three words are read of each list; lemmas of "Dogs" and "running" were read, and "tea" by the other."""
    nouns = ("dog", "day", "run", "Dogs", "tea", *(f"noun{i}" for i in range(12)))
    verbs = ("go", "tea", "see", "running", "day", *(f"verb{i}" for i in range(12)))
    lemmas = {"Dogs": "DOG", "running": "run"}
    lists = [
        WordList(name, words, "made", (), tuple(lemmas.get(word, word) for word in words))
        for name, words in (("nouns", nouns), ("verbs", verbs))
    ]
    spec = ContrastSpec.careful(n_target=11, n_baseline=12)
    pair = WordPair(nouns[:3], verbs[:3], *lists, (), (), nouns[:3], verbs[:3])
    held = held_out_words(spec, pair)
    assert held.target == tuple(f"noun{i}" for i in range(11)) and held.baseline == tuple(f"verb{i}" for i in range(12))
    with pytest.raises(UserError, match="The list of verbs has 9 more lemmas"):
        held_out_words(
            spec, replace(pair, baseline_list=replace(lists[1], words=verbs[:14], lemmas=lists[1].lemmas[:14]))
        )


@pytest.mark.parametrize(
    "spec, said",
    [
        (SPEC.changed(shuffle_labels=True), "The labels are shuffled"),
        (SPEC.changed(target="custom", target_words=("tea", "milk", "dog"), n_target=3), "is read as a whole"),
        (SPEC.changed(n_target=1_345), "The list of nouns has 0 more lemmas"),
    ],
)
def test_where_nothing_is_held_out_one_sentence_says_so(spec, said):
    with pytest.raises(UserError, match=said):
        held_out_words(spec, choose_words(spec))


@pytest.mark.parametrize("higher_for", ["target", "baseline"])
@pytest.mark.parametrize("test", ["welch", "mannwhitney"])
def test_the_planned_test_is_scipys(test, higher_for):
    spec, neuron = SPEC.changed(unit="word", test=test), 17
    lm, words = load_model("bundled"), choose_words(SPEC)
    held = held_out_words(spec, words)
    locked = made_registration(spec=spec, planned_test=test, higher_for=higher_for)
    found = planned_test(run_contrast(held_out_spec(locked.planned_spec, words), lm), locked)
    read = {"leading_space": True, "prefix": True, "layers": [spec.layer]}
    values = [word_activations(lm, each, **read)[0, :, neuron] for each in (held.target, held.baseline)]
    own, other = values if higher_for == "target" else values[::-1]
    if test == "welch":
        oracle = stats.ttest_ind(own.astype(np.float64), other.astype(np.float64), equal_var=False)
        assert found.statistic == pytest.approx(oracle.statistic, rel=1e-4)
        assert found.degrees_of_freedom == pytest.approx(oracle.df, rel=1e-4)
    else:
        oracle = stats.mannwhitneyu(own, other, method="asymptotic")
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-3)
    u = stats.mannwhitneyu(own, other).statistic
    assert found.auc == pytest.approx(u / (len(own) * len(other)), abs=1e-4)
    assert (found.n_higher, found.n_lower) == (len(own), len(other))
    assert found.auc_low <= found.auc <= found.auc_high


def test_the_auc_in_text_is_that_of_the_evidence_for_the_registered_class():
    """A neuron that is higher for verbs; what the check finds is tested with the check."""
    figures = {"own_tags": ["VERB"], "other_tags": ["NOUN"], "n_own": 30, "n_other": 40, "n_sentences": 9, "text": "ab"}
    finding = Finding("holds", "", "", value=0.8, interval=(0.7, 0.85), figures=figures)
    own, other = "baseline", "target"
    found = gold_separation(finding, made_registration(higher_for=own))
    assert (found.n_higher, found.n_lower, found.n_sentences) == (30, 40, 9)
    assert (found.auc, found.auc_low, found.auc_high) == (finding.value, *finding.interval)
    turned = gold_separation(finding, made_registration(higher_for=other))
    low, high = finding.interval
    assert (turned.auc, turned.auc_low, turned.auc_high) == pytest.approx((1 - finding.value, 1 - high, 1 - low))
    assert (turned.n_higher, turned.n_lower) == (found.n_lower, found.n_higher)
    with pytest.raises(UserError, match=r"nothing of this neuron\. Too few\."):
        gold_separation(Finding("cannot be run here", "", "Too few."), made_registration())
