"""What the command line asked for, as every section is given it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 1e-5  # how far ways to the same values may differ, as a share of the largest value


@dataclass(frozen=True)
class Options:
    """``quick`` is a smoke run on small inputs; ``model`` a GPT-Neo in hub layout, for the sections that read one."""

    quick: bool
    model: Path

    def pick(self, full: int, quick: int) -> int:
        """The number for a full run, or for a quick one."""
        return quick if self.quick else full
