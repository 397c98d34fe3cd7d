"""Contexts in running text: the share of the top, against a naive count; planted and shuffled neurons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from core.activations import TokenColumn, values_at_tokens
from core.errors import UserError
from core.evidence import top_contexts
from core.evidence.token_text import NEITHER, OTHER, OWN, token_text
from core.report.figures.evidence import picture_of
from core.stats.top_share import top_share
from core.words import Prose, bundled_prose

PIECES = bundled_prose()[::25]


@pytest.fixture
def short_prose(monkeypatch):
    monkeypatch.setattr(top_contexts, "bundled_prose", lambda: PIECES)


def planted(monkeypatch, value_of) -> None:
    """Replace the model's values: ``value_of(form, rng)`` for each token, by the word that it is in."""

    def read(lm, texts, layer, neuron, **how):
        columns, rng = [], np.random.default_rng(1)
        for text in texts:
            spans = [(i, i + len(word)) for word, i in words_of(text)]
            values = np.array([value_of(text[a:b].casefold(), rng) for a, b in spans], np.float32)
            columns.append(TokenColumn(spans, values, np.zeros(len(spans), int)))
        return columns

    monkeypatch.setattr(top_contexts, "values_at_tokens", read)


def words_of(text: str):
    at = 0
    for word in text.split():
        at = text.index(word, at)
        bare = word.strip('.,;:!?"()')
        if bare:
            yield bare, text.index(bare, at)


def test_a_planted_neuron_holds_and_chance_does_not(monkeypatch, subject_of, short_prose) -> None:
    subject = subject_of(120)
    own, other = top_contexts._forms(subject)
    planted(monkeypatch, lambda form, rng: float(rng.normal() + 6 * (form in own)))
    assert top_contexts.check(subject).verdict == "holds"
    planted(monkeypatch, lambda form, rng: float(rng.normal()))
    by_chance = top_contexts.check(subject)
    assert by_chance.verdict == "does not hold"
    assert by_chance.value == pytest.approx(0.5, abs=0.15)
    planted(monkeypatch, lambda form, rng: float(rng.normal() + 9 * (form not in own | other)))
    assert top_contexts.check(subject).verdict == "unclear"  # the top has hardly a word of the lists


def test_the_real_neuron_and_a_naive_count(subject_of, short_prose) -> None:
    subject = subject_of(375)  # a verb neuron: higher for the baseline
    finding = top_contexts.check(subject)
    assert finding.verdict == "holds"
    columns = values_at_tokens(subject.lm, [p.text for p in PIECES], 3, 375, prefix=True)
    values = np.concatenate([column.values for column in columns])
    words = subject.result.words
    verbs, nouns = ({w.casefold() for w in one.words} for one in (words.baseline_list, words.target_list))
    forms = [
        next((w.strip('.,;:!?"()') for w, first, last in spans if first <= end - 1 < last), "").casefold()
        for piece, column in zip(PIECES, columns, strict=True)
        for spans in [[(w, i, i + len(w)) for w, i in words_of(piece.text)]]
        for _, end in column.spans
    ]
    top = values >= np.quantile(values, 0.95)
    r1, r2 = (
        np.mean([t for t, f in zip(top, forms, strict=True) if f in a - b]) for a, b in ((verbs, nouns), (nouns, verbs))
    )
    assert finding.value == pytest.approx(r1 / (r1 + r2), abs=0.01)  # words with hyphens are cut otherwise here
    numbers = finding.numbers
    assert numbers["n_tokens"] == len(values) == numbers["all_own"] + numbers["all_other"] + numbers["all_neither"]
    assert numbers["contexts"][0]["value"] == pytest.approx(values.max())
    quantiles = [context["quantile"] for context in numbers["contexts"]]
    assert quantiles == sorted(quantiles, reverse=True) and set(np.round(quantiles, 1)) == set(np.arange(11) / 10)
    for context in (one for one in numbers["contexts"] if 0 < one["quantile"] < 1):
        assert context["value"] == pytest.approx(np.quantile(values, context["quantile"]), abs=0.35)
    kinds = {context["class"] for context in numbers["counterexamples"]}
    assert kinds == {"tagged NOUN", "tagged VERB", "on the list of nouns", "on the list of verbs"}
    highest_nouns = [c["value"] for c in numbers["counterexamples"] if c["class"] == "tagged NOUN"]
    assert highest_nouns == sorted(highest_nouns, reverse=True) and len(highest_nouns) == 8
    gold = subject.read_gold(lambda *_: None)
    assert highest_nouns[0] == pytest.approx(gold.at("pre-activation")[gold.tags == "NOUN", 375].max())
    go.Figure(picture_of("top_contexts", numbers))


