"""Tokens and numbers for a reader: no invisible characters, no terminal control codes."""

from __future__ import annotations

import math
import unicodedata

# Signs for invisible characters in exports and tables. From U+2400 on, Unicode has pictures of control characters.
_VISIBLE = {" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥", "\x7f": "␡", "\u00a0": "⍽"}
# The Unicode categories of other invisible characters: controls, formats, spaces, separators, private use.
# Unassigned characters are not changed: they may be newer than this Python.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def readable(piece: str, part: str = "") -> str:
    """A token's piece for a table cell: invisible characters become visible, and the part is added.

    Spaces, line ends and control characters become signs. Other invisible characters become their code point, such as
    ``[U+202E]``: unchanged, they could reverse a line, break it, or control a terminal.

    Examples
    --------
    >>> readable(" cat\\u202e"), readable("", "2/3")
    ('␣cat[U+202E]', '[2/3]')
    """
    shown = "".join(map(_shown, piece))
    return f"{shown}[{part}]" if part else shown


def readable_number(value: float, *, padded: bool = True) -> str:
    """A value with four significant digits and a minus sign (U+2212).

    Examples
    --------
    >>> readable_number(-0.0421), readable_number(-0.0421, padded=False)
    ('−0.04210', '−0.0421')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, _, exponent = format(float(value), "#.4g" if padded else ".4g").partition("e")
    return f"{mantissa.rstrip('.')}{'e' + str(int(exponent)) if exponent else ''}".replace("-", "−")


def _shown(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    return f"[U+{ord(character):04X}]" if unicodedata.category(character) in _UNSEEN else character
