"""Cut a text into one readable piece for each token, at the characters that the token covers.

A byte-level tokenizer may split one character into several tokens. To decode each token by itself would give
replacement characters (U+FFFD). So the text is cut at the tokenizer's character offsets: nothing is lost or added.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

Span = tuple[int, int]  # the first character, and the one after the last

ADDED = "added"  # the part of a token that covers no character
_SPACES = ("▁", "Ġ", " ")  # how tokenizers write a space
_WITH_SPACE = re.compile("[▁Ġ ]")
# Vowels and final consonants of Hangul, and joiners: like combining marks, they never begin a readable character.
_JOINED = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff\u200c\u200d]")


def without_lone_surrogates(text: str) -> tuple[str, int]:
    """Replace lone surrogates by U+FFFD, because UTF-8 cannot encode them. Return the text and their number.

    Examples
    --------
    >>> without_lone_surrogates("a\\ud800")
    ('a�', 1)
    """
    count = sum(0xD800 <= ord(c) <= 0xDFFF for c in text)
    if not count:
        return text, 0
    return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text), count


def cut_text(text: str, offsets: Sequence[Span]) -> tuple[list[str], list[str]]:
    """Cut a text into one exact piece for each token.

    Parameters
    ----------
    text : str
        The text that was tokenised.
    offsets : sequence of (start, end)
        The characters of each token, in order. Tokens that share a character all have it in their spans. An empty
        span covers nothing. Characters in no span (some tokenizers drop spaces, or combine two characters into one) go
        to the next token, but combining marks to the character before them.

    Returns
    -------
    pieces, parts : list of str
        ``"".join(pieces) == text``. A character that k tokens share is in the piece of the first one; the ``parts``
        of these tokens are ``"1/k"`` to ``"k/k"``. The part of a token that covers nothing is ``"added"``. All other
        parts are empty.

    Examples
    --------
    >>> cut_text("a é", [(0, 1), (1, 3), (2, 3)])
    (['a', ' é', ''], ['', '1/2', '2/2'])
    """
    pieces: list[str] = []
    position, last = 0, -1  # last: the piece that has the character before ``position``
    for start, end in offsets:
        if last >= 0:
            marks = _n_marks(text[position:start])
            pieces[last] += text[position : position + marks]
            position += marks
        pieces.append(text[position:end] if end > start else "")  # empty if an earlier token already has the character
        if pieces[-1]:
            position, last = end, len(pieces) - 1
    if pieces:
        marks = _n_marks(text[position:])
        pieces[last] += text[position : position + marks]
        pieces[-1] += text[position + marks :]
    return pieces, _parts(offsets)


def characters_of(text: str, offsets: Sequence[Span], tokens: Sequence[str]) -> list[Span]:
    """The characters that each token covers, where a tokenizer's own offsets do not say it.

    Tokenizers that put a space before a text give it the first character, which belongs to the next token: the space
    covers nothing. Some give each byte of several unknown characters all of these characters.

    Parameters
    ----------
    text, offsets
        As in ``cut_text``.
    tokens : sequence of str
        As the vocabulary writes them.

    Examples
    --------
    >>> characters_of("hi", [(0, 1), (0, 2)], ["▁", "hi"])
    [(0, 0), (0, 2)]
    """
    spans = list(offsets)
    for i, ((start, end), (after, _)) in enumerate(pairwise(offsets)):
        if tokens[i] in _SPACES and after < end and not _is_first_part(text[start:end], tokens[i + 1]):
            spans[i] = (start, start)
    for (start, end), run in groupby(range(len(spans)), spans.__getitem__):
        if end - start > 1 and len(numbers := list(run)) > 1:
            characters = [at for at in range(start, end) for _ in text[at].encode()]  # [n_bytes]
            if [tokens[i] for i in numbers] == [f"<0x{byte:02X}>" for byte in text[start:end].encode()]:
                for i, at in zip(numbers, characters, strict=True):
                    spans[i] = (at, at + 1)
    return spans


def covering(spans: Sequence[Span], text: str, start: int, end: int) -> list[bool]:
    """Which tokens are those of a word: they cover some of its characters, or only the space before it.

    So these are the tokens that ``word_activations`` reads of a word with a leading space. A line break is no space.

    Parameters
    ----------
    spans : sequence of (int, int)
        The characters of each token.
    text : str
    start, end : int
        The characters of the word.

    Examples
    --------
    >>> covering([(0, 3), (3, 4), (4, 7)], "The dog", 4, 7)
    [False, True, True]
    """
    space = text[start - 1 : start].isspace() and text[start - 1] not in "\n\r"
    return [first < last and first < end and (last > start or first >= start - space) for first, last in spans]


def tokens_of_places(text: str, spans: Sequence[Span], places: Sequence[Span]) -> list[np.ndarray]:
    """The tokens of each word of a text, by ``covering``.

    Parameters
    ----------
    text : str
    spans : sequence of (int, int)
        The characters of each token, in the order of the text.
    places : sequence of (int, int)
        The characters of each word.

    Returns
    -------
    list of ndarray
        int64 positions of tokens, in order; empty for a word of which the tokenizer makes no token.

    Examples
    --------
    >>> [tokens.tolist() for tokens in tokens_of_places("The dog", [(0, 3), (3, 4), (4, 7)], [(0, 3), (4, 7)])]
    [[0], [1, 2]]
    """
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    tokens = []
    for start, end in places:
        # Only the tokens near the word are looked at: both ends grow along the text.
        first, last = bisect_left(ends, start - 1), bisect_left(starts, end)
        tokens.append(first + np.flatnonzero(covering(spans[first:last], text, start, end)))
    return tokens


def _is_first_part(character: str, next_token: str) -> bool:
    """Whether a space is the first of the characters that one stands for: NFKC reads ``´`` as a space and an accent."""
    apart = unicodedata.normalize("NFKC", character)
    return len(apart) > 1 and apart[0] == " " and not _WITH_SPACE.match(next_token)


def _n_marks(text: str) -> int:
    """How many characters at the beginning of a text belong to the character before them."""
    for n, character in enumerate(text):
        first = unicodedata.normalize("NFKD", character)[0]
        if not unicodedata.category(first).startswith("M") and not _JOINED.match(first):
            return n
    return len(text)


def _parts(offsets: Sequence[Span]) -> list[str]:
    """Number the tokens in each run of overlapping spans: they are the parts of one character."""
    parts = ["" if end > start else ADDED for start, end in offsets]
    first = 0
    for i in range(1, len(offsets) + 1):
        if i < len(offsets) and offsets[i][0] < offsets[i - 1][1]:
            continue
        if (k := i - first) > 1:
            parts[first:i] = [f"{j + 1}/{k}" for j in range(k)]
        first = i
    return parts
