"""Words of running text in many scripts."""

from __future__ import annotations

import pytest

from core.words.running_words import word_spans


def found(text):
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The dog, the cat.", ["The", "dog", "the", "cat"]),
        ("don't you’ve rock-'n'-roll", ["don't", "you’ve", "rock-'n'-roll"]),
        ("'quoted' -- and-", ["quoted", "and"]),
        ("e\u0301te\u0301 naïve", ["e\u0301te\u0301", "naïve"]),
        ("हिन्दी भाषा में", ["हिन्दी", "भाषा", "में"]),  # its vowel signs are marks, no letters
        ("می\u200cخواهم کتاب", ["می\u200cخواهم", "کتاب"]),
        ("Γειά σου, мир! שלום", ["Γειά", "σου", "мир", "שלום"]),
        ("만나서 반갑습니다", ["만나서", "반갑습니다"]),
        ("猫が好き 我喜欢猫 ฉันรักแมว", []),
        ("GPT模型 in 2026", ["GPT", "in", "2026"]),
        ("soft\u00adhyphen", ["soft\u00adhyphen"]),
        ("", []),
        ("…!\n\t \U0001f642", []),
    ],
)
def test_words_of_scripts(text, words):
    assert found(text) == words


def test_agreement_with_spaces_where_there_is_nothing_else():
    text = "so it goes from here to there and back again"
    assert found(text) == text.split()
