"""The words of both classes: as many as their lists have, with lemmas, without shared words if asked."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import core.words.download as downloading
from core.errors import UserError
from core.experiment import choose_words as same_choose_words
from core.records import CUSTOM, WORD_CLASSES, ContrastSpec
from core.words import FILE_NAMES, Downloads, bundled_list, choose_words, list_length
from tests.support.word_server import NOWHERE, WordServer, body

N_NOUNS = len(bundled_list("nouns").words)


def careful(**changes: Any) -> ContrastSpec:
    return ContrastSpec.careful(**changes)


def folder_spec(folder: Path, **changes: Any) -> ContrastSpec:
    return careful(word_source=str(folder), **changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five nouns and four verbs, two of them shared; the lemmas of the verbs are given."""
    (tmp_path / "nouns.txt").write_text("work\nmen\nhouses\nplay\ntime\n", encoding="utf-8")
    (tmp_path / "verbs.txt").write_text("went\tgo\nwork\nplay\tPLAY\ngone\tgo\n", encoding="utf-8")
    return tmp_path


def test_it_is_the_experiments_own() -> None:
    assert same_choose_words is choose_words


# --- Shared words and lemmas ---


def test_each_word_has_its_lemma_after_shared_ones_are_dropped(folder: Path) -> None:
    words = choose_words(folder_spec(folder, n_target=5, n_baseline=4))
    assert words.shared == ("work", "play")
    assert (words.target, words.target_lemmas) == (("men", "houses", "time"), ("man", "house", "time"))
    assert (words.baseline, words.baseline_lemmas) == (("went", "gone"), ("go", "go"))
    assert words.notes == ("2 words stand in both lists: dropped, with 3 nouns and 2 verbs left.",)
    assert len(words.target_list.words) == 5, "the list itself is whole"


def test_each_word_has_its_lemma_where_shared_ones_stay(folder: Path) -> None:
    words = choose_words(folder_spec(folder, n_target=5, n_baseline=3, drop_shared=False))
    assert words.shared == ("work", "play") and words.notes == ()
    assert words.target_lemmas == ("work", "man", "house", "play", "time")
    assert (words.baseline, words.baseline_lemmas) == (("went", "work", "play"), ("go", "work", "PLAY"))


