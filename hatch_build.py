"""What pyproject.toml cannot say of a wheel: the dependencies in requirements.in, and the commit it is made from."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

# core/version.py reads it. A wheel that is made from a source archive has it with all else in core.
COMMIT = "core/commit.txt"


class Dependencies(MetadataHookInterface):
    """The lines of requirements.in are the dependencies: the lock is made from the same file."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the dependencies."""
        lines = Path(self.root, "requirements.in").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]


class Commit(BuildHookInterface):
    """Where Git knows the commit, a file with this one line goes into what is built. The checkout stays as it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file, and add it to what is built."""
        commit = commit_of(Path(self.root))
        if not commit or version == "editable":
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(f"{commit}\n", encoding="utf-8")
        place = f"grammar_neurons/tree/{COMMIT}" if self.target_name == "wheel" else COMMIT
        build_data["force_include"][str(self._file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file again."""
        self._file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return Path(self.directory, "commit.txt")


def commit_of(root: Path) -> str:
    """The commit of a checkout. Empty where there is none, or where the files are not those of the commit.

    A folder inside another project's checkout has no commit of its own.
    """
    if not shutil.which("git") or _git(root, "rev-parse", "--show-prefix") != "" or _git(root, "status", "--porcelain"):
        return ""
    return _git(root, "rev-parse", "HEAD") or ""


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints, or None where it fails."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout.strip()
