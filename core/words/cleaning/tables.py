"""Tables: a column of words beside counts, ranks or tags; and headers."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import NamedTuple

from core.records.gold import UPOS
from core.words.cleaning.changes import Changes, shown


class Line(NamedTuple):
    """A line of a list, and its number in the text that the user gave."""

    number: int
    text: str


_NUMBER = re.compile(r"[+\-−]?\d[\d.,'’ ]*(?:[eE][+\-]?\d+)?%?")
_RULE = re.compile(r"[\s|:\-]*-[\s|:\-]*")  # below the header of a Markdown table
_HEADING = re.compile(r"#{1,6}\s+\S.*")
_NOTHING = {"", "-", "–", "na", "n/a", "nan", "none", "null"}
_CLASSES = ("noun", "verb", "adjective", "adverb", "pronoun", "adposition", "preposition", "conjunction", "determiner")
_OF_WORDS = {"word", "wordform", "word form", "token", "lemma", "term", *_CLASSES}
_WORD_HEADERS = {form for name in _OF_WORDS for form in (name, f"{name}s")} | {"word list", "wordlist", "vocabulary"}
_OTHER_HEADERS = {
    *(
        "count",
        "counts",
        "freq",
        "frequency",
        "frequencies",
        "total",
        "number",
        "occurrences",
        "percent",
    ),
    *("n", "no", "no.", "nr", "#", "id", "index", "rank", "share", "per million", "language", ""),
    *("pos", "tag", "tags", "upos", "class", "part of speech", "word class"),
}
_LEMMA_HEADERS = {"lemma", "lemmas", "base form", "dictionary form"}
# A single line is a header only if it is one of these: "term" or "token" may well be the first word of a list.
_LONE_HEADERS = _WORD_HEADERS - {"term", "terms", "token", "tokens"}
_TAGS = {tag.casefold() for tag in UPOS} | {*_CLASSES, "n", "v", "a", "adj", "adv", "pron", "prep", "conj", "det", "s"}


def words_of_table(lines: list[Line], changes: Changes) -> list[Line]:
    r"""The words of a table, one a line, with the lemma after a tab if the table has one. Other lines as they are.

    A table has the same columns in each line, and one of them is not for words: all numbers, all parts of speech, or
    named so by a header.

    Examples
    --------
    >>> [line.text for line in words_of_table([Line(1, "Word,Count"), Line(2, "time,12"), Line(3, "way,7")], Changes())]
    ['time', 'way']
    """
    if len(lines) < 2:
        return lines
    for delimiter in "\t|,;":
        if all(delimiter in line.text for line in lines):
            kept = [line for line in lines if not (delimiter == "|" and _RULE.fullmatch(line.text))]
            found = _table(kept, [_cells(line.text, delimiter) for line in kept], delimiter, changes)
            if found is not None:
                return found
    return _numbers_beside_words(lines, changes)


def _cells(text: str, delimiter: str) -> list[str]:
    text = text.strip().strip("|") if delimiter == "|" else text
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return [text]


def _table(lines: list[Line], rows: list[list[str]], delimiter: str, changes: Changes) -> list[Line] | None:
    """The words of these rows; None if they are no table."""
    width = max(map(len, rows), default=0)
    if len(rows) < 2 or min(map(len, rows)) < 2:
        return None
    rows = [row + [""] * (width - len(row)) for row in rows]
    header = [cell.strip("\"' ").casefold() for cell in rows[0]]
    named = _is_header(header, rows[1:])
    if not named:
        header = [""] * width
    columns = [[row[i] for row in (rows[1:] if named else rows)] for i in range(width)]
    kept = _columns_of_words(header, columns, delimiter)
    if not kept or (len(kept) == width and not named):
        return None
    if named:
        changes.add("headers", shown(delimiter.join(rows[0]) if delimiter != "\t" else " ".join(rows[0])))
    aside = [i for i in range(width) if i not in kept and any(columns[i])]
    for i in aside:
        changes.add("columns", shown(rows[0][i] or next(filter(None, columns[i]))))
    texts = ("\t".join(cells).strip("\t") for cells in zip(*(columns[i] for i in kept), strict=True))
    pairs = zip(lines[1:] if named else lines, texts, strict=True)
    return [Line(line.number, text) for line, text in pairs if text.strip()]


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: by its words, or since it has a text above numbers."""
    known = [cell in _WORD_HEADERS or cell in _OTHER_HEADERS for cell in first]
    if all(known) and any(cell in _WORD_HEADERS for cell in first) and len(set(first)) == len(first):
        of_words = [i for i, cell in enumerate(first) if cell in _WORD_HEADERS]
        return not any(row[i].casefold() in _WORD_HEADERS for row in rest for i in of_words)
    return any(
        cell not in _NOTHING and not _is_number(cell) and _are_numbers([row[i] for row in rest])
        for i, cell in enumerate(first)
    )


