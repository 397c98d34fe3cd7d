"""What a browser gives back of a quiz is checked, one answer at a time."""

from __future__ import annotations

import json

import pytest

from core.records.quiz import MOST_ANSWERS, QuizAnswer, answers_of, kept_answers

GOOD = QuizAnswer("which", 3, 120, True, "2026-03-01T10:00:00.000+00:00")


def test_answers_come_back_as_they_were_the_earliest_first():
    later = QuizAnswer("class", 0, 7, False, "2026-03-02T10:00:00.000+00:00")
    kept = json.loads(json.dumps(kept_answers([later, GOOD])))
    assert answers_of(kept) == (GOOD, later)


def test_only_the_newest_are_kept():
    many = [QuizAnswer("pair", 1, 2, True, f"2026-03-01T{n // 60:02}:{n % 60:02}:00+00:00") for n in range(400)]
    assert answers_of(kept_answers(many)) == tuple(many[-MOST_ANSWERS:])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "all"},
        {"kind": ["which"]},
        {"layer": -1},
        {"layer": True},
        {"neuron": 1.0},
        {"neuron": 10**10},
        {"neuron": "<b>7</b>"},
        {"right": 1},
        {"right": None},
        {"at": "yesterday"},
        {"at": "2026-03-01T10:00:00"},
        {"at": 5},
        {"at": "2026-03-01T10:00:00+00:00" + " " * 100},
        {"more": 1},
    ],
    ids=str,
)
def test_a_forged_answer_is_left_out(change):
    forged = {**next(iter(kept_answers([GOOD]).values())), **change}
    assert answers_of({"a": forged, **kept_answers([GOOD])}) == (GOOD,)


@pytest.mark.parametrize("kept", [None, [], "rounds", {"a": None}, {"rounds": [[]]}, {1: {2: 3}}], ids=str)
def test_whatever_has_another_form_is_no_answer(kept):
    assert answers_of(kept) == ()
