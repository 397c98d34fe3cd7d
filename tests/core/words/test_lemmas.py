"""The lemma of each word: from its list, else by its class; a word of many classes keeps itself."""

from __future__ import annotations

import pytest

from core.records import WordList
from core.words import bundled_list, get_word_list
from core.words.lemmas import lemmas_of


def lemma(word: str, word_class: str) -> str:
    return lemmas_of(WordList(word_class, (word,), "here"))[0]


@pytest.mark.parametrize(
    ("word_class", "forms"),
    [
        ("nouns", "men:man children:child feet:foot companies:company wives:wife analyses:analysis news:news"),
        ("verbs", "went:go bought:buy is:be were:be has:have lying:lie stopped:stop made:make tries:try 's:be"),
        ("adjectives", "better:good nicer:nice happiest:happy worst:bad other:other israeli:israeli"),
        ("adverbs", "faster:fast kinda:kinda longtime:longtime quickly:quickly n't:n't"),
    ],
)
def test_irregular_regular_and_unchanged_forms_of_a_class(word_class: str, forms: str) -> None:
    for pair in forms.split():
        word, _, expected = pair.partition(":")
        assert lemma(word, word_class) == expected, word


def test_the_class_decides() -> None:
    assert [lemma("saw", name) for name in ("nouns", "verbs")] == ["saw", "see"]
    assert [lemma("felt", name) for name in ("nouns", "verbs")] == ["felt", "feel"]
    assert [lemma("meeting", name) for name in ("nouns", "verbs")] == ["meeting", "meet"]


def test_without_a_class_only_what_all_classes_agree_on() -> None:
    forms = {"mice": "mouse", "companies": "company", "went": "go"}
    unclear = ("saw", "leaves", "meeting", "left", "found")
    mine = WordList("my words", (*forms, *unclear), "custom list")
    assert lemmas_of(mine) == (*forms.values(), *unclear)
    for closed in ("pronouns", "determiners", "numbers"):
        assert lemma("saw", closed) == "saw" and lemma("these", closed) == "these"


def test_words_that_no_dictionary_has() -> None:
    """Rules for nouns and verbs, in English letters; else the word."""
    assert [lemma("blorfs", name) for name in ("nouns", "verbs")] == ["blorf", "blorf"]
    assert lemma("blorfed", "verbs") == "blorf"
    for word_class in ("adjectives", "adverbs", "my words"):
        assert lemma("blorfed", word_class) == "blorfed"
    for word in ("cafés", "naïvetés", "走る", "слова", "🙂"):
        assert lemma(word, "nouns") == word


def test_spaces_digits_and_upper_case() -> None:
    for word in ("ice creams", "3s", "1990s", "x2s"):
        assert lemma(word, "nouns") == word
    assert [lemma(word, "nouns") for word in ("Houses", "HOUSES", "houses")] == ["house"] * 3
    assert lemma("x-rays", "nouns") == "x-ray"


def test_the_lemmas_of_the_list_come_first() -> None:
    given = WordList("verbs", ("went", "Saw"), "here", lemmas=("move", "Saw"))
    assert lemmas_of(given) == given.lemmas


def test_a_file_may_give_lemmas(tmp_path) -> None:
    (tmp_path / "verbs.txt").write_text("went\tgoing\nsaw\n", encoding="utf-8")
    (tmp_path / "nouns.txt").write_text("mice\nsaw\n", encoding="utf-8")
    assert lemmas_of(get_word_list("verbs", tmp_path)) == ("going", "saw"), "a line without a lemma is its own"
    assert lemmas_of(get_word_list("nouns", tmp_path)) == ("mouse", "saw")


@pytest.mark.parametrize("word_class", ["nouns", "verbs", "adjectives", "adverbs"])
def test_the_bundled_lemmas_are_the_librarys_but_for_a_few(word_class: str) -> None:
    """Two sources of lemmas, one checked by eye: where they differ by more than 2%, one of them is wrong."""
    ours = bundled_list(word_class)
    theirs = lemmas_of(WordList(word_class, ours.words, "here"))
    differ = [(word, a, b) for word, a, b in zip(ours.words, ours.lemmas, theirs, strict=True) if a != b]
    assert len(differ) <= 0.02 * len(ours.words), differ
