"""Words in a running text: the tokens that a reader of sentences finds too, pooled as its values are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.activations import (
    gold_activations,
    group_values,
    token_activations,
    tokens_of_words,
    word_groups,
    word_values,
)
from core.models import LoadedModel, load_model
from core.records import GoldSentence, GoldText, GoldWord, TokenActivations
from core.words import bundled_gold, passages
from core.words.running_words import word_spans
from tests.support.tokenizer_styles import STYLES, save_model_with, tokenizer_in


def words_of(text: str) -> GoldText:
    """One sentence, whose words are what spaces separate."""
    words, at = [], 0
    for form in text.split(" "):
        at = text.index(form, at)
        words.append(GoldWord(form, "", "X", at, at + len(form)))
        at += len(form)
    return GoldText((GoldSentence(text, tuple(words), "", "", ""),))


def compare(lm: LoadedModel, gold: GoldText, pooling: str = "mean", prefix: bool = False) -> int:
    """The values of each sentence's words, read as a text, are those of the reader of tagged sentences."""
    read, at, neurons = gold_activations(lm, gold, 1, pooling=pooling, prefix=prefix), 0, [3, 0]
    for number in sorted(set(read.sentence.tolist())):
        sentence = gold.sentences[number]
        of_sentence = read.word[read.sentence == number].tolist()
        found = token_activations(lm, sentence.text, 1, prefix=prefix)
        tokens = tokens_of_words(found, [(sentence.words[k].start, sentence.words[k].end) for k in of_sentence])
        assert [len(each) for each in tokens] == read.n_tokens[at : at + len(tokens)].tolist()
        expected = read.pre_activation[at : at + len(tokens)][:, neurons]
        np.testing.assert_allclose(word_values(found, tokens, neurons, pooling), expected, rtol=1e-4, atol=1e-5)
        at += len(tokens)
    return at


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_words_of_tagged_sentences_have_the_values_that_the_evidence_reads(pooling: str) -> None:
    gold = bundled_gold()
    some = GoldText(gold.sentences[::6])
    assert compare(load_model("bundled"), some, pooling, prefix=True) > 400


ODD = "A 🧠x café naïve e\u0301 “quoted” 漢字 don't … end."


@pytest.mark.parametrize("style", STYLES)
def test_characters_of_several_tokens_and_added_spaces(style: str, tmp_path: Path) -> None:
    """In every style of tokenizer: none of them finds other tokens in a text than in a sentence."""
    lm = load_model(str(save_model_with(tokenizer_in(style), tmp_path / "own")))
    assert compare(lm, words_of(ODD)) >= 8


def test_characters_of_several_tokens_in_the_bundled_model() -> None:
    assert compare(load_model("bundled"), words_of(ODD)) >= 8


def test_a_word_without_tokens_has_no_value() -> None:
    values = np.array([[1.0], [3.0]], dtype=np.float32)
    found = TokenActivations([" a", "b"], ["", ""], [1, 2], values, layer=0)
    tokens = tokens_of_words(found, [(0, 0), (1, 3), (2, 3)])
    assert [each.tolist() for each in tokens] == [[], [0, 1], [1]]
    np.testing.assert_array_equal(word_values(found, tokens, [0]), [[np.nan], [2.0], [3.0]])


def test_a_line_break_before_a_word_is_none_of_its_tokens() -> None:
    """A space is, as in a word of a list with a leading space."""
    found = TokenActivations(["a", "\n", "\n", "b", " ", "c"], [""] * 6, [0] * 6, np.zeros((6, 1), np.float32), layer=0)
    assert [each.tolist() for each in tokens_of_words(found, [(0, 1), (3, 4), (5, 6)])] == [[0], [3], [4, 5]]


def test_an_empty_text_has_no_words() -> None:
    found = TokenActivations([], [], [], np.empty((0, 2), dtype=np.float32), layer=0)
    assert tokens_of_words(found, []) == [] and word_values(found, [], [0, 1]).shape == (0, 2)


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_groups_have_the_values_of_their_words_and_all_other_tokens_their_own(pooling: str) -> None:
    text = passages(bundled_gold(), 1500)[0].text + "\n\n" + ODD
    found = token_activations(load_model("bundled"), text, 1)
    places = word_spans(text)
    starts = word_groups(found, places)
    ends = [*starts[1:].tolist(), len(found.pieces)]
    groups = [list(range(start, end)) for start, end in zip(starts.tolist(), ends, strict=True)]
    assert [token for group in groups for token in group] == list(range(len(found.pieces)))
    words = [tokens.tolist() for tokens in tokens_of_words(found, places)]
    several = [tokens for tokens in words if len(tokens) > 1]
    assert len(several) > 30 and [group for group in groups if len(group) > 1] == several
    values = group_values(found.values[:, 3], starts, pooling)
    expected = word_values(found, [np.array(group) for group in groups], [3], pooling)[:, 0]
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_two_words_that_share_a_token_are_one_group() -> None:
    found = TokenActivations(["a", "b c", "d", "."], [""] * 4, [1, 2, 3, 4], np.zeros((4, 1), np.float32), layer=0)
    assert word_groups(found, word_spans("ab cd.")).tolist() == [0, 3]


def test_groups_of_nothing() -> None:
    found = TokenActivations([], [], [], np.zeros((0, 1), np.float32), layer=0)
    starts = word_groups(found, [])
    assert starts.shape == (0,) and group_values(found.values[:, 0], starts).shape == (0,)
