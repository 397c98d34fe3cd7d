"""core.quiz: how rounds are drawn, matched and hidden, against plain loops; on the bundled model."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from core.quiz import (
    Shown,
    colour_steps,
    draw_pair,
    draw_text,
    kinds_in,
    quiz_passages,
    reveal_text,
    says_as_class,
    scores,
    strong_of_each,
    text_round,
    usable_passages,
    value_at,
)
from core.records import ContrastSpec
from core.records.quiz import QuizAnswer
from core.stats.look_alikes import look_alikes
from core.words.minimal_pairs import minimal_pairs
from engine.pipeline import Request, resolve
from engine.quiz_steps import phrases

SPEC = ContrastSpec.careful(layer=3, n_target=200, n_baseline=200)


@pytest.fixture(scope="module")
def result():
    return run_contrast(SPEC, load_model("bundled"))


@pytest.fixture(scope="module")
def read():
    """The values of a passage's tokens, by its place."""
    found = {}

    def of(place):
        if place not in found:
            text = quiz_passages()[place].text
            found[place] = token_activations(load_model("bundled"), text, SPEC.layer, prefix=SPEC.prefix)
        return found[place]

    return of


def test_colours_vs_a_plain_loop():
    rng = np.random.default_rng(1)
    values = rng.normal(size=57)
    values[10] = np.nan
    expected = [0] * 57
    order = sorted((place for place in range(57) if place != 10), key=lambda place: values[place])
    for rank, place in enumerate(order):
        tenth = int((rank + 0.5) / 56 * 10)  # 0 to 9
        expected[place] = max(0, tenth - 4)
    assert colour_steps(values).tolist() == expected
    # No unit, mean or spread changes a colour, and equal values have one colour.
    assert (colour_steps(5 - 0.01 * -values) == colour_steps(values)).all()
    assert set(colour_steps(np.ones(20)).tolist()) == {1} and colour_steps(np.full(3, np.nan)).tolist() == [0, 0, 0]


def test_nothing_comes_again_while_there_is_something_new(result):
    shown, rng, places = Shown(), np.random.default_rng(0), usable_passages(result)
    assert all(min(kinds_in(result, quiz_passages()[place]).n_of_each) >= 10 for place in places)
    drawn = [draw_text(result, places, shown, rng) for _ in range(200)]
    assert len({plan.passage for plan in drawn[: len(places)]}) == len(places) > 20
    times = Counter(plan.neuron for plan in drawn)
    for neurons in strong_of_each(result):
        assert max(times[each] for each in neurons) - min(times[each] for each in neurons) <= 1
    # The class and the order are as often one as the other: 200 draws of a coin, and six standard errors.
    for side in ([plan.first for plan in drawn], [result.favours_target(plan.neuron) for plan in drawn]):
        assert 0.29 < np.mean(side) < 0.71


def test_a_seed_draws_the_same_rounds(result):
    places = usable_passages(result)
    one, same, other = (
        [draw_text(result, places, shown, np.random.default_rng(seed)) for shown in [Shown()] * 5] for seed in (4, 4, 5)
    )
    assert one == same != other


def test_the_matched_neuron_is_one_of_the_five_nearest_that_hardly_differ(result, read):
    rng, shown = np.random.default_rng(2), Shown()
    for _ in range(6):
        plan = draw_text(result, usable_passages(result)[:2], shown, rng)
        found = read(plan.passage)
        quiz = text_round(result, found, plan, shown, rng)
        assert quiz.neuron == plan.neuron and result.strong[quiz.neuron] and not result.strong[quiz.other]
        assert abs(result.tests.auc[quiz.other] - 0.5) <= 0.1
        # The value of each word, by a loop over the characters of tokens.
        ends = np.cumsum([len(piece) for piece in found.pieces])
        starts = ends - [len(piece) for piece in found.pieces]
        values = np.array(
            [found.values[(starts < end) & (ends > start)].mean(axis=0, dtype=np.float64) for start, end in quiz.spans]
        )
        allowed = [
            neuron
            for neuron in range(result.n_neurons)
            if not result.strong[neuron] and abs(result.tests.auc[neuron] - 0.5) <= 0.1
        ]
        nearest, distances = look_alikes(values, plan.neuron, np.array(allowed), 5)
        assert quiz.other in nearest
        assert quiz.distance == pytest.approx(distances[nearest.tolist().index(quiz.other)], abs=1e-6)
        # Both texts have as many words of each colour; which is which follows from the order alone.
        assert Counter(quiz.steps[0].tolist()) == Counter(quiz.steps[1].tolist())
        mine = quiz.steps[0 if plan.first else 1]
        assert (mine == colour_steps(values[:, plan.neuron])).mean() > 0.95  # but for rounding at the edges


