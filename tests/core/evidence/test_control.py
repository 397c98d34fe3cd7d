"""A control with shuffled labels has no word classes, so no check can speak of a part of speech."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.evidence.subject import read_subject
from core.records import ContrastSpec


def test_no_part_of_speech_stands_for_a_shuffled_group() -> None:
    control = ContrastSpec.careful(layer=3, n_target=30, n_baseline=30, family="layer", shuffle_labels=True)
    subject = read_subject(control, 120)
    assert {subject.own, subject.other} == {"shuffled A", "shuffled B"}
    for name in (subject.own, control.target):
        with pytest.raises(UserError, match="The labels are shuffled, so no part of speech"):
            subject.tags(name)
    true = read_subject(control.changed(shuffle_labels=False), 120)
    assert (true.own, true.tags(true.own)) == ("nouns", ("NOUN",))