def test_a_word_that_stands_in_a_list_twice_stays_twice(
    online: Downloads, server: WordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook does not look for repeated words: its lists are used line by line."""
    listed = b"houses\nway\nhouses\nj.\n"
    server.replies = [body(listed)]
    for name in FILE_NAMES.values():
        monkeypatch.setitem(downloading.SHA256, name, hashlib.sha256(listed).hexdigest())
    words = choose_words(ContrastSpec.notebook(n_target=3, n_baseline=3), online)
    assert words.target == words.baseline == ("houses", "way", "houses")
    assert words.target_lemmas == ("house", "way", "house") and words.shared == ("houses", "way")


def test_custom_words_and_their_lemmas() -> None:
    own = {
        "baseline": "adverbs",
        "target": CUSTOM,
        "n_target": 4,
        "target_words": ("mice", "ran\trun", "saw", "running\trun"),
    }
    words = choose_words(careful(**own))
    assert words.target == ("mice", "ran", "saw", "running")
    assert words.target_lemmas == ("mice", "run", "saw", "run"), "one line gives a lemma, so the others are their own"
    own["target_words"] = ("mice", "ran", "saw", "running")
    assert choose_words(careful(**own)).target_lemmas == ("mouse", "run", "saw", "running")


@pytest.mark.parametrize("word_class", WORD_CLASSES)
def test_lemmas_are_there_whatever_the_unit(word_class: str) -> None:
    """The list's own, in the same place as the word."""
    other = "verbs" if word_class != "verbs" else "nouns"
    lemma_of = dict(zip(bundled_list(word_class).words, bundled_list(word_class).lemmas, strict=True))
    for unit in ("word", "lemma"):
        words = choose_words(careful(target=word_class, baseline=other, unit=unit))
        assert words.target_lemmas == tuple(lemma_of[word] for word in words.target)
        assert len(words.baseline_lemmas) == len(words.baseline)


# --- More than a list has ---


@pytest.mark.parametrize("word_class", WORD_CLASSES)
def test_no_class_that_is_offered_is_a_dead_end(word_class: str) -> None:
    """The careful preset's 500 words, of each class, in every test."""
    has = list_length(word_class, "bundled")
    other = "verbs" if word_class != "verbs" else "nouns"
    for test in ("welch", "mannwhitney", "paired"):
        unit = "word" if test == "paired" else "lemma"
        spec = careful(target=word_class, baseline=other, test=test, unit=unit, drop_shared=False)
        words = choose_words(spec)
        assert len(words.target) == min(500, has) >= 10
        assert len(words.baseline) == (len(words.target) if test == "paired" else 500)


def test_all_words_of_a_shorter_list_with_a_note() -> None:
    words = choose_words(careful(n_target=2_000, n_baseline=20))
    assert len(words.target) == N_NOUNS and len(words.baseline) == 20
    assert words.notes == (f"The list of nouns has {N_NOUNS:,} words: all of them are used; 2,000 were asked for.",)
    assert choose_words(careful(n_target=N_NOUNS, n_baseline=20)).notes == ()


def test_the_paired_test_takes_equally_many(folder: Path) -> None:
    spec = folder_spec(folder, n_target=6, n_baseline=6, test="paired", unit="word", drop_shared=False)
    words = choose_words(spec)
    assert words.target == ("work", "men", "houses", "play") and len(words.baseline) == 4
    assert words.notes == (
        "The list of nouns has 5 words: all of them are used; 6 were asked for.",
        "The list of verbs has 4 words: all of them are used; 6 were asked for.",
        "The paired test needs as many target as baseline words: 4 of each are used.",
    )


def test_more_custom_words_than_there_are() -> None:
    words = choose_words(careful(target=CUSTOM, target_words=("a", "b"), n_target=3, n_baseline=2))
    assert words.target == ("a", "b")
    assert words.notes == ("The list “own target list” has 2 words: all of them are used; 3 were asked for.",)


def test_a_stand_in_for_the_notebooks_list_may_be_shorter(tmp_path: Path) -> None:
    spec = ContrastSpec.notebook(test="welch", n_target=3_000, n_baseline=10)
    words = choose_words(spec, Downloads(tmp_path / "cache", base_url=NOWHERE))
    assert len(words.target) == N_NOUNS
    assert "stands in" in words.notes[0] and words.notes[-1].endswith("3,000 were asked for.")
    assert len(words.target_lemmas) == N_NOUNS


# --- Too few ---


def test_too_few_words_are_named(folder: Path) -> None:
    (folder / "adverbs.txt").write_text("so\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        choose_words(folder_spec(folder, baseline="adverbs"))
    assert str(caught.value) == (
        "A comparison needs at least two words in each class; got 5 target words and 1 baseline word."
    )


def test_too_few_words_are_left_without_the_shared_ones(folder: Path) -> None:
    (folder / "adverbs.txt").write_text("work\nplay\nso\n", encoding="utf-8")
    with pytest.raises(UserError, match="1 baseline word, after 2 words of both lists were dropped"):
        choose_words(folder_spec(folder, baseline="adverbs"))
    assert len(choose_words(folder_spec(folder, baseline="adverbs", drop_shared=False)).baseline) == 3


# --- How long a list is ---


def test_the_length_of_a_list_without_the_network(server: WordServer) -> None:
    for word_class in FILE_NAMES:
        assert list_length(word_class, "bundled") == len(bundled_list(word_class).words)
        assert list_length(word_class, "notebook") == (10_000 if word_class in WORD_CLASSES[:5] else 500)
    assert not server.paths
