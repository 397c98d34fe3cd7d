"""Read the lines of a word list: one word a line, with or without its lemma after a tab."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.errors import UserError
from core.words.checks import SPACES, split_lines, unprintable_character

MAX_LINE = 100  # characters
MAX_BYTES = 5_000_000
_SHOWN = 3  # examples in a note


# The first two lines of a list's file may say what it is.
_HEADER = re.compile(r"#\s*(title|source)\s*:\s*(\S.*)", re.IGNORECASE)
_LIKE_HEADER = re.compile(r"#\s*\w+\s*:")
_MAX_HEADER = 200  # characters of a value
HEADER_BYTES = 16 * _MAX_HEADER  # enough for both lines


class Header(NamedTuple):
    """What a list's file says of itself: a title for choices, and where its words are from. Both may be empty."""

    title: str = ""
    source: str = ""


class Entries(NamedTuple):
    """The words of a list, the lemma of each (empty if no line has one), notes for the reader, and repeated lines."""

    words: tuple[str, ...]
    lemmas: tuple[str, ...]
    notes: tuple[str, ...]
    n_repeated: int = 0


def read_entries(text_or_bytes: str | bytes, what: str, skip: int = 0) -> Entries:
    r"""The words and lemmas of a list. A line is ``word`` or ``word<TAB>lemma``.

    Blank lines are skipped, and of a repeated word only the first line counts; both with a note. If some lines have a
    lemma, the words of the other lines are their own lemmas.

    Parameters
    ----------
    text_or_bytes : str or bytes
        Bytes are decoded as UTF-8.
    what : str
        The list's name in a UserError.
    skip : int
        How many lines at the beginning are no words: those of a header.

    Returns
    -------
    Entries

    Raises
    ------
    UserError
        The text is too large, is not UTF-8, or has no word; or a line is too long, has an unprintable character, or is
        not of this form. The sentence has the number of the line.

    Examples
    --------
    >>> read_entries("time\nwent\tgo\n", "my list")
    Entries(words=('time', 'went'), lemmas=('time', 'go'), notes=(), n_repeated=0)
    """
    lines = split_lines(decoded(text_or_bytes, what))
    blank = [not line.strip(f" \t{SPACES}") for line in lines]
    of_words = [(i, line) for i, line in enumerate(lines, start=1) if i > skip and not blank[i - 1]]
    found = entries_of(of_words, what)
    return found._replace(notes=blank_lines_note(blank) + found.notes)


def read_file(raw: bytes, what: str) -> tuple[Header, Entries]:
    r"""The header of a list's file and its words and lemmas, which are read by ``read_entries``.

    The header is up to two lines at the beginning: ``# title: Colours`` and ``# source: where the words are from``.

    Raises
    ------
    UserError
        As ``read_entries``; or a line looks like one of a header, and is none: it would count as a word.

    Examples
    --------
    >>> header, found = read_file(b"# title: Colours\n# source: this project\nred\nblue\n", "a list")
    >>> header.title, header.source, found.words
    ('Colours', 'this project', ('red', 'blue'))
    """
    text = decoded(raw, what)
    header, n = header_of(text)
    for line in _first_two(text)[n : n + 1]:  # the first line that is not of the header
        if _LIKE_HEADER.match(line):
            raise UserError(
                f"Line {n + 1} of {what} is {line[:60]!r}; “# title: …” and “# source: …” are allowed there, once each."
            )
    return header, read_entries(text, what, skip=n)


def _first_two(text: str) -> list[str]:
    """The first two lines, or the beginning of them where they are long: a header has no more."""
    return split_lines(text[: 4 * _MAX_HEADER])[:2]


def header_of(text: str) -> tuple[Header, int]:
    """The header at the beginning of a list, and how many lines it has: 0 to 2.

    Examples
    --------
    >>> header_of("red\\nblue")
    (Header(title='', source=''), 0)
    """
    found: dict[str, str] = {}
    for line in _first_two(text):
        match = _HEADER.fullmatch(line.strip())
        if match is None or match[1].lower() in found:
            break
        found[match[1].lower()] = " ".join(match[2].split())[:_MAX_HEADER]
    return Header(**found), len(found)


