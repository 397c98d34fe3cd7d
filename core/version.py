"""The version of this project, which exports name, and its commit. A build reads the version here."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

__version__ = "0.1.0"

_ROOT = Path(__file__).resolve().parents[1]
# A build may leave the commit that it was made from in this file, a line of hexadecimal digits: there is no .git then.
COMMIT_FILE = Path(__file__).with_name("commit.txt")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def commit(root: Path = _ROOT, file: Path = COMMIT_FILE) -> str | None:
    """The commit of this code: of a checkout, of the file that a build left, or of pip's record; None if none is known.

    Nothing is run, and whatever is missing or damaged is passed over.

    Examples
    --------
    >>> commit(Path("no such folder"), Path("no such file")) is None
    True
    """
    for found in (_of_checkout(root / ".git"), _first_line(file), _of_pip(root)):
        if found and _HASH.fullmatch(found):
            return found
    return None


def version_line(program: str) -> str:
    """A program's name, the version, and the commit where it is known.

    Examples
    --------
    >>> version_line("grammar-neurons").startswith(f"grammar-neurons {__version__}")
    True
    """
    known = commit()
    return f"{program} {__version__}" + (f" (commit {known[:12]})" if known else "")


def _of_checkout(git: Path) -> str:
    """The commit that HEAD names. A worktree's ``.git`` is a file, and its branches are in the main checkout."""
    if line := _first_line(git).removeprefix("gitdir: "):
        git = git.parent / line  # which is ``line`` where that is absolute
    head = _first_line(git / "HEAD")
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    common = git / (_first_line(git / "commondir") or ".")
    packed = (line.split(" ", 1) for line in _text(common / "packed-refs").splitlines() if line.endswith(f" {name}"))
    return _first_line(git / name) or _first_line(common / name) or next((line[0] for line in packed), "")


def _of_pip(root: Path) -> str:
    """The commit that pip installed from a repository's address, if this code is what it installed."""
    try:
        installed = metadata.distribution("grammar-neurons")
        if Path(str(installed.locate_file(""))).resolve() != root:
            return ""
        return str(json.loads(installed.read_text("direct_url.json") or "{}")["vcs_info"]["commit_id"])
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError, OSError):
        return ""


def _first_line(file: Path) -> str:
    return _text(file).split("\n", 1)[0].strip()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else ""
    except (OSError, ValueError):
        return ""
