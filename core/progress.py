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


def unwatched(share: float, message: str) -> None:
    """Do nothing: the default progress callback."""
