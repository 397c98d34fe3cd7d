"""The name that somebody probably meant: for "did you mean …?" after a name that is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable

# How alike two names must be, of 1: where a value of ours was surely meant, and where it may be somebody else's name.
CLOSE, CLOSER = 0.6, 0.75


def nearest(name: str, known: Iterable[str], close: float = CLOSE) -> str | None:
    """The known name that is most like a given one; None if no one is near.

    Case, and what stands between the parts of a name (``_``, ``-``, ``.``), do not count.

    Parameters
    ----------
    name : str
        The name that was given. It may be of any length: beyond 60 characters, nothing is near.
    known : iterable of str
        Names that are allowed. Of equally near ones, the first is meant.
    close : float
        How alike two names must be, from 0 (not at all) to 1 (equal).

    Examples
    --------
    >>> nearest("taget", ["target", "layer"]), nearest("MaxWords", ["max_words"]), nearest("utm_source", ["target"])
    ('target', 'max_words', None)
    """
    by_letters: dict[str, str] = {}
    for each in known:
        by_letters.setdefault(_letters(each), each)
    asked = _letters(name) if len(name) <= 60 else ""
    from difflib import get_close_matches  # late: nobody needs it before a mistake

    found = get_close_matches(asked, by_letters, n=1, cutoff=close) if asked else []
    return by_letters[found[0]] if found else None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
