"""Tokens of a text as stretches that a person can read: exact, and safe for split characters.

A byte-level tokenizer may cut one character into several tokens. Decoding each alone gives replacement
marks; here the text is cut by the tokenizer's own character offsets, so that nothing is lost or added.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# Shown in exports and tables in the place of what cannot be seen; U+2400 on are the control pictures.
_VISIBLE = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥", "\x7f": "␡", "\u00a0": "⍽"}
# Of the rest, Unicode's categories of what a reader cannot see: controls, formats, spaces, separators, private use.
# Unassigned characters stay: they may only be younger than this Python.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


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
    """A piece for a table cell: what cannot be seen made visible, its part named.

    Spaces, line ends and control characters have signs of their own; the others give their number, as
    ``[U+202E]``: left as they are, they would turn a line around, break it, or steer a terminal.
    """
    shown = "".join(map(_shown, piece))
    return f"{shown}[{part}]" if part else shown


def _shown(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    return f"[U+{ord(character):04X}]" if unicodedata.category(character) in _UNSEEN else character
