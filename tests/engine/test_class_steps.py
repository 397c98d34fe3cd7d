"""Sixty seats of one class, through the engine: disjoint, all on the board, and pooled as by statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from core.records import ContrastSpec
from core.records.replication import SeatEffect, Study
from core.replication import seat_spec
from engine import board
from engine.class_steps import dealt, on_board, pooled, post, seat_effect
from engine.pipeline import Request, is_waiting, resolve
from engine.steps import conclusion, model_info
from engine.visitors import Visitor

CODE, SEATS = "meadow-7b", range(1, 61)
STUDY = Study(ContrastSpec.careful(layer=2, family="layer", n_target=6, n_baseline=6), neuron=40)


def test_sixty_seats_are_disjoint_on_the_board_and_pooled():
    hands = resolve(dealt, Request(STUDY.spec, code=CODE))
    key = STUDY.key(hands.pool, resolve(model_info, Request(STUDY.spec)).revision)
    words = []
    for seat in SEATS:
        spec = seat_spec(STUDY, hands, seat)
        words += [*spec.target_words, *spec.baseline_words]
        post(CODE, key, seat, resolve(seat_effect, Request(spec, marked=STUDY.neuron)))
    assert len(words) == len(set(words)) == 60 * 12
    post(CODE, STUDY.key(hands.pool, "another revision"), 1, resolve(seat_effect, Request(spec, marked=STUDY.neuron)))
    asked = Request(STUDY.spec, marked=STUDY.neuron, code=CODE)
    found = resolve(on_board, asked)
    assert [each.seat for each in found.effects] == list(SEATS) and found.n_elsewhere == 1
    g, variance = np.array([(each.g, each.variance) for each in found.effects]).T
    together, agreement = pooled(found.effects)
    theirs = combine_effects(g, np.full(60, variance.mean()), method_re="chi2")
    assert together.estimate == pytest.approx(theirs.mean_effect_re if theirs.tau2 > 0 else theirs.mean_effect_fe)
    assert together.q == pytest.approx(theirs.q)
    assert agreement.agree == np.sum(np.sign(g) == np.sign(together.estimate)) and agreement.n == 60
    # One seat again, by the ordinary result of its experiment: the same number.
    result = resolve(conclusion, Request(seat_spec(STUDY, hands, 60)))
    assert result.effect_sizes.hedges_g[40] == found.effects[-1].g
    assert result.tests.auc[40] == found.effects[-1].auc
    assert board.clear(CODE) == 61
    assert not resolve(on_board, asked).effects  # what this process writes is seen at once


def test_many_who_watch_ask_the_database_once_and_a_page_that_posts_leaves_its_place(monkeypatch):
    asked, visitor, seen = [], Visitor(), []
    monkeypatch.setattr(board, "effects", lambda *_: asked.append(1) or ())
    request = Request(STUDY.spec, marked=STUDY.neuron, code="harbour-9q")
    for _ in range(20):
        resolve(on_board, request)
    assert len(asked) <= 2  # a second may end between
    monkeypatch.setattr(board, "put", lambda *_: seen.append(is_waiting(visitor)))
    post(CODE, "0123abcd", 1, SeatEffect(0, 0.5, 0.04, 0.7, 6, 6), visitor)
    assert seen == [True] and not is_waiting(visitor)
