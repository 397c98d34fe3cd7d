"""Contexts in running text: the share of the top, against a naive count; planted and shuffled neurons."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from core.activations import TokenColumn, values_at_tokens
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
