"""Passages of a tagged text, whose words keep their place; and the words of two lists in any text."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from core.records import GoldSentence, GoldText, GoldWord
from core.words import bundled_gold, listed_words, passages

GOLD = bundled_gold()


def sentence(text: str, document: str = "", genre: str = "") -> GoldSentence:
    """Each word of the text is a NOUN."""
    words = [GoldWord(found.group(), "", "NOUN", *found.span()) for found in re.finditer(r"\w+", text)]
    return GoldSentence(text, tuple(words), "", genre, document)


@pytest.mark.parametrize("most", [200, 1_500, 4_000, 10**6])
def test_every_word_is_in_one_passage_where_it_stands(most: int) -> None:
    found = passages(GOLD, most)
    alone = [
        word
        for each in GOLD.sentences
        for word in each.words
        if [(other.start, other.end) for other in each.words].count((word.start, word.end)) == 1
    ]
    words = [word for passage in found for word in passage.words]
    assert Counter((word.form, word.lemma, word.upos) for word in words) == Counter(
        (word.form, word.lemma, word.upos) for word in alone
    )
    assert sum(passage.n_sentences for passage in found) == len(GOLD.sentences)
    assert sum(len(passage.words) + passage.n_shared for passage in found) + len(GOLD.left_out) == GOLD.n_words
    assert len({passage.title for passage in found}) == len(found)
    for passage in found:
        assert len(passage.text) <= most
        assert all(passage.text[word.start : word.end] == word.form for word in passage.words)


def test_sentences_follow_each_other_as_in_a_text() -> None:
    text = GoldText(tuple(sentence(f"{name}.", name[0], "x") for name in ("a one", "a two", "b one")))
    (passage,) = passages(text, 1_000)
    assert passage.text == "a one. a two.\n\nb one." and passage.title == "X"


def test_a_long_text_is_cut_between_documents_where_it_can_be() -> None:
    text = GoldText(tuple(sentence("x" * 30, document) for document in "aabbbbbc"))
    found = passages(text, 100)
    assert [passage.n_sentences for passage in found] == [2, 3, 3]
    assert [passage.title for passage in found] == [f"Sentences, part {n} of 3" for n in (1, 2, 3)]
    (alone,) = passages(GoldText((sentence("x" * 300),)), 100)
    assert len(alone.text) == 300, "a sentence is not cut"


def test_genres_that_are_mixed_are_sorted_and_empty_sentences_left_out() -> None:
    text = GoldText(
        (
            sentence("One.", "d1", "news"),
            GoldSentence("Nobody tagged this.", (), "", "news", "d1"),
            sentence("Two.", "d2", "letters"),
            sentence("Three.", "d3", "news"),
        )
    )
    assert [(each.title, each.text) for each in passages(text, 100)] == [
        ("News", "One.\n\nThree."),
        ("Letters", "Two."),
    ]


# --- Words of two lists ---


def test_words_of_both_lists_or_of_none_do_not_count() -> None:
    text = "The WORK of a self-made dog: “dogs’ days”, don't bark. Barks\tWork!"
    words, in_target = listed_words(text, ["dog", "work", "self-made", "Days"], ["bark", "work", "don't", "barks"])
    assert [(text[w.start : w.end], here) for w, here in zip(words, in_target, strict=True)] == [
        ("self-made", True),
        ("dog", True),
        ("days", True),
        ("don't", False),
        ("bark", False),
        ("Barks", False),
    ]


def test_parts_of_words_and_no_words_are_not_found() -> None:
    assert listed_words("dogged underdog dog_food hot-dog doge\u0301", ["dog", "doge"], ["cat"]) == ([], [])
    assert listed_words("The dog’s", ["dog"], ["cat"]) == ([GoldWord("dog", "", "", 4, 7)], [True])
    assert listed_words(" \n.,", ["dog"], ["cat"]) == ([], [])
    assert [word.form for word in listed_words("İ ẞ straße", ["strasse", "ß"], ["x"])[0]] == ["ẞ", "straße"]
    assert [word.form for word in listed_words("STRASSE", ["straße"], ["x"])[0]] == ["STRASSE"]