def test_tokens_take_the_class_of_their_word() -> None:
    piece = Prose("a.txt", "a", "Onions, and walk-on well")
    spans = [(0, 2), (2, 6), (6, 7), (7, 11), (11, 16), (16, 17), (17, 19), (19, 24), (24, 24)]
    column = TokenColumn(spans, np.arange(9, dtype=np.float32), np.zeros(9, int))
    text = token_text([piece], [column], (frozenset({"onions"}), frozenset({"well", "walk"})))
    assert text.kind.tolist() == [OWN, OWN, NEITHER, NEITHER, NEITHER, NEITHER, NEITHER, OTHER, NEITHER]
    context = text.context(1)
    assert (context["before"], context["token"], context["after"]) == ("On", "ions", ", and walk-on well")
    assert text.of_different_words([8, 7, 7, 0, 1], 3) == [8, 7, 0]


def test_the_share_of_the_top_by_hand_and_its_interval() -> None:
    rng = np.random.default_rng(0)
    own = np.arange(4_000) % 2 == 0
    top = rng.random(4_000) < np.where(own, 0.3, 0.1)
    share, low, high = top_share(top, own, ~own, np.arange(4_000), seed=0)
    r1, r2 = top[own].mean(), top[~own].mean()
    assert share == pytest.approx(r1 / (r1 + r2))
    # the delta method: d log(r1 / r2) has the variance (1 - r1) / (n r1) + (1 - r2) / (n r2)
    se = share * (1 - share) * np.sqrt((1 - r1) / (2_000 * r1) + (1 - r2) / (2_000 * r2))
    assert (high - low) / (2 * 1.96) == pytest.approx(se, rel=0.1)
    assert np.isnan(top_share(np.zeros(4, bool), own[:4], ~own[:4], np.arange(4), seed=0)).all()


def test_a_neuron_with_one_value_at_most_tokens_has_no_top(monkeypatch, subject_of, short_prose) -> None:
    """A rectified neuron is 0 at most tokens: then 0 is its 95% quantile, and all tokens are "at least" that."""
    subject = subject_of(120)
    own, _ = top_contexts._forms(subject)
    planted(monkeypatch, lambda form, rng: max(0.0, rng.normal() + 4) if form in own and rng.random() < 0.2 else 0.0)
    finding = top_contexts.check(subject)
    numbers = finding.numbers
    above = numbers["top_own"] + numbers["top_other"] + numbers["top_neither"]
    assert 0 < above < 0.05 * numbers["n_tokens"] and above == numbers["top_own"]
    assert numbers["tied"] == numbers["n_tokens"] - above  # those that are 0
    assert finding.verdict == "unclear" and "has one value at" in finding.sentence
    go.Figure(picture_of("top_contexts", numbers))
    planted(monkeypatch, lambda form, rng: 1.5)
    constant = top_contexts.check(subject)
    assert constant.verdict == "unclear" and "has one value at 100% of tokens" in constant.sentence
    assert constant.value is None or np.isnan(constant.value)


def test_a_few_ties_at_the_cut_are_in_the_top(monkeypatch, subject_of, short_prose) -> None:
    """Of tokens that have one of 16 values (6.25% each), the highest value is the top, though it is more than 5%."""
    planted(monkeypatch, lambda form, rng: float(rng.integers(16)))
    numbers = top_contexts.check(subject_of(120)).numbers
    top = numbers["top_own"] + numbers["top_other"] + numbers["top_neither"]
    assert top == numbers["tied"] and 0.05 < top / numbers["n_tokens"] < 0.08


def test_without_a_tagged_text_the_counterexamples_are_those_of_the_lists(subject_of, short_prose) -> None:
    def too_large(watch):
        raise UserError("The tagged text has 25,147 words; this server has memory for 20,833.")

    finding = top_contexts.check(replace(subject_of(120), read_gold=too_large))
    assert finding.verdict == "holds"
    assert {one["class"] for one in finding.numbers["counterexamples"]} == {
        "on the list of nouns",
        "on the list of verbs",
    }
    [note] = finding.numbers["notes"]
    assert "25,147 words" in note

    def busy(watch):
        raise UserError("The server is busy.", about="busy")

    with pytest.raises(UserError, match="busy"):  # another try may read it
        top_contexts.check(replace(subject_of(120), read_gold=busy))


def test_custom_lists_are_named_as_the_pages_name_them(subject_of, short_prose) -> None:
    words = subject_of(120).result.words
    lists = {"target_words": words.target[:60], "baseline_words": words.baseline[:60]}
    finding = top_contexts.check(subject_of(120, target="custom", baseline="custom", **lists))
    classes = {one["class"] for one in finding.numbers["counterexamples"]}
    assert classes == {"on the list of target words", "on the list of baseline words"}
    assert "on that of target words" in finding.sentence and "custom" not in finding.sentence
    assert "list of one's own" in finding.numbers["notes"][0]


def test_a_possessive_and_combining_accents_are_read_as_in_the_score_of_a_text() -> None:
    piece = Prose("a.txt", "a", "the dog's cafe\u0301 and cafe")
    spans = [(4, 7), (7, 9), (9, 15), (19, 24)]
    column = TokenColumn(spans, np.arange(4, dtype=np.float32), np.zeros(4, int))
    text = token_text([piece], [column], (frozenset({"dog", "cafe"}), frozenset({"go"})))
    assert text.kind.tolist() == [OWN, NEITHER, NEITHER, OWN]
