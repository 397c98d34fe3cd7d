"""Text from outside in Markdown: it shows as it is, and turns nothing else."""

from __future__ import annotations

import unicodedata

import pytest

from core.report.markdown import plain

_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # classes of Unicode's annex 9


def test_a_text_cannot_turn_the_words_of_the_page() -> None:
    signs = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in _TURNING]
    assert len(signs) == 9
    assert plain("a" + "".join(signs) + "b") == "ab"


@pytest.mark.parametrize("text", ["שלום", "سلام", "noun"])
def test_letters_that_run_from_right_to_left_stay(text: str) -> None:
    assert plain(text) == text
