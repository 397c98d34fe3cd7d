"""Progress of long work: one callback signature for all of it."""

from __future__ import annotations

from collections.abc import Callable

# Called with the share of the work that is done (0 to 1) and a sentence about the current work.
Progress = Callable[[float, str], None]


class Cancellable(str):
    """A sentence about work that may be stopped now. A callback that gets one may raise ``core.errors.Cancelled``.

    Downloads use it (what has arrived is kept, and all that is lost is time), and the checks of a neuron.
    """

    __slots__ = ()


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a part of the work, from one share of it to another.

    Examples
    --------
    >>> part_of(lambda share, message: print(share, message), 0.5, 0.75)(0.5, "Reading words")
    0.625 Reading words
    """
    return lambda share, message: progress(start + (end - start) * share, message)


def unwatched(share: float, message: str) -> None:
    """Do nothing: the default progress callback."""
