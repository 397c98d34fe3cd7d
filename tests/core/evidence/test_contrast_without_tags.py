"""Evidence for classes that no part of speech stands for: what needs tags says why there is none, the rest is run."""

from __future__ import annotations

import pytest

from core.evidence.checks import run_check
from core.evidence.subject import read_subject
from core.records import IMPOSSIBLE, ContrastSpec

SINGULAR = ContrastSpec.careful(
    layer=3, target="singular-nouns", baseline="plural-nouns", n_target=60, n_baseline=60, family="layer"
)
PRONOUNS = SINGULAR.changed(
    target="first-person-pronouns", baseline="third-person-pronouns", n_target=11, n_baseline=17
)
WHY = "No part of speech of a tagged text stands for {}: its tags, such as NOUN and VERB, say nothing of number, tense,"


@pytest.mark.parametrize(("spec", "name"), [(SINGULAR, "singular nouns"), (PRONOUNS, "first-person pronouns")])
@pytest.mark.parametrize("check", ["gold_text", "one_versus_rest", "untrained"])
def test_what_needs_tags_says_why_there_is_none(spec: ContrastSpec, name: str, check: str) -> None:
    found = run_check(check, read_subject(spec, 171))
    assert found.verdict == IMPOSSIBLE and found.sentence.startswith(WHY.format(name)), found.sentence


@pytest.mark.parametrize("check", ["both_sides", "multiplicity", "test_choice", "effect_size", "confounds", "held_out"])
def test_seven_and_thirteen_lemmas_have_an_answer_or_a_reason(check: str) -> None:
    """None is an error, and no sentence has a number that is not one."""
    found = run_check(check, read_subject(PRONOUNS, 350))
    assert found.sentence.endswith(".") and "nan" not in found.sentence.lower().split()
