"""A system that, like Windows, neither renames nor removes a file that any process has open or mapped.

It is found out anew at each call, from what Linux says of every process; so nothing need be told to this module
of what is mapped when. On Windows itself nothing is changed: there it is so.

from tests.support.like_windows import refuse_what_is_in_use   # in a child: refuse_what_is_in_use()
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_PROCESSES = Path("/proc")


def in_use(path: str | os.PathLike[str]) -> bool:
    """Whether a process, this or another of the same user, has a file open or mapped."""
    wanted = os.path.realpath(path)
    return any(wanted in files for files in _files_of_processes())


def _files_of_processes() -> Iterator[set[str]]:
    for process in _PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            mappings = [line.split(maxsplit=5) for line in (process / "maps").read_text(errors="replace").splitlines()]
            yield {fields[5] for fields in mappings if len(fields) == 6} | set(_open_files(process))


def _open_files(process: Path) -> Iterator[str]:
    for number in os.listdir(process / "fd"):
        with contextlib.suppress(OSError):  # closed since it was listed, as the listing's own is
            yield os.readlink(process / "fd" / number)


def _refusing(call: Callable[..., Any], n_paths: int) -> Callable[..., Any]:
    """A call of ``os`` that fails while one of its paths is in use."""

    def guarded(*arguments: Any, **options: Any) -> Any:
        for path in arguments[:n_paths]:
            if os.path.exists(path) and in_use(path):
                raise PermissionError(errno.EACCES, "The file is being used by another process", os.fspath(path))
        return call(*arguments, **options)

    return guarded


def refuse_what_is_in_use(patch: Callable[[Any, str, Any], None] = setattr) -> None:
    """Let ``os.replace``, ``os.rename``, ``os.remove`` and ``os.unlink`` refuse, by ``patch`` (monkeypatch's)."""
    if os.name == "nt":
        return
    if not (_PROCESSES / "self" / "maps").exists():
        pytest.skip("Only Linux says which files are mapped.")
    for name, n_paths in {"replace": 2, "rename": 2, "remove": 1, "unlink": 1}.items():
        patch(os, name, _refusing(getattr(os, name), n_paths))
