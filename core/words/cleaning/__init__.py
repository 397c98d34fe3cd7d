"""Read a list of one's own, as people have it: from a spreadsheet, a worksheet, a web page, a text in a message.

read_own_list("• time\\n• way", "my list").words   # ("time", "way")

What is surely no part of a word is removed, and each kind of change has a note. To read what was read gives the same
words, without notes. The lists that the app downloads or holds are not read in this way, but as they are.
"""

from __future__ import annotations

import re

from core.errors import UserError
from core.words.checks import SPACES, split_lines
from core.words.cleaning.changes import Changes, shown
from core.words.cleaning.characters import clean_characters
from core.words.cleaning.marks import split_lines_of_words, without_marks, without_numbers_and_bullets
from core.words.cleaning.markup import without_elements, without_html, without_json
from core.words.cleaning.tables import Line, without_headers, words_of_table
from core.words.entries import Entries, blank_lines_note, decoded, entries_of, header_of, written

_ROUNDS = 8  # marks may be within marks, such as quotes after a bullet
_BREAKS = re.compile("[\u000b\u2028\u2029]")  # a word processor writes these between lines
_EDGES = f" \t{SPACES}"

__all__ = ["read_own_list"]


def read_own_list(text_or_bytes: str | bytes, what: str) -> Entries:
    """The words and lemmas of a list that a person has written or copied, with a note for each kind of change.

    Parameters
    ----------
    text_or_bytes : str or bytes
        Bytes are decoded as UTF-8.
    what : str
        The list's name in a UserError.

    Raises
    ------
    UserError
        As ``core.words.entries.read_entries``; it is JSON, but no array of words; marks are in marks without end.

    Examples
    --------
    >>> own = read_own_list("Word,Count\\ntime,12\\nway,7", "my list")
    >>> own.words, own.notes
    (('time', 'way'), ('1 header removed: “Word,Count”.', '1 column set aside: “Count”.'))
    """
    text, changes, repeated = decoded(text_or_bytes, what), Changes(), dict[str, None]()
    lines, blank = _lines_of(text, what, changes)
    n_repeated = 0
    for _ in range(_ROUNDS):
        changes.forget("slashes_left")
        cleaned = _once(lines, changes)
        entries = entries_of(cleaned, what)
        repeated |= dict.fromkeys(entries.notes)
        n_repeated += entries.n_repeated
        words = written(entries.words, entries.lemmas)
        if words == tuple(line.text for line in lines):
            notes = (*changes.sentences(), *blank, *repeated)
            return entries._replace(notes=notes, n_repeated=n_repeated)
        lines = [Line(number, word) for number, word in enumerate(words, start=1)]
    raise UserError(f"{what} has quotes, marks or codes within each other; plain text is expected, one word a line.")


def _lines_of(text: str, what: str, changes: Changes) -> tuple[list[Line], tuple[str, ...]]:
    """The lines of a text that are not blank, and a note about those that are."""
    inner = without_elements(without_json(text.removeprefix("\ufeff"), what, changes))
    if _BREAKS.search(inner):
        found = _BREAKS.findall(inner)
        changes.add("spaces", "a line break of a word processor", len(found))
        inner = _BREAKS.sub("\n", inner)
    raw = split_lines(inner)
    _, n_header = header_of(inner)  # of a file that is written like one of this project's lists
    for line in raw[:n_header]:
        changes.add("headers", shown(line))
    blank = [not line.strip(_EDGES) for line in raw]
    lines = [Line(i, line) for i, line in enumerate(raw, start=1) if i > n_header and not blank[i - 1]]
    return lines, blank_lines_note(blank) if inner == text.removeprefix("\ufeff") else ()


def _once(lines: list[Line], changes: Changes) -> list[Line]:
    """One round of cleaning, from characters to words."""
    lines = [Line(line.number, part) for line in lines for part in without_html(line.text, changes)]
    lines = [Line(line.number, clean_characters(line.text, changes)) for line in lines]
    lines = without_numbers_and_bullets([line for line in lines if line.text.strip(_EDGES)], changes)
    lines = without_headers(words_of_table(lines, changes), changes)
    return [without_marks(line, changes) for line in split_lines_of_words(lines, changes)]
