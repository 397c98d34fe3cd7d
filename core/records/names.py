"""The names of the two classes of a contrast: those of word classes, or what a user calls a list of one's own."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from core.errors import UserError

CUSTOM = "custom"
MAX_NAME = 40  # characters
JOINERS = "\u200c\u200d"  # not printable, but part of words of some scripts
# Soft hyphens, zero-width spaces, marks and controls of direction, invisible operators, selectors of a variant: what is
# dropped from words and names, for nobody sees it. Not the joiners.
INVISIBLE = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0100-\U000e01ef]"
)


def clean_name(text: str) -> str:
    """A name as it is kept: composed (NFC), with single spaces, and without invisible characters.

    Examples
    --------
    >>> clean_name("  Food  and drink "), clean_name("Food\\u200e")
    ('Food and drink', 'Food')
    """
    return unicodedata.normalize("NFC", " ".join(INVISIBLE.sub("", text).split()))


def check_name(field: str, value: Any) -> None:
    """Raise UserError if a value cannot be the name of a list; ``field`` is what the sentence calls it."""
    if not isinstance(value, str):
        raise UserError(f"{field} is {type(value).__name__}; a name is a text of at most {MAX_NAME} characters.")
    name = clean_name(value)
    strange = next((char for char in name if not (char.isprintable() or char in JOINERS)), None)
    if strange is not None:
        raise UserError(f"{field} holds U+{ord(strange):04X}, which cannot be seen; printable characters are allowed.")
    if len(name) > MAX_NAME:
        raise UserError(f"{field} has {len(name):,} characters; at most {MAX_NAME} are allowed.")


def spoken(word_class: str) -> str:
    """A word class as a sentence has it: the name of its file without hyphens, but for those of English.

    Examples
    --------
    >>> spoken("singular-nouns"), spoken("first-person-pronouns")
    ('singular nouns', 'first-person pronouns')
    """
    return word_class.replace("-", " ").replace(" person ", "-person ")


def names_of(target: str, baseline: str, target_name: str = "", baseline_name: str = "") -> tuple[str, str]:
    """What target and baseline are called in a sentence. A name counts only for a list of one's own.

    Examples
    --------
    >>> names_of("custom", "past-verbs"), names_of("custom", "custom", "Food"), names_of("nouns", "verbs", "Food")
    (('custom words', 'past verbs'), ('Food', 'baseline words'), ('nouns', 'verbs'))
    """
    both = target == baseline
    shown = []
    for side, word_class, name in (("target", target, target_name), ("baseline", baseline, baseline_name)):
        own = clean_name(name) or (f"{side} words" if both else "custom words")
        shown.append(own if word_class == CUSTOM else spoken(word_class))
    return shown[0], shown[1]


def are_alike(names: tuple[str, str]) -> bool:
    """Whether a reader would take two names for one: upper case does not count."""
    return names[0].casefold() == names[1].casefold()
