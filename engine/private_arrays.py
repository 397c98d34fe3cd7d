"""Arrays that no other program can reach: mapped from files without a name, or in memory.

Whoever may write to the cache folder can truncate a file in it, which ends each process that reads the file by a
mapping (SIGBUS), or overwrite it, which changes values while they are in use. So no file with a name is ever mapped.
"""

from __future__ import annotations

import logging
import math
import mmap
import os
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

_log = logging.getLogger(__name__)
_ZEROS = 1 << 22  # bytes written at a time where space cannot be allocated

Fill = Callable[[np.ndarray], None]
MakeRoom = Callable[[Callable[[], bool]], None]


class NotOnDiskError(Exception):
    """There is no room for a file, and an array in memory was not wanted. Nothing was read or computed yet."""


class Draft:
    """A new float32 array, while it is written: by ``write``, piece by piece, or through ``out``. Then ``finish``."""

    def __init__(self, shape: tuple[int, ...], file: IO[bytes] | None, register: Callable[[mmap.mmap], None]) -> None:
        self.size = 4 * math.prod(shape)
        self._shape, self._file, self._register, self._written = shape, file, register, 0
        self._array: np.ndarray = np.empty(shape if file is None else 0, dtype=np.float32)

    @property
    def mapped(self) -> bool:
        """Whether the array is in a file."""
        return self._file is not None

    def write(self, piece: memoryview) -> None:
        """Write the next bytes; OSError if the disk fails."""
        if self._file is not None:
            self._file.write(piece)
        else:
            end = self._written + len(piece)
            self._array.reshape(-1).view(np.uint8)[self._written : end] = piece
            self._written = end

    def out(self) -> np.ndarray:
        """The array, to be written to. Of a file, it is mapped anew at each call."""
        return self._array if self._file is None else self._mapped(self._file, mmap.ACCESS_WRITE)

    def finish(self) -> np.ndarray:
        """The array, read-only. The draft is over; OSError if the disk fails."""
        if self._file is None:
            self._array.flags.writeable = False
            return self._array
        self._file.flush()
        array = self._mapped(self._file, mmap.ACCESS_READ)
        self._register(array.base)  # type: ignore[arg-type]
        self.size = 0
        self._file.close()  # the mapping keeps it
        return array

    def _mapped(self, file: IO[bytes], access: int) -> np.ndarray:
        mapping = mmap.mmap(file.fileno(), 4 * math.prod(self._shape), access=access)
        return np.ndarray(self._shape, dtype=np.float32, buffer=mapping)


class PrivateArrays:
    """New arrays in files without a name, bounded in bytes; in memory where there is no room for the file.

    The disk space of a file is free again when nothing refers to its array any more, or the process has ended.

    Parameters
    ----------
    folder : Path
        On the disk that the files take space of.
    max_bytes : float
        The limit for all arrays of this object together that something still refers to.
    make_room : callable, optional
        Called with a function when an array would exceed the limit. It lets arrays go until the function returns True.

    Examples
    --------
    >>> draft = PrivateArrays(Path(tempfile.gettempdir()), max_bytes=1e6).draft((2, 3), "ones")
    >>> draft.out().fill(1)
    >>> array = draft.finish()
    >>> array.sum(), array.flags.writeable
    (np.float32(6.0), False)
    """

    def __init__(self, folder: Path, max_bytes: float, make_room: MakeRoom | None = None) -> None:
        self._folder, self._max_bytes, self._make_room = folder, max_bytes, make_room
        self._lock = threading.Lock()
        self._drafts: weakref.WeakSet[Draft] = weakref.WeakSet()
        self._mappings: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()

    def draft(self, shape: tuple[int, ...], prefix: str, *, mapped_only: bool = False) -> Draft:
        """A new array. ``prefix`` begins the name of its file on systems where each file has one until it is closed.

        Raises
        ------
        NotOnDiskError
            With ``mapped_only``, it would be in memory.
        """
        with self._lock:
            file = self._file(4 * math.prod(shape), prefix)
            if mapped_only and file is None:
                raise NotOnDiskError
            draft = Draft(shape, file, self._keep)
            if draft.mapped:
                self._drafts.add(draft)
        return draft

    def bytes_used(self) -> int:
        """The disk space of the arrays that something refers to."""
        return sum(draft.size for draft in self._drafts) + sum(len(mapping) for mapping in self._mappings)

    def _keep(self, mapping: mmap.mmap) -> None:
        with self._lock:
            self._mappings.add(mapping)

    def _file(self, size: int, prefix: str) -> IO[bytes] | None:
        """A file with space for an array; None if there is none, or if the array is empty."""
        if size == 0:
            return None
        if not self._fits(size) and self._make_room:
            self._make_room(lambda: self._fits(size))
        if not self._fits(size):
            _log.warning("Arrays in use take all of the %d MB for them on disk: one is kept in memory.", self._mb)
            return None
        try:
            file = tempfile.TemporaryFile(dir=self._folder, prefix=prefix, suffix=".part")  # noqa: SIM115 - the draft's
        except OSError as error:
            _log.warning("The cache folder does not take an array, which is kept in memory: %s", str(error))
            return None
        try:
            _allocate(file, size)
        except OSError as error:
            file.close()
            _log.warning("The cache folder does not take an array, which is kept in memory: %s", str(error))
            return None
        return file

    def _fits(self, size: int) -> bool:
        return self.bytes_used() + size <= self._max_bytes

    @property
    def _mb(self) -> int:
        return int(self._max_bytes / 1e6)


def _allocate(file: IO[bytes], size: int) -> None:
    """Take disk space now: a page of a mapping that the disk has no space for would end the process later (SIGBUS)."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for at in range(0, size, _ZEROS):  # macOS, Windows
        file.write(bytes(min(_ZEROS, size - at)))
    file.flush()
    file.seek(0)
