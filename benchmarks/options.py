"""The options of the command line, which every section gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 1e-5  # how much two methods may differ, relative to the largest value


@dataclass(frozen=True)
class Options:
    """``quick`` is a smoke run on small inputs; ``model`` a GPT-Neo in hub layout, for the sections that read one.

    ``results`` is a file in which a long section saves its runs, and from which it goes on.
    """

    quick: bool
    model: Path
    results: Path | None = None

    def pick(self, full: int, quick: int) -> int:
        """The number for a full run, or for a quick one."""
        return quick if self.quick else full