def entries_of(lines: Iterable[tuple[int, str]], what: str) -> Entries:
    """The words and lemmas of lines that are not blank, each with its number: as ``read_entries``."""
    pairs = [_entry(line, f"Line {number:,} of {what}") for number, line in lines]
    if not pairs:
        raise UserError(f"{what} holds no word; one word a line is expected.")
    first: dict[str, str] = {}
    for word, lemma in pairs:
        first.setdefault(word, lemma or word)
    lemmas = tuple(first.values()) if any(lemma for _, lemma in pairs) else ()
    notes = _repeated_words_note([word for word, _ in pairs])
    return Entries(tuple(first), lemmas, notes, len(pairs) - len(first))


def written(words: Sequence[str], lemmas: Sequence[str]) -> tuple[str, ...]:
    r"""The lines of a list from which ``read_entries`` reads these words and lemmas again.

    Examples
    --------
    >>> written(("time", "went"), ("time", "go"))
    ('time', 'went\tgo')
    """
    pairs = zip(words, lemmas or words, strict=True)
    return tuple(word if lemma == word else f"{word}\t{lemma}" for word, lemma in pairs)


def count_of(n: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count_of(1, "word"), count_of(1_000, "word")
    ('1 word', '1,000 words')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _entry(line: str, where: str) -> tuple[str, str]:
    """The word of a line, and its lemma (empty if it has none)."""
    line = line.strip(f" {SPACES}")
    if len(line) > MAX_LINE:
        raise UserError(f"{where} has {len(line):,} characters; at most {MAX_LINE} are allowed, one word a line.")
    parts = [part.strip(f" {SPACES}") for part in line.split("\t")]
    if len(parts) > 2:
        raise UserError(f"{where} has {len(parts) - 1} tabs; at most one is allowed, between a word and its lemma.")
    for part in parts:
        strange = unprintable_character(part)
        if strange is not None:
            raise UserError(
                f"{where} holds the unprintable character U+{ord(strange):04X};"
                " plain text is expected, one word a line."
            )
    if not parts[0]:
        raise UserError(f"{where} has a tab but no word before it; a word is expected, or a word, a tab and its lemma.")
    if len(parts) == 1:
        return parts[0], ""
    # A table of words and their counts also has a tab in each line: a number must not become a lemma.
    if not any(char.isalpha() for char in parts[1]):
        got = repr(parts[1]) if parts[1] else "nothing"
        raise UserError(f"{where} has {got} after the tab; the lemma of {parts[0]!r} is expected.")
    return parts[0], parts[1]


def decoded(text_or_bytes: str | bytes, what: str) -> str:
    """The text of a list; UserError if it is too large or not UTF-8."""
    if len(text_or_bytes) > MAX_BYTES:
        raise UserError(f"{what} is too large for a word list; at most {MAX_BYTES:,} bytes are allowed.")
    if isinstance(text_or_bytes, str):
        return text_or_bytes
    try:
        return text_or_bytes.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{what} is not UTF-8 text; plain text is expected, one word a line.") from None


def blank_lines_note(blank: list[bool]) -> tuple[str, ...]:
    """A note about blank lines among others: those at the end do not count."""
    last = max((number for number, is_blank in enumerate(blank) if not is_blank), default=0)
    n = sum(blank[:last])
    return (f"{count_of(n, 'blank line')} skipped.",) if n else ()


def _repeated_words_note(words: list[str]) -> tuple[str, ...]:
    repeated = [word for word, times in Counter(words).items() if times > 1]
    if not repeated:
        return ()
    dropped = len(words) - len(set(words))
    among = "among them " if len(repeated) > _SHOWN else ""
    return (f"{count_of(dropped, 'repeated word')} dropped: {among}{', '.join(repeated[:_SHOWN])}.",)
