"""Arrays that tests keep in a store: what each key's holds, and who made it. For processes of their own, too."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from engine import store
from engine.private_arrays import Fill
from tests.support.faults import PATIENCE

SHAPE = (4, 1000)
SMALL = (2, 3, 5)

# In a child: a store in the folder of the first argument; whatever is made is noted in the file ``made`` beside it.
STORE = """
import os, sys, time
from pathlib import Path
from engine import sealed_files
from engine.store import ArrayStore
from tests.support import arrays
from tests.support.arrays import SHAPE, entry, never, say, values
folder = Path(sys.argv[1])
def store(max_entries=100, **options):
    return ArrayStore(folder, 1e9, max_entries, **options)
def fill_of(key, until=lambda: None):
    return arrays.fill_of(key, folder.parent / "made", until)
"""

UNLINKED = "import tempfile\ntempfile._O_TMPFILE_WORKS = False\n"  # as on macOS, and on file servers


def say(line: str) -> None:
    """Tell whoever started this process (tests.support.faults.Child) how far it is."""
    print(line, flush=True)


def values(key: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """What the array of a key is to hold."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def fill_of(
    key: str, log: Path | None = None, until: Callable[[], object] = lambda: None
) -> Callable[[np.ndarray], None]:
    """Fill an array with a key's values; ``log`` gets a line each time, and ``until`` may wait for others first."""

    def fill(out: np.ndarray) -> None:
        if log is not None:
            with log.open("a", encoding="utf-8") as lines:
                lines.write(f"{key}\n")
        until()
        out[...] = values(key, out.shape)

    return fill


def never(out: np.ndarray) -> None:
    """For an array that is there already."""
    raise AssertionError("it was there, and is made anew")


def entry(folder: Path, key: str) -> Path:
    """The file in which a store keeps a key's array."""
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"


def npy_files(folder: Path) -> list[Path]:
    """The entries of a store's folder."""
    return sorted(folder.glob("*.npy"))


def files(folder: Path) -> list[str]:
    """What lies in a store's folder, by its kind."""
    return sorted(path.suffix for path in folder.iterdir() if not path.name.startswith("lock-"))


def made(folder: Path) -> list[str]:
    """The keys whose arrays children made, one for each time."""
    return sorted((folder.parent / "made").read_text(encoding="utf-8").split())


def note_lock_requests(note: Callable[[], object], patch: pytest.MonkeyPatch | None = None) -> None:
    """Have ``note`` called whenever a store of this process is about to wait for a key's lock."""

    class NotingLock(FileLock):
        def acquire(self, timeout: float | None = None, **options: object) -> object:
            if timeout != 0:
                note()
            return super().acquire(timeout=timeout, **options)

    (patch.setattr if patch else setattr)(store, "FileLock", NotingLock)


class Gathering:
    """Processes that wait for each other at a store's locks, by files in a folder.

    Each makes one, and arrays are filled by ``fill_of(key, until=gathering.complete)`` only when as many as
    ``size`` have asked for a lock.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self._size = folder, size
        folder.mkdir(exist_ok=True)
        note_lock_requests((folder / str(os.getpid())).touch)

    def complete(self) -> None:
        end = time.monotonic() + PATIENCE
        while len(list(self._folder.iterdir())) < self._size:
            assert time.monotonic() < end, "the others never asked"
            time.sleep(0.01)


def counting(first: float, calls: list[float] | None = None) -> Fill:
    """A fill that writes first, first + 1, ... and notes that it ran."""

    def fill(out: np.ndarray) -> None:
        if calls is not None:
            calls.append(first)
        out[...] = np.arange(first, first + out.size).reshape(out.shape)

    return fill


def counted(first: float, shape: tuple[int, ...] = SMALL) -> np.ndarray:
    """What ``counting`` writes."""
    return np.arange(first, first + np.prod(shape), dtype=np.float32).reshape(shape)
