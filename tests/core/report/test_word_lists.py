"""The numbers of the two lists side by side, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.records import ContrastSpec, WordList
from core.report.word_lists import compared_lists
from core.words import custom_list
from core.words.lists import words_as_given
from tests.support.made_results import NOUNS, made_result


def rows_of(result, n_repeated=(0, 0)):
    return {label: numbers for label, *numbers in compared_lists(result, n_repeated)}


def test_every_number_is_that_of_its_list():
    made = made_result(target_tokens=np.array([1, 1, 2, 3]))
    words = replace(
        made.words,
        target_list=WordList("nouns", (*NOUNS, "child", "time"), "a list", n_repeated=2),
        shared=("time",),
        baseline_lemmas=("go", "go", "take", "way", "way"),
    )
    assert rows_of(replace(made, words=words, spec=made.spec.changed(drop_shared=False)), (0, 7)) == {
        "Words in use": ["4", "5"],
        "In the whole list": ["6", "5"],
        "Repeated, as written": ["3", "7"],
        "Lemmas in use": ["3", "3"],
        "In both lists": ["1", "1"],
        "Lemmas in both": ["1", "1"],
        "Of a single token": ["50%", "100%"],
        "Tokens a word": ["1.75", "1.00"],
    }
    assert rows_of(replace(made, words=words))["In both lists"] == ["1 (dropped)"] * 2


def test_groups_of_shuffled_words_have_no_whole_list():
    spec = ContrastSpec.careful(n_target=4, n_baseline=5, shuffle_labels=True)
    assert not {"In the whole list", "Repeated, as written"} & set(rows_of(made_result(spec)))


def test_repeated_lines_are_counted_however_they_are_written():
    """Of five lines, three are left."""
    assert custom_list("tea\n- milk\ntea\nmilk\nale", "drinks").n_repeated == 2
    assert custom_list("tea\nmilk", "drinks").n_repeated == 0
    given = words_as_given(["tea", "“tea”", "tea", "tea"], "drinks")
    assert given.words == ("tea", "“tea”") and given.n_repeated == 2
