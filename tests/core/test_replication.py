"""A class's words: no two seats share any, all seats have equally frequent ones, and every computer deals the same."""

import hashlib
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import kruskal

from core.activations import read_words
from core.comparison import compare_neurons, measure_effects
from core.errors import UserError
from core.models import load_model
from core.records import ContrastSpec
from core.records.replication import KEY_FIELDS, Study, checked_seat
from core.replication import deal, measure, seat_spec
from core.words import bundled_list, choose_words

NOUNS = Study(ContrastSpec.careful(n_target=12, n_baseline=12), neuron=40)


def _study(**changes):
    return replace(NOUNS, spec=NOUNS.spec.changed(**changes))


def _parts(lines):
    parts = [line.partition("\t") for line in lines]
    words, lemmas = [word for word, _, _ in parts], [lemma or word for word, _, lemma in parts]
    return [word.casefold() for word in words], [lemma.casefold() for lemma in lemmas]


@pytest.mark.parametrize(
    ("study", "by_pairs", "n_seats"),
    [
        (NOUNS, False, 64),
        (_study(target="singular-nouns", baseline="plural-nouns"), True, 15),
        (_study(target="past-verbs", baseline="present-verbs", n_target=8, n_baseline=8), True, 19),
        (_study(target="adjectives", baseline="adverbs", n_target=7, n_baseline=7), False, 84),
    ],
)
def test_no_two_seats_share_a_word_or_a_lemma(study, by_pairs, n_seats):
    dealt = deal(study.spec, "LING-101")
    assert (dealt.by_pairs, dealt.n_seats) == (by_pairs, n_seats)
    seen = {}
    for seat in range(n_seats):
        hands = [_parts(side[seat]) for side in (dealt.target, dealt.baseline)]
        assert all(len(set(words)) == len(set(lemmas)) == study.n_words for words, lemmas in hands)
        its_words, its_lemmas = (set(hands[0][i]) | set(hands[1][i]) for i in (0, 1))
        assert len(its_words) == 2 * study.n_words
        if by_pairs:
            assert hands[0][1] == hands[1][1]
        for kind, its in (("word", its_words), ("lemma", its_lemmas)):
            assert not [(seen[kind, text], seat) for text in its if (kind, text) in seen]
            seen |= {(kind, text): seat for text in its}


def test_each_word_is_the_first_form_of_its_lemma_in_the_list():
    verbs = bundled_list("verbs")
    first = {}
    for word, lemma in zip(verbs.words, verbs.lemmas, strict=True):
        first.setdefault(lemma, word)
    for lines in deal(NOUNS.spec, "meadow").baseline:
        assert all(first[lemma] == word for word, lemma in zip(*_parts(lines), strict=True))


def test_frequent_and_rare_words_are_spread_evenly():
    """Of seats that are dealt at random, one would differ in frequency; of these, none does by more than a part."""
    ranks = {word: rank for rank, word in enumerate(bundled_list("nouns").words)}
    dealt = deal(NOUNS.spec, "LING-101")
    by_seat = np.array([[ranks[word] for word in _parts(lines)[0]] for lines in dealt.target])  # [seats, parts]
    assert (np.diff(by_seat, axis=1) > 0).all()  # a word of each part, from frequent to rare
    assert (by_seat.max(axis=0)[:-1] < by_seat.min(axis=0)[1:]).all()  # and the parts do not overlap
    assert kruskal(*by_seat).pvalue > 0.999
    assert by_seat.mean(axis=1).std() < 25  # of 12 words at random: the standard deviation of ranks / sqrt(12)
    assert by_seat.std() / np.sqrt(12) > 75


def test_the_same_on_every_computer_and_other_words_for_another_code():
    """A digest that was written down: a change of it is a change of what each seat of a running class measures."""
    dealt = deal(NOUNS.spec, " ling-101 ")
    assert dealt == deal(NOUNS.spec, "LING-101")
    lines = "\n".join("|".join(hand) for side in (dealt.target, dealt.baseline) for hand in side)
    assert hashlib.sha256(lines.encode()).hexdigest()[:16] == "400aad4a5363f7a8"
    other = deal(NOUNS.spec, "LING-102")
    assert other.pool == dealt.pool and other.target[0] != dealt.target[0]
    same_place = np.mean([a == b for a, b in zip(sum(dealt.target, ()), sum(other.target, ()), strict=True)])
    assert same_place < 0.05  # 1 in 64 by chance


