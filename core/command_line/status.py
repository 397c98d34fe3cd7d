"""What a command's exit status says, and what to type after a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import UserError

DONE, REFUSED, USAGE, NETWORK = 0, 1, 2, 3
INTERRUPTED = 130  # what shells report after Ctrl+C
PIPE_CLOSED = 141  # what shells report for a program that its reader has left, as in: contrast --csv - | head

# For the help of every command, and for the documents.
MEANINGS = {
    DONE: "done",
    REFUSED: "refused: a list is too short, a model cannot be read, or check or verify found a difference",
    USAGE: "the command is wrong: an option, a value, or a file that is not there or cannot be written",
    NETWORK: "a download failed: there is no network, or the other side does not answer",
    INTERRUPTED: "stopped with Ctrl+C",
}

# Kinds of problems (``UserError.about``). Whatever has none of them was refused.
_NETWORK = ("network", "download")
_USAGE = ("layer", "neuron", "same_class", "paired_counts", "paired_unit")
# Advice for some kinds of problems, as pages have their own (``ui.page``). The error itself says what is wrong.
_ADVICE = {
    "paired_counts": "Give --words N, or --test welch.",
    "paired_unit": "Give --unit word, or --test welch.",
    "same_class": "Give --target or --baseline.",
    "prefix": "Give --no-prefix.",
    "number_format": "Give --dtype bfloat16.",
}


class UsageError(UserError):
    """What was typed is not a command: an option, a value, a file that is not there. ``see`` is a command for help."""

    see: str = ""


@contextmanager
def typed() -> Iterator[None]:
    """Whatever is refused inside was typed: a UserError becomes a UsageError.

    Examples
    --------
    >>> with typed():
    ...     raise UserError("alpha is “2”.")
    Traceback (most recent call last):
    core.command_line.status.UsageError: alpha is “2”.
    """
    try:
        yield
    except UsageError:
        raise
    except UserError as error:
        raise UsageError(str(error), about=error.about) from error


def status_of(error: UserError) -> int:
    """The exit status for an error.

    Examples
    --------
    >>> status_of(UsageError("--alpha is “2”.")), status_of(UserError("The list is empty."))
    (2, 1)
    """
    from core.words.failures import DownloadError

    if isinstance(error, UsageError) or error.about in _USAGE:
        return USAGE
    # A UserError may be raised from the failed download that it follows from.
    if error.about in _NETWORK or isinstance(error, DownloadError) or isinstance(error.__cause__, DownloadError):
        return NETWORK
    return REFUSED


def advised(error: UserError) -> str:
    """The sentence of an error, with what may be typed instead.

    Examples
    --------
    >>> advised(UserError("Target and baseline are both nouns.", about="same_class"))
    'Target and baseline are both nouns. Give --target or --baseline.'
    """
    return f"{error} {_ADVICE.get(error.about, '')}".strip()
