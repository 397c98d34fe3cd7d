"""Files that a command reads: those that are named, and standard input where the name is a hyphen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from core.command_line.status import UsageError
from core.errors import UserError

STDIN = "-"  # as the name of a file

# Options that name files to read: those that are there are checked. The positional one is verify's.
_FLAGS = {
    "spec": "--spec",
    "target_words": "--target-words",
    "baseline_words": "--baseline-words",
    "gold": "--gold",
    "text_file": "--file",
    "evidence_file": "FILE",
}


def files_read(options: argparse.Namespace) -> dict[str, list[str]]:
    """The files that a command reads, by the flag that names them."""
    named: dict[str, list[str]] = {}
    for destination, flag in _FLAGS.items():
        value = getattr(options, destination, None)
        if value:
            named[flag] = [value] if isinstance(value, str) else list(value)
    return named


def check_stdin(files: Mapping[str, list[str]]) -> None:
    """Raise UsageError if standard input is to be read twice; say how to end it, if it is a keyboard.

    Examples
    --------
    >>> check_stdin({"--target-words": ["-"], "--spec": ["-"]})
    Traceback (most recent call last):
    core.command_line.status.UsageError: --target-words and --spec both read standard input: only one can be “-”.
    """
    flags = [flag for flag, names in files.items() for name in names if name == STDIN]
    if len(flags) > 1:
        both = " and ".join(dict.fromkeys(flags))
        raise UsageError(f"{both} both read standard input: only one can be “-”.")
    if flags and sys.stdin is not None and sys.stdin.isatty():
        key = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
        print(f"{flags[0]} is read from the keyboard; {key} on a line of its own ends it.", file=sys.stderr)


def shown_name(file: str) -> str:
    """What a file is called in a sentence.

    Examples
    --------
    >>> shown_name("-"), shown_name("a.txt")
    ('standard input', 'a.txt')
    """
    return "standard input" if file == STDIN else file


def content_of(file: str, what: str, most: int = -1) -> bytes:
    """The bytes of a file, or of standard input; of these at most ``most`` and one, if that is given.

    Raises
    ------
    UsageError
        The file cannot be read; ``what`` begins the sentence.
    """
    n = most + 1 if most >= 0 else -1
    try:
        if file == STDIN:
            return sys.stdin.buffer.read(n)
        with Path(file).open("rb") as opened:
            return opened.read(n)
    except (OSError, ValueError) as error:  # a ValueError is that of a path with a NUL
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{what} cannot be read: {why}.") from None


def text_of(content: bytes, what: str) -> str:
    """Bytes as text, without a byte-order mark; UserError if they are not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{what} is not UTF-8 text.") from None
