"""Parse and check a user's own words."""

from __future__ import annotations

from collections.abc import Collection

from core.errors import UserError
from core.records import WordList
from core.words import custom_list
from core.words.entries import written
from core.words.lists import words_as_given
from engine.limits import check_list, limits


def read_list(side: str, text: str, as_given: Collection[str] = ()) -> WordList:
    """The list in the text box of a class. Texts that a link or a file has given are read as they are, until edited."""
    check_list(text, f"custom {side} list")
    if text in as_given:
        return words_as_given(text.split("\n"), f"custom {side} list")
    return custom_list(text, f"custom {side} list")


def custom_words(side: str, text: str, as_given: Collection[str] = ()) -> tuple[str, ...]:
    """The lines of the text box of a class: a word each, with its lemma after a tab if the user gave one.

    UserError if there are too few or too many, or if they are not words.
    """
    most = limits().max_words
    if not text.strip():
        raise UserError(f"The custom {side} list is empty: give at least 2 words, one a line.")
    own = read_list(side, text, as_given)
    words = written(own.words, own.lemmas)
    if len(words) < 2:
        raise UserError(f"The custom {side} list has 1 word; at least 2 are needed.")
    if len(words) > most:
        raise UserError(f"The custom {side} list has {len(words):,} words; this server allows {most:,}.")
    return words


def words_in(side: str, text: str, as_given: Collection[str] = ()) -> tuple[str, ...]:
    """The custom words of a text; none if they are not valid. The sidebar shows the mistake."""
    try:
        return custom_words(side, text, as_given)
    except UserError:
        return ()
