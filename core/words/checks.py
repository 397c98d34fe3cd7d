"""Parse a word list, and check it: the same checks for every list, whatever its source."""

from __future__ import annotations

import re
import unicodedata

from core.errors import UserError, did_you_mean
from core.records import WORD_CLASSES
from core.records.word_classes import classes_allowed

# All spaces but the plain one. strip() without an argument would also remove control characters, which must be said.
SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def check_word_class(word_class: str) -> None:
    """Raise UserError if this project has no word class of this name."""
    if word_class not in WORD_CLASSES:
        allowed, near = classes_allowed(classes=WORD_CLASSES), did_you_mean(word_class, WORD_CLASSES)
        raise UserError(f"There is no word class {word_class!r}; allowed are {allowed}.{near}")


def parse_lines(text: str) -> tuple[str, ...]:
    r"""The words of a list, one per line, in order.

    Surrounding blanks, a byte-order mark and blank lines are removed. Entries such as "j." stay, because the notebook
    uses them.

    Examples
    --------
    >>> parse_lines("time\r\n j. \n\n")
    ('time', 'j.')
    """
    stripped = (line.strip() for line in split_lines(text))
    return tuple(line for line in stripped if line)


def split_lines(text: str) -> list[str]:
    r"""The lines of a text, without a byte-order mark. ``str.splitlines`` would also split at form feeds.

    Examples
    --------
    >>> split_lines("time\r\npeople")
    ['time', 'people']
    """
    return re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))


def unprintable_character(text: str) -> str | None:
    """The first character that cannot be in a word; None if there is none.

    These are control characters, line separators, lone surrogates, and characters without width, which a reader does
    not see but the tokenizer does.

    Examples
    --------
    >>> unprintable_character("ti\\u200bme")
    '\\u200b'
    """
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\u200b\u2060\ufeff":
            return char
    return None
