"""Characters of a list: wrongly decoded ones, those that nobody sees, accents apart from their letters, spaces."""

from __future__ import annotations

import re
import unicodedata

from core.records.names import INVISIBLE, JOINERS
from core.words.checks import SPACES
from core.words.cleaning.changes import Changes, shown

_JOINERS = re.compile(f"[{JOINERS}]+")
# What a joiner may follow: letters without case, marks, emoji. After others it has no effect.
_JOINED = ("Lo", "Lm", "Mn", "Mc", "So", "Sk")
_UNUSUAL = re.compile(f"[{SPACES}]| {{2,}}")

# Characters by their byte in Windows-1252; the five bytes that it leaves free are control characters.
_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)}
_BYTES |= {
    bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_WRONG = re.compile(f"[{re.escape(''.join(_BYTES))}]{{2,}}")
# Letters of Latin script that languages write; the rest of it is rare, and more likely found by chance.
_LATIN = ((0x00C0, 0x017F), (0x1E00, 0x1EFF))
_ALIKE = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK"}


def clean_characters(text: str, changes: Changes) -> str:
    """One line without what a reader cannot see, its accents composed (NFC), wrongly decoded letters repaired.

    Examples
    --------
    >>> clean_characters("caf\\u00c3\\u00a9", Changes()), clean_characters("hou\\u00adse", Changes())
    ('café', 'house')
    """
    if text.isascii():
        return _plain_spaces(text, changes)
    repaired = repair(text)
    if repaired != text:
        changes.add("mojibake", f"{shown(text)}, now {shown(repaired)}")
    composed = unicodedata.normalize("NFC", repaired)
    if composed != repaired:
        changes.add("composed", shown(composed))
    seen = _JOINERS.sub(_joiners, INVISIBLE.sub("", composed))
    if seen != composed:
        gone = next(char for char, other in zip(composed, f"{seen}\0", strict=False) if char != other)
        changes.add("invisible", f"U+{ord(gone):04X} in {shown(seen)}", len(composed) - len(seen))
    # What was between two characters may have kept them apart.
    return _plain_spaces(unicodedata.normalize("NFC", seen), changes)


def _plain_spaces(text: str, changes: Changes) -> str:
    """Single plain spaces between the words of a line; those at its ends do not count."""
    text = text.strip(f" {SPACES}")
    plain = _UNUSUAL.sub(" ", text)
    while "  " in plain:
        plain = plain.replace("  ", " ")
    if plain != text:
        changes.add("spaces", shown(plain))
    return plain


def _joiners(found: re.Match[str]) -> str:
    """The joiners that have an effect where they are: inside a word, a non-joiner always, a joiner where it joins.

    At the end of a word, only after a mark: in Malayalam and Sinhala, it then forms a letter.
    """
    text, start, end = found.string, found.start(), found.end()
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before.isspace() or (after.isspace() and unicodedata.category(before) not in ("Mn", "Mc")):
        return ""
    joins = unicodedata.category(before) in _JOINED
    return "".join(char for char in found.group() if char == "\u200c" or joins)[:1]


def repair(text: str) -> str:
    """UTF-8 that was decoded as Windows-1252 or Latin-1, decoded again; other text as it is.

    Only where the bytes are UTF-8, what comes out are letters or punctuation, and all letters of the line are of one
    script.

    Examples
    --------
    >>> repair("d\\u00c3\\u00a9j\\u00c3\\u00a0"), repair("\\u00c9COLE")
    ('déjà', 'ÉCOLE')
    """
    candidate = _WRONG.sub(_decoded_again, text)
    return candidate if candidate != text and len(_scripts(candidate)) <= 1 else text


def _decoded_again(found: re.Match[str]) -> str:
    run = found.group()
    try:
        decoded = bytes(_BYTES[char] for char in run).decode("utf-8")
    except UnicodeDecodeError:
        return run
    decoded = _WRONG.sub(_decoded_again, decoded)  # it may have happened twice; each time, it gets shorter
    return decoded if all(map(_is_plausible, decoded)) else run


def _is_plausible(char: str) -> bool:
    """Whether a character may be in a word, or around it."""
    if unicodedata.category(char)[0] in "LM":
        latin = _script(char) == "LATIN"
        return not latin or any(low <= ord(char) <= high for low, high in _LATIN)
    return char in "\u00a0\u00ad·«»‘’‚“”„–—…•"


def _scripts(text: str) -> set[str]:
    return {_script(char) for char in text if char.isalpha()}


def _script(char: str) -> str:
    name = unicodedata.name(char, "").split(" ")[0]
    return _ALIKE.get(name, name)
