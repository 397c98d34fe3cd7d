"""What pyproject.toml cannot say of a wheel: the dependencies in requirements.in, and the commit it is made from."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

COMMIT = "commit.txt"  # in the root of a source archive, and beside app.py in a wheel


class Dependencies(MetadataHookInterface):
    """The lines of requirements.in are the dependencies: the lock is made from the same file."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the dependencies."""
        lines = Path(self.root, "requirements.in").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]


class Commit(BuildHookInterface):
    """Where Git knows the commit, or a source archive has it, a file of one line goes into what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file, and add it to what is built."""
        commit = commit_of(Path(self.root))
        if not commit or version == "editable":
            return
        file = Path(self.directory, COMMIT)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{commit}\n", encoding="utf-8")
        place = f"grammar_neurons/tree/{COMMIT}" if self.target_name == "wheel" else COMMIT
        build_data["force_include"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file again."""
        Path(self.directory, COMMIT).unlink(missing_ok=True)


def commit_of(root: Path) -> str:
    """The commit of a checkout or of an unpacked source archive; empty where neither is known.

    A folder inside another project's checkout has no commit of its own. ``+changes`` follows where files differ.
    """
    if (root / COMMIT).is_file():
        return (root / COMMIT).read_text(encoding="utf-8").strip()
    if not shutil.which("git") or _git(root, "rev-parse", "--show-prefix") != "":
        return ""
    commit = _git(root, "rev-parse", "HEAD") or ""
    return f"{commit}+changes" if commit and _git(root, "status", "--porcelain", "--untracked-files=no") else commit


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints, or None where it fails."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout.strip()
