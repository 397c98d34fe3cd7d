"""The prose of the project: running text in which contexts are looked for.

bundled_prose()[0].genre, bundled_prose()[0].text[:20]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import UserError

PROSE_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "prose"

_BETWEEN = "\n***\n"  # a line between two pieces of a file


@dataclass(frozen=True)
class Prose:
    """A piece of running text, the file that it is from, and its genre (the file's name up to the first hyphen)."""

    name: str
    genre: str
    text: str


@cache
def bundled_prose() -> tuple[Prose, ...]:
    """The pieces of ``assets/prose``, written for this project, in the order of their files.

    Returns
    -------
    tuple of Prose

    Raises
    ------
    UserError
        The folder has no text, or a file is not UTF-8.

    Examples
    --------
    >>> len({piece.genre for piece in bundled_prose()})
    7
    """
    return read_prose(PROSE_FOLDER)


def read_prose(folder: Path) -> tuple[Prose, ...]:
    """The pieces of a folder's ``.txt`` files; a line ``***`` stands between two pieces of a file.

    Raises
    ------
    UserError
        The folder has no text, or a file cannot be read as UTF-8.
    """
    pieces = []
    for path in sorted(folder.glob("*.txt")):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise UserError(f"{path.name} is not UTF-8 text.") from None
        except OSError as error:
            raise UserError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from error
        genre = path.stem.partition("-")[0]
        pieces += [Prose(path.name, genre, part.strip()) for part in text.split(_BETWEEN) if part.strip()]
    if not pieces:
        raise UserError(f"The folder {folder.name} has no text.")
    return tuple(pieces)
