"""The names of the word classes. Each file in ``assets/words`` is one: ``colours.txt`` is the class "colours"."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from core.records.names import CUSTOM, MAX_NAME

BUNDLED_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "words"
ENDING = ".txt"
# Those of the course notebook, in the order of the app's choices. Further ones follow in alphabetical order.
NOTEBOOK_CLASSES = (
    "nouns",
    "verbs",
    "adjectives",
    "adverbs",
    "pronouns",
    "adpositions",
    "conjunctions",
    "determiners",
    "numbers",
    "particles",
)
NAME_RULE = f"letters, digits, spaces, - and _, at most {MAX_NAME} characters"


def is_class_name(name: object) -> bool:
    """Whether a word class may have this name. It is the name of a file, so no path can be one.

    Examples
    --------
    >>> is_class_name("colours"), is_class_name("body parts"), is_class_name("../secret"), is_class_name("custom")
    (True, True, False, False)
    """
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or name == CUSTOM:
        return False
    if "  " in name or name[-1] == " " or not name[0].isalnum():
        return False
    return all(char in " -_" or char.isalnum() or unicodedata.category(char)[0] == "M" for char in name)


def classes_in(folder: str | Path) -> tuple[str, ...]:
    """The word classes of a folder of lists: the names of its ``.txt`` files, those of the notebook first.

    Only names are read. A folder that cannot be read has none.

    Examples
    --------
    >>> classes_in(BUNDLED_FOLDER)[:2]
    ('nouns', 'verbs')
    """
    try:
        stems = {name.removesuffix(ENDING) for name in os.listdir(folder) if name.endswith(ENDING)}
    except (OSError, ValueError):  # a ValueError: a NUL in the name
        return ()
    found = sorted(name for name in stems if is_class_name(name))
    return (*(name for name in NOTEBOOK_CLASSES if name in stems), *(name for name in found if name not in _KNOWN))


_KNOWN = frozenset(NOTEBOOK_CLASSES)
# A file that is added is a class from the next start on.
WORD_CLASSES = (*NOTEBOOK_CLASSES, *(name for name in classes_in(BUNDLED_FOLDER) if name not in _KNOWN))


def classes_allowed(*others: str, classes: tuple[str, ...] = WORD_CLASSES) -> str:
    """The word classes for a message about a value that is none, and ``others`` that are allowed beside them.

    Those of the notebook are named, and further ones counted.

    Examples
    --------
    >>> classes_allowed("custom", classes=("nouns", "verbs", "abstract-nouns", "mass-nouns"))
    'nouns, verbs, custom, and 2 more'
    """
    named = [name for name in classes if name in _KNOWN]
    n_further = len(classes) - len(named)
    return ", ".join([*named, *others]) + (f", and {n_further} more" if n_further else "")
