"""Where a command's words go: its result to standard output, all else to standard error; colours on a terminal only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TextIO, TypeVar

Value = TypeVar("Value")

STDOUT = "-"  # as the name of a file

# SGR codes of ECMA-48.
_STYLES = {"error": "1;31", "note": "1;33", "good": "32", "bad": "31", "plain": ""}


class Output:
    """What a command says.

    Parameters
    ----------
    quiet : bool
        No notes, no progress, no "Wrote ...".
    result_on_stdout : bool
        A table or another file goes to standard output, so that a summary must not: it goes to standard error.
    """

    def __init__(self, *, quiet: bool = False, result_on_stdout: bool = False) -> None:
        self.quiet = quiet
        self.result_on_stdout = result_on_stdout
        self._line = ""  # of progress, if it is on the screen

    def note(self, sentence: str) -> None:
        """Say something beside the result."""
        if not self.quiet:
            self.clear_line()
            print(f"{styled('note:', 'note', sys.stderr)} {sentence}", file=sys.stderr)

    def wrote(self, what: str, file: object) -> None:
        """Say which file was written."""
        if not self.quiet:
            self.clear_line()
            print(f"Wrote {what} to {file}", file=sys.stderr)

    def show(self, text: str, style: str = "", n_styled: int = 0) -> None:
        """Show a part of the result that is for people; its first ``n_styled`` characters are in a style."""
        if self.result_on_stdout and self.quiet:
            return
        self.clear_line()
        stream = sys.stderr if self.result_on_stdout else sys.stdout
        print(f"{styled(text[:n_styled], style, stream)}{text[n_styled:]}", file=stream, flush=True)

    def progress(self, share: float, message: str) -> None:
        """Show progress on the last line of a terminal: the callback of long work."""
        if self.quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            return
        room = max(20, shutil.get_terminal_size().columns - 6)
        line = f"\r{share:4.0%} {message:<{room}.{room}}"
        if line != self._line:  # the last report of a download may come again
            print(line, end="", file=sys.stderr, flush=True)
        self._line = line

    def clear_line(self) -> None:
        """Take the line of progress from the screen."""
        if self._line:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._line = ""


def without_repeats(
    values: Sequence[Value], flag: str, output: Output, key: Callable[[Value], object] = str
) -> list[Value]:
    """The values of an option without those that were there before, which is said. ``key`` is equal for equal ones.

    Examples
    --------
    >>> without_repeats([12, 12, 40], "--neurons", Output(quiet=True))
    [12, 40]
    """
    kept: dict[object, Value] = {}
    for value in values:
        if key(value) in kept:
            output.note(f"{flag} has {value} more than once; it is used once.")
        kept.setdefault(key(value), value)
    return list(kept.values())


def show_error(sentence: str, see: str = "") -> None:
    """Show a mistake, and the command that tells more."""
    print(f"{styled('error:', 'error', sys.stderr)} {sentence}", file=sys.stderr)
    if see:
        print(f"For help: {see}", file=sys.stderr)


def styled(text: str, style: str, stream: TextIO) -> str:
    """A text in a colour, if a stream is a terminal that shows colours and nobody has said no (NO_COLOR).

    Examples
    --------
    >>> import io
    >>> styled("error:", "error", io.StringIO())
    'error:'
    """
    code = _STYLES.get(style)
    return f"\033[{code}m{text}\033[0m" if code and _has_colours(stream) else text


def _has_colours(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ  # older consoles of Windows show the codes themselves
