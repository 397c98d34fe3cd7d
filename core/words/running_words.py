"""The words of any running text, in any script that writes them apart."""

from __future__ import annotations

import re
import unicodedata

# How a character counts: of a word, of a word if it is inside one, or of none. Scripts that put no spaces between words
# count as none: without a dictionary, a whole sentence would be one word.
_LETTER, _INSIDE, _OTHER = "w", "-", " "
_JOINING = frozenset("'’-‐\u00ad\u200c\u200d")
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals of Han
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x4DBF),  # more Katakana, Han
    (0x4E00, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han
    (0xFF66, 0xFF9F),  # Katakana of half width
    (0x20000, 0x3FFFF),  # Han
)
_WORD = re.compile(f"{_LETTER}+(?:{_INSIDE}+{_LETTER}+)*")


class _Kinds(dict[int, str]):
    """How each character of a text counts, by its code point; each is found once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _JOINING:
            kind = _INSIDE
        elif unicodedata.category(character)[0] not in "LMN" or any(low <= code <= high for low, high in _UNSPACED):
            kind = _OTHER
        else:
            kind = _LETTER
        self[code] = kind
        return kind


def word_spans(text: str) -> list[tuple[int, int]]:
    """The characters of each word of a text: letters, accents and digits, with an apostrophe or a hyphen inside.

    Scripts without spaces between words (Chinese, Japanese, Thai and others) have none here.

    Returns
    -------
    list of (int, int)
        The first character of each word, and the one after the last.

    Examples
    --------
    >>> text = "Don't peel well-known onions, 猫!"
    >>> [text[start:end] for start, end in word_spans(text)]
    ["Don't", 'peel', 'well-known', 'onions']
    """
    return [match.span() for match in _WORD.finditer(text.translate(_Kinds()))]
