"""Marks around the words of a list: bullets, numbers, quotes, commas, slashes, curly apostrophes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from core.words.cleaning.changes import Changes, shown
from core.words.cleaning.tables import Line

_BULLET = re.compile(r"(?:[•‣▪▫◦●○■□◆◇►▶▸➢➤✓✔✗☐☑☒⁃∙\uf0a7\uf0b7\uf076]\s*|[-–—*+·»>→]\s+)(?:\[[ xX]\]\s+)?(?=\S)")
# "1. time", "12) way", "(3) day", "4: life", "a) man".
_NUMBERED = re.compile(
    r"[(\[]?\d{1,5}(?:[.)\]:]|\s[-–—])\s+(?=\S)|[(\[]?\d{1,5}[.)\]](?=[^\W\d_]{2})|\(?[a-z]\)\s+(?=\S)"
)
_CERTAINLY_NUMBERED = re.compile(r"[(\[]?\d{1,5}(?:[)\]]\s+|\.\t\s*)(?=\S)")
_QUOTES = {
    '"': '"', "'": "'", "`": "`´'", "´": "´", "“": "”", "”": "”", "„": "“”", "‘": "’", "’": "’", "‚": "‘’",
    "«": "»", "»": "«", "‹": "›", "›": "‹", "「": "」", "『": "』", "＂": "＂", "〝": "〞",
}  # fmt: skip
_EMPHASIS = re.compile(r"(\*\*|__|\*|_)(?=[^\s*_])([^*_]+)(?<=\S)\1")
_STRAY = " ,;،؛，；、"
# Separators of words, though not the comma in 1,000; and what is in double quotes, whose commas separate nothing.
_SEPARATOR = re.compile(r'"[^"]{0,100}"|“[^“”]{0,100}”|(?P<here>(?<!\d),|,(?!\d{3}(?!\d))|[;،؛，；、])')
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[’‘´`＇](?=[^\W\d_])|^[’‘](?=\w)|(?<=\w)’$")
_SENTENCE_END = ".!?。！？"
_MARKED = re.compile(r"[^\w ]|_")  # a line without such a character has no mark


def without_numbers_and_bullets(lines: list[Line], changes: Changes) -> list[Line]:
    """Lines without what stands before their words.

    "1. Mai" may be a word: a number with a full stop is removed only where at least half of the lines have one.
    """
    bare = [_without_bullet(line, changes) for line in lines]
    numbered = [line for line in bare if _NUMBERED.match(line.text)]
    pattern = _NUMBERED if 2 * len(numbered) >= len(bare) > 1 else _CERTAINLY_NUMBERED
    return [_without(pattern, "numbering", line, changes) for line in bare]


def _without_bullet(line: Line, changes: Changes) -> Line:
    return _without(_BULLET, "bullets", line, changes)


def _without(pattern: re.Pattern[str], kind: str, line: Line, changes: Changes) -> Line:
    found = pattern.match(line.text)
    if not found or not found.end():
        return line
    changes.add(kind, shown(line.text))
    return Line(line.number, line.text[found.end() :])


def split_lines_of_words(lines: list[Line], changes: Changes) -> list[Line]:
    """A line for each word, where several stand in one: with commas, semicolons, slashes, or many spaces."""
    spaced = _are_words_with_spaces(lines)
    return [Line(line.number, part) for line in lines for part in _parts(line.text, spaced, changes)]


def _parts(text: str, spaced: bool, changes: Changes) -> list[str]:
    if "\t" in text or (not _MARKED.search(text) and not spaced):  # a word and its lemma stay together
        return [text]
    if len(parts := list(_between_separators(text))) > 1:
        changes.add("split", shown(text))
        return parts
    if "/" in text.strip("/"):
        parts = [part.strip() for part in text.split("/")]
        if all(map(_is_word, parts)):
            changes.add("slashes", shown(text))
            return parts
        changes.add("slashes_left", shown(text))
    if spaced:
        changes.add("split", shown(text))
        return text.split()
    return [text]


def _between_separators(text: str) -> Iterator[str]:
    at = 0
    for found in _SEPARATOR.finditer(text):
        if found["here"]:
            if part := text[at : found.start()].strip():
                yield part
            at = found.end()
    if part := text[at:].strip():
        yield part


def _is_word(part: str) -> bool:
    """Whether a part between slashes is surely a word: not those of "km/h" and "and/or"."""
    others = [char for char in part if not char.isalpha()]
    return len(part) - len(others) >= 3 and all(unicodedata.category(c)[0] == "M" or c in "-'’" for c in others)


def _are_words_with_spaces(lines: list[Line]) -> bool:
    """Whether spaces separate words, and not the parts of one.

    In one line of at least four words; or in lines of six and more, of which no word comes twice. A line that ends
    like a sentence is one.
    """
    texts = [line.text for line in lines]
    if any("\t" in text or text.endswith(tuple(_SENTENCE_END)) for text in texts):
        return False
    words = [word for text in texts for word in text.split(" ")]
    if len(texts) == 1:
        return len(words) >= 4
    return len(words) >= 6 * len(texts) and len({word.casefold() for word in words}) == len(words)


def without_marks(line: Line, changes: Changes) -> Line:
    """A word, and its lemma, without quotes, Markdown marks, stray commas, and with straight apostrophes."""
    if not _MARKED.search(line.text):
        return line
    return Line(line.number, "\t".join(_without_marks(part, changes) for part in line.text.split("\t")))


def _without_marks(text: str, changes: Changes) -> str:
    bare = text.strip(_STRAY)
    if bare and bare != text.strip():
        changes.add("separators", shown(text))
        text = bare
    if len(text) > 2 and text[-1] in _QUOTES.get(text[0], "") and not {text[0], text[-1]} & {*text[1:-1]}:
        changes.add("quotes", shown(text))
        text = text[1:-1].strip()
    elif found := _EMPHASIS.fullmatch(text):
        changes.add("emphasis", shown(text))
        text = found[2]
    straight = _APOSTROPHE.sub("'", text)
    if straight != text:
        changes.add("apostrophes", shown(text))
    return straight