def test_what_is_revealed_vs_a_count_of_pairs(result, read):
    rng, shown = np.random.default_rng(6), Shown()
    plan = draw_text(result, usable_passages(result)[:2], shown, rng)
    found, passage = read(plan.passage), quiz_passages()[plan.passage]
    quiz = text_round(result, found, plan, shown, rng)
    kinds = kinds_in(result, passage)
    own, other = ("NOUN", "VERB") if result.favours_target(plan.neuron) else ("VERB", "NOUN")
    ends = np.cumsum([len(piece) for piece in found.pieces])
    starts = ends - [len(piece) for piece in found.pieces]
    for seen in reveal_text(result, found, kinds, quiz):
        values = {tag: [] for tag in (own, other)}
        for word in passage.words:
            if word.upos in values:
                tokens = (starts < word.end) & (ends > word.start)
                values[word.upos].append(found.values[tokens, seen.neuron].mean(dtype=np.float64))
        wins = sum(one > two for one in values[own] for two in values[other])
        auc, low, high = seen.in_text
        assert auc == pytest.approx(wins / (len(values[own]) * len(values[other])), abs=1e-9)
        assert low <= auc <= high
        on_words = result.tests.auc[seen.neuron]
        assert seen.on_words[0] == pytest.approx(on_words if own == "NOUN" else 1 - on_words)
        assert seen.on_words[1] < seen.on_words[0] < seen.on_words[2]


def test_without_tags_words_count_by_the_lists():
    spec = ContrastSpec.careful(layer=2, target="singular-nouns", baseline="plural-nouns", n_target=60, n_baseline=60)
    found = run_contrast(spec, load_model("bundled"))
    places = usable_passages(found)
    kinds = kinds_in(found, quiz_passages()[places[0]])
    assert not kinds.by_tag and kinds.names == ("singular nouns", "plural nouns") and len(places) >= 10
    lists = (found.words.target_list.words, found.words.baseline_list.words)
    for word, is_target in zip(kinds.words, kinds.in_target, strict=True):
        assert word.form.lower() in lists[0 if is_target else 1]


def test_pairs_are_read_at_their_last_word_and_counted_by_hand(result):
    values = resolve(phrases, Request(SPEC))
    assert values.shape == (len(minimal_pairs()), 2, 512)
    lm = load_model("bundled")
    for place in (0, 20, 59):
        pair = minimal_pairs()[place]
        for column, context in enumerate((pair.nouns[0], pair.verbs[0])):
            found = token_activations(lm, context.sentence, SPEC.layer, prefix=SPEC.prefix)
            tokens = np.cumsum([len(piece) for piece in found.pieces]) > context.start
            np.testing.assert_allclose(values[place, column], found.values[tokens].mean(axis=0), atol=1e-5)
    shown, rng = Shown(), np.random.default_rng(0)
    plans = [draw_pair(result, values, shown, rng) for _ in range(60)]
    assert len({plan.pair for plan in plans}) == 60
    plan = plans[0]
    noun, verb = values[plan.pair, :, plan.neuron]
    assert value_at(values, plan) == ((noun, verb) if plan.noun_first else (verb, noun))
    higher = sum(row[0] > row[1] for row in values[:, :, plan.neuron].tolist())
    assert says_as_class(values, plan.neuron, True)[:2] == (higher, 60)
    assert says_as_class(values, plan.neuron, False)[:2] == (60 - higher, 60)


def test_equal_values_are_no_pair(result):
    values = np.zeros((3, 2, 512))
    assert draw_pair(result, values, Shown(), np.random.default_rng(0)) is None
    values[1, 0] = 1.0
    assert {draw_pair(result, values, Shown(), np.random.default_rng(seed)).pair for seed in range(5)} == {1}


def test_no_strong_neuron_is_nothing_to_draw(result):
    none = run_contrast(SPEC.changed(shuffle_labels=True), load_model("bundled"))
    assert strong_of_each(none) == ([], [])
    with pytest.raises(ValueError, match="no neuron of layer 3 is strong"):
        draw_text(none, (0,), Shown(), np.random.default_rng(0))


def test_scores_count_each_kind_alone():
    answers = [
        QuizAnswer(kind, 3, 1, right, "2026-03-01T10:00:00+00:00")
        for kind, right in (("which", True), ("which", False), ("pair", True))
    ]
    assert {kind: score[:2] for kind, score in scores(answers).items()} == {
        "which": (1, 2),
        "class": (0, 0),
        "pair": (1, 1),
    }