def _columns_of_words(header: Sequence[str], columns: Sequence[Sequence[str]], delimiter: str) -> list[int]:
    """The column of words, and perhaps that of their lemmas; none if it is not clear which these are."""
    lemma = next((i for i, name in enumerate(header) if name in _LEMMA_HEADERS), None)
    word = next((i for i, name in enumerate(header) if name in _WORD_HEADERS and i != lemma), None)
    if word is not None:
        return [word] if lemma is None else [word, lemma]
    texts = [i for i, column in enumerate(columns) if any(column) and not _are_numbers(column)]
    if len(texts) > 1:
        texts = [i for i in texts if not {cell.casefold() for cell in columns[i] if cell} <= _TAGS] or texts
    if len(texts) == 1 or (len(texts) == 2 and delimiter == "\t"):
        return texts  # after a tab, the second text of a line is the lemma
    return []


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.casefold() not in _NOTHING]
    return bool(filled) and all(map(_is_number, filled))


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None


def _numbers_beside_words(lines: list[Line], changes: Changes) -> list[Line]:
    """Lines such as "1 the 22038615" without their numbers, if all lines but a header have them in the same place."""
    first = lines[0].text.casefold().split()
    named = len(first) > 1 and set(first) <= _WORD_HEADERS | _OTHER_HEADERS and bool(set(first) & _WORD_HEADERS)
    rows = [line.text.split(" ") for line in lines[named:]]
    if len(rows) < 3 or any("\t" in line.text for line in lines):
        return lines
    aside = []
    for place in (0, -1):
        while all(len(row) > 1 and _is_number(row[place]) for row in rows):
            aside.append(rows[0][place])
            for row in rows:
                del row[place]
    if not aside:
        return lines
    if named:
        changes.add("headers", shown(lines[0].text))
    for example in aside:
        changes.add("columns", shown(example))
    return [Line(line.number, " ".join(row)) for line, row in zip(lines[named:], rows, strict=True)]


def without_headers(lines: list[Line], changes: Changes) -> list[Line]:
    """The lines without a header above them, and without the headings of Markdown.

    A header is a first line such as "Word", "nouns" or "My words:". Not if another line is one too: a list of
    terms of grammar may begin with "noun".
    """
    rest = [line for line in lines if not _HEADING.fullmatch(line.text)] or lines
    if len(rest) < len(lines):
        first = next(line for line in lines if _HEADING.fullmatch(line.text))
        changes.add("headers", shown(first.text), len(lines) - len(rest))
    if len(rest) > 1 and _names_the_others(rest):
        changes.add("headers", shown(rest[0].text))
        return rest[1:]
    return rest


def _names_the_others(lines: list[Line]) -> bool:
    first, *others = (line.text.strip("\"'“”*_ ") for line in lines)
    if first.endswith(":") and not any(other.endswith(":") for other in others):
        return len(first) > 1
    if first.rstrip(":").casefold() not in _LONE_HEADERS:
        return False
    return not any(other.casefold() in _WORD_HEADERS for other in others)
