"""A control with shuffled labels has no word classes, so no check can speak of a part of speech."""

from __future__ import annotations

import re

import pytest

from core.errors import UserError
from core.evidence.checks import run_check
from core.evidence.subject import read_subject
from core.records import IMPOSSIBLE, ContrastSpec

CONTROL = ContrastSpec.careful(layer=3, n_target=30, n_baseline=30, family="layer", shuffle_labels=True)


def test_no_part_of_speech_stands_for_a_shuffled_group() -> None:
    control = CONTROL
    subject = read_subject(control, 120)
    assert not subject.has_tags
    assert {subject.own, subject.other} == {"shuffled A", "shuffled B"}
    for name in (subject.own, control.target):
        with pytest.raises(UserError, match="The labels are shuffled, so no part of speech"):
            subject.tags(name)
    true = read_subject(control.changed(shuffle_labels=False), 120)
    assert (true.own, true.tags(true.own)) == ("nouns", ("NOUN",))


@pytest.mark.parametrize("name", ["gold_text", "one_versus_rest", "ambiguous", "untrained"])
def test_a_check_that_needs_word_classes_says_why_it_cannot_be_run(name: str) -> None:
    found = run_check(name, read_subject(CONTROL, 120))
    assert found.verdict == IMPOSSIBLE
    assert "labels are shuffled" in found.sentence or "shuffled A" in found.sentence


@pytest.mark.parametrize("name", ["both_sides", "multiplicity", "held_out", "confounds", "effect_size"])
def test_other_checks_speak_of_the_groups(name: str) -> None:
    """And of no word class: a planted meaning would be wrong."""
    found = run_check(name, read_subject(CONTROL, 120))
    assert found.verdict != IMPOSSIBLE and not re.search(r"nouns|verbs|shuffled [ab]\b", found.sentence)
