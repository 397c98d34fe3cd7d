"""The prose in assets/prose: enough of it, plain, and without repetitions."""

from __future__ import annotations

import re
from collections import Counter

from core.models import load_model
from core.words import bundled_prose
from core.words.prose import PROSE_FOLDER


def test_there_are_two_hundred_thousand_tokens_in_seven_genres() -> None:
    tokenizer = load_model("bundled").tokenizer
    counts: Counter[str] = Counter()
    for piece in bundled_prose():
        counts[piece.genre] += len(tokenizer.encode(piece.text, add_special_tokens=False).ids)
    assert sum(counts.values()) >= 200_000
    assert len(counts) == 7
    assert min(counts.values()) > 25_000


def test_the_readme_counts_what_is_there() -> None:
    readme = (PROSE_FOLDER / "README.md").read_text(encoding="utf-8")
    pieces, words = Counter(piece.genre for piece in bundled_prose()), Counter()
    for piece in bundled_prose():
        words[piece.genre] += len(piece.text.split())
    for genre, n in pieces.items():
        assert re.search(rf"\| `{genre}` \| .* \| {n} \| {words[genre]:,} \|", readme)
    assert f"{len(bundled_prose())} pieces" in readme
    assert f"{sum(words.values()):,} words" in readme


def test_no_long_sentence_comes_twice() -> None:
    sentences = Counter(
        sentence
        for piece in bundled_prose()
        for sentence in re.split(r"(?<=[.!?])\s+", piece.text)
        if len(sentence.split()) > 7
    )
    assert len(sentences) > 7_000
    assert [sentence for sentence, n in sentences.items() if n > 1] == []


def test_the_text_is_plain() -> None:
    for path in sorted(PROSE_FOLDER.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\t\r]|https?:|^#|^[-*] ", text, re.MULTILINE), path.name
        assert text.isprintable() or set(text) - set("\n") <= {c for c in text if c.isprintable()}, path.name