def test_other_lists_are_another_pool_and_another_study():
    fewer = deal(_study(target="custom", target_words=bundled_list("nouns").words[:200]).spec, "meadow")
    assert fewer.n_seats < 64 and fewer.pool != deal(NOUNS.spec, "meadow").pool
    changes = ({"layer": 1}, {"hook_side": "activation"}, {"unit": "word"}, {"n_target": 13, "n_baseline": 13})
    keys = {_study(**each).key("p", "r") for each in ({}, *changes)}
    keys |= {replace(NOUNS, neuron=41).key("p", "r"), NOUNS.key("q", "r"), NOUNS.key("p", "s")}
    assert len(keys) == 8
    # A field that the spec gets must be named as one that changes what is measured, or here as one that does not.
    without = {"seed", "correction", "family", "alpha", "target_name", "baseline_name"}
    assert {each.name for each in fields(ContrastSpec)} == {*KEY_FIELDS} | without and len({*KEY_FIELDS} & without) == 0
    # Written down: a change of it takes every board that is in use from its class.
    assert NOUNS.key("p", "r") == "3edf8f819bd8455f-3-40"
    assert NOUNS.key("p", "r") == _study(alpha=0.2, correction="bonferroni", family="layer", seed=4).key("p", "r")


def test_a_seat_is_an_ordinary_experiment():
    dealt = deal(NOUNS.spec, "LING-101")
    seat = 1 + next(at for at, lines in enumerate(dealt.target) if "teeth\ttooth" in lines)
    spec = seat_spec(NOUNS, dealt, seat)
    words = choose_words(spec)
    assert spec.class_names == (f"nouns, seat {seat}", f"verbs, seat {seat}")
    assert (len(words.target), len(words.baseline)) == (12, 12)
    assert "tooth" in words.target_lemmas and "teeth" in words.target  # a lemma of the list, not of a rule


def test_the_effect_is_that_of_the_ordinary_pipeline():
    lm = load_model("bundled")
    for changes in ({}, {"test": "paired", "unit": "word"}, {"hook_side": "activation", "test": "mannwhitney"}):
        study = _study(**changes)
        spec = seat_spec(study, deal(study.spec, "LING-101"), 3)
        read = read_words(lm, choose_words(spec), spec, [spec.layer])
        found, sizes = measure(spec, read, 40), measure_effects(spec, read)[0]
        assert found.g == sizes.hedges_g[40] and found.auc == compare_neurons(spec, read).auc[0, 40]
        half = (sizes.hedges_g_high[40] - sizes.hedges_g_low[40]) / 2
        assert 1.96 * found.variance**0.5 < half < 2.3 * found.variance**0.5  # Student's t there
        assert (found.seat, found.n_target, found.n_baseline) == (0, 12, 12)


def test_mistakes_get_a_sentence():
    lm, spec = load_model("bundled"), seat_spec(NOUNS, deal(NOUNS.spec, "LING-101"), 3)
    read = read_words(lm, choose_words(spec), spec, [spec.layer])
    with pytest.raises(UserError, match="Neuron 512 was asked for; a layer of this model has 0 to 511"):
        measure(spec, read, 512)
    read.target_sides.pre_activation[..., 5] = read.baseline_sides.pre_activation[..., 5] = 1.0
    with pytest.raises(UserError, match="does not vary over the words of this seat"):
        measure(spec, read, 5)
    with pytest.raises(UserError, match="these lists have words for 64 seats, so 1 to 64 are allowed"):
        seat_spec(NOUNS, deal(NOUNS.spec, "meadow"), 65)
    with pytest.raises(UserError, match="the lists have 88 custom words and 782 verbs"):
        few = tuple(bundled_list("nouns").words[:100])
        deal(_study(target="custom", target_words=few, n_target=120, n_baseline=120).spec, "meadow")
    for seat in (0, -1, True, "7", None, 7.0):
        with pytest.raises(UserError, match="1 to 64 are"):
            checked_seat(seat, 64)
    for n in (4, 201):
        with pytest.raises(UserError, match="5 to 200, equally many, are allowed"):
            _study(n_target=n, n_baseline=n)
