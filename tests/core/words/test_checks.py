"""The checks that every word list passes."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.records import WORD_CLASSES
from core.words.checks import check_word_class, parse_lines, split_lines, unprintable_character


def test_parse_lines_strips_and_skips_blank_lines() -> None:
    assert parse_lines("\ufefftime\r\n\r\n j. \n\ta.\rway\n\n") == ("time", "j.", "a.", "way")
    assert parse_lines("") == ()
    assert parse_lines("a\x0cb\u2028c") == ("a\x0cb\u2028c",)


def test_parse_lines_makes_no_word_of_the_last_newline() -> None:
    text = "word\n" * 10_000
    assert len(text.split("\n")) == 10_001  # the trap
    assert len(parse_lines(text)) == 10_000


def test_split_lines_keeps_blanks_and_breaks_at_newlines_only() -> None:
    assert split_lines("\ufeff a \r\nb\rc\nd\x0ce") == [" a ", "b", "c", "d\x0ce"]


@pytest.mark.parametrize(
    "char", ["\0", "\x1b", "\t", "\x0c", "\u2028", "\u2029", "\ud800", "\u200b", "\u2060", "\ufeff"]
)
def test_unprintable_character_finds_the_first(char: str) -> None:
    assert unprintable_character(f"wo{char}rd\0") == char


def test_unprintable_character_finds_none_in_words_of_any_script() -> None:
    assert unprintable_character("ice cream Zürich don't 言葉 🙂") is None


def test_check_word_class() -> None:
    for word_class in WORD_CLASSES:
        check_word_class(word_class)
    with pytest.raises(UserError, match="no word class 'noun'; allowed are nouns, verbs, adjectives"):
        check_word_class("noun")
