"""The lists that people write, the bundled ones, and what stands in for a download that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.records import WORD_CLASSES, WordList
from core.records.word_classes import BUNDLED_FOLDER, classes_in
from core.words import (
    Downloads,
    bundled_list,
    custom_list,
    get_word_list,
    lists,
    shared_words,
)
from core.words.download import download
from tests.support.word_server import NOUN_FILE, NOUNS, NOWHERE, WordServer, made_up_words


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    (folder / "nouns.txt").write_text("house\ntree\nriver\n", encoding="utf-8")
    (folder / "verbs.txt").write_text("go\nsee\n", encoding="utf-8")
    monkeypatch.setattr(lists, "BUNDLED_FOLDER", folder)
    return folder


# --- get_word_list


def test_get_word_list_without_a_network_stands_in_with_a_note(bundled: Path, tmp_path: Path) -> None:
    nouns = get_word_list("nouns", "notebook", Downloads(tmp_path / "cache", base_url=NOWHERE))
    assert nouns.words == ("house", "tree", "river")
    assert nouns.source == "bundled list (stand-in)"
    assert nouns.notes == (
        "The notebook's noun list could not be downloaded (no connection to 127.0.0.1:9);"
        " the project's own bundled list stands in, so numbers differ from the notebook's.",
    )


def test_get_word_list_without_a_network_and_a_stand_in(bundled: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        get_word_list("pronouns", "notebook", Downloads(tmp_path / "cache", base_url=NOWHERE))
    assert str(caught.value) == (
        "The notebook's pronoun list could not be downloaded (no connection to 127.0.0.1:9),"
        " and no bundled list of pronouns can stand in."
    )


def test_get_word_list_reads_the_cache_without_a_network(online: Downloads, server: WordServer, bundled: Path) -> None:
    first = get_word_list("nouns", "notebook", online)
    again = get_word_list("nouns", "notebook", Downloads(online.cache, base_url=NOWHERE))
    assert again.words == first.words
    assert (again.words, again.source, again.notes) == (tuple(NOUNS), "david47k/top-english-wordlists (CC BY 3.0)", ())
    assert len(server.paths) == 1


def test_bundled_list(bundled: Path) -> None:
    verbs = get_word_list("verbs", "bundled")
    assert (verbs.name, verbs.words) == ("verbs", ("go", "see"))
    assert (verbs.source, verbs.notes) == ("bundled list", ())
    with pytest.raises(UserError, match=r"^There is no bundled list of pronouns: its file, pronouns\.txt, is missing"):
        get_word_list("pronouns", "bundled")


def test_get_word_list_of_a_folder_takes_either_name_and_the_original_first(tmp_path: Path) -> None:
    (tmp_path / "nouns.txt").write_bytes(b"one\r\ntwo\r\n")
    nouns = get_word_list("nouns", tmp_path)
    assert nouns.words == ("one", "two")
    assert nouns.source == f"folder {tmp_path}, file nouns.txt"
    (tmp_path / "top_english_nouns_lower_10000.txt").write_bytes(NOUN_FILE)
    assert get_word_list("nouns", str(tmp_path)).words == tuple(NOUNS)


def test_get_word_list_of_a_folder_without_the_file_names_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        get_word_list("adverbs", tmp_path)
    for part in (str(tmp_path), "top_english_advs_lower_10000.txt", "adverbs.txt"):
        assert part in str(caught.value)


def test_get_word_list_of_a_folder_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "nouns.txt").write_bytes(b"\xff\xfeh\0o\0")
    with pytest.raises(UserError, match=r"nouns\.txt' is not UTF-8 text"):
        get_word_list("nouns", tmp_path)


@pytest.mark.parametrize("source", ["", "Notebook", "/no/such/folder", "a\0b", "x" * 5000])
def test_get_word_list_of_an_unknown_source_says_what_is_allowed(source: str) -> None:
    with pytest.raises(UserError, match="allowed are 'notebook', 'bundled' or the path of a folder"):
        get_word_list("nouns", source)


def test_an_unknown_class_says_what_is_allowed() -> None:
    for call in (bundled_list, download, lambda name: get_word_list(name, "notebook")):
        with pytest.raises(UserError, match="no word class 'noun'; allowed are nouns, verbs, adjectives"):
            call("noun")


def test_bundled_list_has_the_lemma_of_each_word(bundled: Path) -> None:
    assert bundled_list("nouns").lemmas == ("house", "tree", "river")
    (bundled / "verbs.txt").write_text("went\tgo\nsee\nseen\tsee\n", encoding="utf-8")
    verbs = bundled_list("verbs")
    assert (verbs.words, verbs.lemmas) == (("went", "see", "seen"), ("go", "see", "see"))


def test_the_stand_in_for_a_download_keeps_the_lemmas(bundled: Path, tmp_path: Path) -> None:
    (bundled / "verbs.txt").write_text("went\tgo\nsee\n", encoding="utf-8")
    verbs = get_word_list("verbs", "notebook", Downloads(tmp_path / "cache", base_url=NOWHERE))
    assert (verbs.words, verbs.lemmas) == (("went", "see"), ("go", "see"))


def test_get_word_list_of_a_folder_with_lemmas(tmp_path: Path) -> None:
    (tmp_path / "verbs.txt").write_bytes(b"went\tgo\r\n see \r\nseen \t see\r\n")
    verbs = get_word_list("verbs", tmp_path)
    assert (verbs.words, verbs.lemmas) == (("went", "see", "seen"), ("go", "see", "see"))
    (tmp_path / "verbs.txt").write_bytes(b"see\nwent\tgo\tgone\n")
    with pytest.raises(UserError, match=r"^Line 2 of '.*verbs\.txt' has 2 tabs"):
        get_word_list("verbs", tmp_path)


def test_every_class_has_a_bundled_list_with_lemmas() -> None:
    assert classes_in(BUNDLED_FOLDER) == WORD_CLASSES
    for name in WORD_CLASSES:
        word_list = bundled_list(name)
        assert len(word_list.lemmas) == len(word_list.words)
        assert word_list.notes == ()


# --- what people write


def test_custom_list_with_lemmas() -> None:
    mine = custom_list("ice creams\tice cream\ntea\nwent\tgo\nwent\twend\n", "x")
    assert mine.words == ("ice creams", "tea", "went")
    assert mine.lemmas == ("ice cream", "tea", "go")  # of a repeated word the first line counts
    assert mine.notes == ("1 repeated word dropped: went.",)
    assert custom_list("tea\nice cream", "x").lemmas == ()


def test_custom_list_keeps_order_and_inner_spaces() -> None:
    mine = custom_list("  ice cream \r\nZürich\r\n\r\nhouse\r\n\r\n", "my words")
    assert mine.words == ("ice cream", "Zürich", "house")
    assert (mine.name, mine.source, mine.notes) == ("my words", "own list", ("1 blank line skipped.",))


def test_custom_list_from_bytes_with_a_byte_order_mark() -> None:
    mine = custom_list("\ufeffhouse\nÉcole".encode(), " ")
    assert (mine.name, mine.words, mine.notes) == ("custom", ("house", "École"), ())


def test_custom_list_reports_repeated_words() -> None:
    mine = custom_list("b\na\nb\nb\nc\na\nc\nd\nd\n", "x")
    assert mine.words == ("b", "a", "c", "d")
    assert mine.notes == ("5 repeated words dropped: among them b, a, c.",)
    assert custom_list("b\na\nb", "x").notes == ("1 repeated word dropped: b.",)


def test_custom_list_splits_at_commas_and_says_so() -> None:
    mine = custom_list("time, people, way", "x")
    assert mine.words == ("time", "people", "way")
    assert mine.notes == ("1 line split into words: “time, people, way”.",)
    two = custom_list("a,b\nc,d\ne", "x")
    assert two.notes == ("2 lines split into words, such as “a,b”.",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"caf\xe9\n", "'x' is not UTF-8 text"),
        ("a\nb\0c\n", "Line 2 of 'x' holds the unprintable character U+0000"),
        ("a\n\nb\x1b[0m", "Line 3 of 'x' holds the unprintable character U+001B"),
        ("a\x0c\nb", "Line 1 of 'x' holds the unprintable character U+000C"),
        ("time\t12\n", "Line 1 of 'x' has '12' after the tab; the lemma of 'time' is expected."),
        ("a\n\nwent\t \n", "Line 3 of 'x' has nothing after the tab; the lemma of 'went' is expected."),
        ("a\nwent\tgo\tverb", "Line 2 of 'x' has 2 tabs; at most one is allowed, between a word and its lemma."),
        ("went\t\tgo", "Line 1 of 'x' has 2 tabs; at most one is allowed"),
        ("a\n\tgo", "Line 2 of 'x' has a tab but no word before it"),
        ("went\tg\0o", "Line 1 of 'x' holds the unprintable character U+0000"),
        ("\ud800", "Line 1 of 'x' holds the unprintable character U+D800"),
        ("ok\n" + "y" * 101, "Line 2 of 'x' has 101 characters; at most 100 are allowed"),
        ("", "'x' holds no word"),
        (b"\xef\xbb\xbf \r\n\t\r\n", "'x' holds no word"),
        ("\n".join(made_up_words(10_001)), "'x' has 10,001 words; at most 10,000 are allowed."),
        (b"a\n" * 2_500_001, "'x' is too large for a word list"),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_custom_list_refuses(content: str | bytes, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        custom_list(content, "x")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_custom_list_at_its_limits() -> None:
    full = made_up_words(10_000)
    assert custom_list("\n".join(full) + "\n" + full[0], "x").words == tuple(full)
    assert custom_list("y" * 100, "x").words == ("y" * 100,)


def test_shared_words_in_the_order_of_the_first() -> None:
    a = WordList("a", ("work", "time", "run", "work", "show"), "here")
    b = WordList("b", ("show", "run", "be", "work"), "here")
    assert shared_words(a, b) == ("work", "run", "show")
    assert shared_words(b.words, a.words) == ("show", "run", "work")
    assert shared_words(a, ("be",)) == ()
