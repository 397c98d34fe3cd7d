"""Plain values that come from a browser or a file, where anything may stand: each is checked before it counts.

    whole(value), number(value), text(value), time(value)   # the value, or a ValueError

A reader of many values lets the error pass, or catches it and leaves the whole entry out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

LARGEST = 10**9  # of a number, in size
LONGEST = 200  # characters of a text
_LONGEST_TIME = 40


def whole(value: Any, most: int = LARGEST) -> int:
    """A whole number from 0 to ``most``, which is no truth value and no float.

    Examples
    --------
    >>> whole(7)
    7
    >>> whole(True)
    Traceback (most recent call last):
    ValueError: A whole number from 0 to 1,000,000,000 is needed.
    """
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"A whole number from 0 to {most:,} is needed.")
    return value


def number(value: Any, low: float = -LARGEST, high: float = LARGEST) -> float:
    """A number from ``low`` to ``high``, as a float: a browser writes 5.0 as 5.

    Examples
    --------
    >>> number(5)
    5.0
    >>> number(float("nan"))
    Traceback (most recent call last):
    ValueError: A number from -1,000,000,000 to 1,000,000,000 is needed.
    """
    if type(value) not in (int, float) or not low <= value <= high:  # false for NaN
        raise ValueError(f"A number from {low:,} to {high:,} is needed.")
    return float(value)


def text(value: Any, most: int = LONGEST) -> str:
    """A text of at most ``most`` characters.

    Examples
    --------
    >>> text("tea", 2)
    Traceback (most recent call last):
    ValueError: A text of at most 2 characters is needed.
    """
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"A text of at most {most} characters is needed.")
    return value


def time(value: Any) -> str:
    """A time with its zone, in ISO 8601, as the text that it is.

    Examples
    --------
    >>> time("2026-01-05T10:00:00+00:00")
    '2026-01-05T10:00:00+00:00'
    >>> time("2026-01-05T10:00:00")
    Traceback (most recent call last):
    ValueError: The time has no zone.
    """
    if datetime.fromisoformat(text(value, _LONGEST_TIME)).tzinfo is None:  # a ValueError if it is no time
        raise ValueError("The time has no zone.")
    return str(value)
