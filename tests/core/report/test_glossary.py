"""One glossary: a sentence for each term. ``tests/test_methods.py`` compares its terms with docs/methods.md."""

from __future__ import annotations

import re

import pytest

from core.records import ALL_TESTS, HOOK_SIDES, TESTS
from core.report.glossary import GLOSSARY, SIDE_WORDS, TEST_NAMES, d_definition, statistic_name


@pytest.mark.parametrize("term", GLOSSARY)
def test_a_term_is_one_sentence(term: str) -> None:
    sentence = GLOSSARY[term]
    assert sentence[0].isupper() and sentence.endswith(".") and len(sentence) <= 200
    assert not re.search(r"[.!?] ", sentence), "one sentence"


def test_every_test_and_side_has_a_name() -> None:
    assert set(TEST_NAMES) == set(TESTS) and set(SIDE_WORDS) == set(HOOK_SIDES)
    for test in TESTS:
        assert GLOSSARY[statistic_name(test)] == ALL_TESTS[test].letter_means, "one letter, one meaning"
        assert d_definition(test) in GLOSSARY
