"""Read a TOML file that a person wrote: each value is checked, and a mistake is one sentence that names its place.

    top = Table("class.toml", parsed(bytes_of(path, "class.toml", 1_000_000), "class.toml"), ("title", "study"))
    top.text("title", 80), top.table("study").number("seats", 1, 200)

``engine.class_file`` says what a class file has; here is only how one is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError, did_you_mean

_MOST_NAMES, _VALUE = 60, 10_000  # in a list; characters of a setting, which may be as long as in a link
# A key of so many parts, such as a.a.a: tomllib takes the square of their number.
_DEEP_KEY = re.compile(r"""\s*\[*\s*[\w"'-]+(\s*\.\s*[\w"'-]+){32}""")


@dataclass(frozen=True)
class Table:
    """A table of the file: where it stands, its values, and the names that it may have (all, if there are none)."""

    where: str
    values: Mapping[str, Any]
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a name that is not allowed."""
        for name in self.values:
            if self.allowed and name not in self.allowed:
                near = did_you_mean(name, self.allowed) or f" Allowed are {', '.join(self.allowed)}."
                raise UserError(f"{self.where}: {shown(name)} is no name here.{near}")

    def table(self, name: str, allowed: tuple[str, ...] = ()) -> Table:
        """A table in this one; an empty one if it is not there."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise UserError(f"{self.where}: {name} is {shown(value)}; a table is allowed, such as [{name}].")
        return Table(f"{self.where}, [{name}]", value, allowed)

    def text(self, name: str, most: int) -> str:
        """A line of text; "" if it is not there."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise UserError(f"{self.where}: {name} is {shown(value)}; a text in quotes is allowed.")
        if len(value) > most:
            raise UserError(f"{self.where}: {name} has {len(value):,} characters; at most {most:,} are allowed.")
        if not value.isprintable():
            raise UserError(f"{self.where}: {name} holds characters that cannot be shown; one line of text is allowed.")
        return value.strip()

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number; None if it is not there."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UserError(
                f"{self.where}: {name} is {shown(value)}; a whole number from {least:,} to {most:,} is allowed."
            )
        return value

    def names(self, name: str) -> tuple[str, ...] | None:
        """A list of names, each once; None if it is not there."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise UserError(f"{self.where}: {name} is {shown(value)}; a list of names in quotes is allowed.")
        if not 0 < len(value) <= _MOST_NAMES:
            raise UserError(f"{self.where}: {name} has {len(value):,} names; 1 to {_MOST_NAMES} are allowed.")
        if twice := [each for each in value if value.count(each) > 1]:
            raise UserError(f"{self.where}: {name} has {shown(twice[0])} twice; name each once.")
        return tuple(value)

    def setting(self, name: str) -> str:
        """A value as a link has it: a list has its words in lines, or its numbers with commas between them."""
        value = self.values[name]
        parts = value if isinstance(value, list) else [value]
        if not parts or not all(isinstance(each, str | int | float) for each in parts):
            raise UserError(
                f"{self.where}: {shown(name)} is {shown(value)}; a text, a number, true, false or a list is allowed."
            )
        text = ("\n" if name.endswith("_words") else ",").join(map(_as_in_a_link, parts))
        if len(text) > _VALUE:
            raise UserError(
                f"{self.where}: {shown(name)} has {len(text):,} characters; at most {_VALUE:,} are allowed."
            )
        return text


def shown(value: object) -> str:
    """A value of the file for a sentence: short, and without what cannot be shown.

    Examples
    --------
    >>> shown("careful"), shown(True), shown({"a": 1}), shown([1, 2])
    ('“careful”', 'true', 'a table', 'a list')
    """
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = str(value)
    except ValueError:  # more digits than Python writes
        return "a number of too many digits"
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:61])
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def _as_in_a_link(value: str | float) -> str:
    return str(int(value)) if isinstance(value, bool) else shown(value)[1:-1] if isinstance(value, int) else str(value)


def bytes_of(path: Path, said: str, most: int) -> bytes:
    """What is in a file; UserError if it is none, cannot be read, or is too large."""
    try:
        if not path.is_file():  # a folder, a device or a pipe, too: to read that might never end
            raise UserError(f"{said} is no file that can be read.")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        if isinstance(error, UserError):
            raise
        raise UserError(f"{said} cannot be read.") from error
    if len(content) > most:
        raise UserError(f"{said} has more than {most:,} bytes, which is the most that is allowed.")
    return content


def parsed(content: bytes, said: str) -> dict[str, Any]:
    """The tables of a TOML file; UserError if it is none, or is too deep to be one of ours. ``said`` is its name."""
    import tomllib

    text = decoded(content, said)
    if any(_DEEP_KEY.match(line) for line in text.split("\n")):
        raise UserError(f"{said} is no class file: a name in it has too many parts.")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UserError(f"{said} is no class file: its lists or tables are too deep.") from None
    except ValueError as error:  # also a number of too many digits
        raise UserError(f"{said} is not in the form of TOML: {str(error).rstrip('.')[:160]}.") from None


def decoded(content: bytes, said: str) -> str:
    """The text of a file in UTF-8, with line ends of one kind; UserError if it is another encoding's."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UserError(f"{said} is not UTF-8 text; save it as plain text in UTF-8.") from None
