"""Tokens of a text as stretches that a person can read: exact, and safe for split characters.

A byte-level tokenizer may cut one character into several tokens. Decoding each alone gives replacement
marks; here the text is cut by the tokenizer's own character offsets, so that nothing is lost or added.
"""

from __future__ import annotations

from collections.abc import Sequence

# Shown in exports and hovers in the place of what cannot be seen; U+2400 on are the control pictures.
_VISIBLE = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥", "\x7f": "␡", "\u00a0": "⍽"}


def without_lone_surrogates(text: str) -> tuple[str, int]:
    """Replace half surrogates, which no UTF-8 text can hold, by U+FFFD; return the text and how many."""
    count = sum(0xD800 <= ord(c) <= 0xDFFF for c in text)
    if not count:
        return text, 0
    return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text), count


def cut_text(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[list[str], list[str]]:
    """Cut a text into one exact piece per token.

    Parameters
    ----------
    text : str
        The text that was tokenised.
    offsets : sequence of (start, end)
        Each token's characters, in order. Tokens that share a character name it in each of their spans;
        characters that no token names (some tokenizers trim spaces) go to the next token.

    Returns
    -------
    pieces, parts : list of str
        ``"".join(pieces) == text``. A character shared by k tokens stands in the first of them; these tokens'
        ``parts`` are ``"1/k"`` to ``"k/k"``, all others are empty.
    """
    pieces = []
    position = 0
    for _, end in offsets:
        pieces.append(text[position:end])  # empty where an earlier token had the whole character
        position = max(position, end)
    if pieces:
        pieces[-1] += text[position:]
    return pieces, _parts(offsets)


def _parts(offsets: Sequence[tuple[int, int]]) -> list[str]:
    """Number the tokens of every run whose spans overlap: these are the parts of one character."""
    parts = [""] * len(offsets)
    first = 0
    for i in range(1, len(offsets) + 1):
        if i < len(offsets) and offsets[i][0] < offsets[i - 1][1]:
            continue
        if (k := i - first) > 1:
            parts[first:i] = [f"{j + 1}/{k}" for j in range(k)]
        first = i
    return parts


def readable(piece: str, part: str = "") -> str:
    """A piece for a table cell: spaces, newlines and control characters made visible, its part named."""
    shown = "".join(_VISIBLE.get(c, chr(0x2400 + ord(c)) if c < " " else c) for c in piece)
    return f"{shown}[{part}]" if part else shown
