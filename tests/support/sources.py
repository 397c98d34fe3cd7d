"""The project's own source files, for tests of what they contain."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import ROOT


def sources(*places: str) -> list[Path]:
    """The Python files of folders and files below the root; a place that has none is a mistake in the test."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        assert files, f"{place} has no Python file"
        found += files
    return found
