"""Sealed files: one float32 array in one file, memory-mapped, with a digest that detects damage.

A sealed file is an ordinary ``.npy`` file, followed by the SHA-256 of all its bytes. ``engine.store`` decides on names
and removal. Nothing is unpickled.

Errors are logged as text. A logged exception would keep its frames alive, and with them mapped arrays.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from io import BufferedRandom, BufferedReader
from pathlib import Path

import numpy as np

Fill = Callable[[np.ndarray], None]
Identity = tuple[int, int]  # inode and size: a file with the same two counts as the one that was checked

_log = logging.getLogger(__name__)
_MARK = b"SHA-256:"  # before the digest, at the end of the file
_TRAILER = len(_MARK) + hashlib.sha256().digest_size
_CHUNK = 1 << 22  # bytes written at a time
_READ = 1 << 18  # bytes read at a time: they fit in the CPU cache
_PAUSES = (0.05, 0.2)  # seconds between attempts to rename a file that, for example, a virus scanner has open


class DiskError(Exception):
    """A file cannot be written. An exception from ``fill`` is never converted to this."""


class DamagedError(ValueError):
    """A file is damaged, or contains another array. ``identity`` is the file that was checked."""

    def __init__(self, sentence: str, identity: Identity) -> None:
        super().__init__(sentence)
        self.identity = identity


def write_sealed(path: Path, shape: tuple[int, ...], fill: Fill) -> Identity:
    """Write a new sealed file. When this returns, the file is on disk, and is neither open nor mapped here.

    Parameters
    ----------
    path : Path
        An existing file is overwritten.
    shape : tuple of int
    fill : callable
        Called with a mapped float32 array of ``shape``, to write the values to. Its exceptions are raised here.

    Returns
    -------
    (int, int)
        Inode and size, which ``map_sealed`` compares.

    Raises
    ------
    DiskError
        The disk is full, or the file cannot be written for another reason.
    """
    with _disk_errors():
        out = _allocate(path, shape)
    try:
        fill(out)
        with _disk_errors():
            out.flush()
    finally:
        # This closes the mapping, unless ``fill`` kept a view. ``mmap.close()`` would be wrong: it succeeds although
        # NumPy arrays still use the mapping, and the next access to one of them crashes the process.
        del out
    with _disk_errors():
        return _seal(path)


def map_sealed(path: Path, shape: tuple[int, ...], trusted: Identity | None = None) -> tuple[np.ndarray, Identity]:
    """Map a sealed file's array, read-only, after a check of its digest.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        The required shape.
    trusted : (int, int), optional
        If inode and size are equal to these, the digest is not checked.

    Returns
    -------
    ndarray of float32, and the file's inode and size

    Raises
    ------
    OSError
        The file does not exist, or cannot be opened. Its contents may still be valid.
    DamagedError
        The file is damaged, or contains another array; the message says which.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    ...     path = Path(folder) / "ones.npy"
    ...     _ = write_sealed(path, (2, 3), lambda out: out.fill(1))
    ...     array, _ = map_sealed(path, (2, 3))
    >>> array.sum(), array.flags.writeable
    (np.float32(6.0), False)
    """
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        identity = state.st_ino, state.st_size
        if identity != trusted and not _has_its_digest(file, state.st_size):
            raise DamagedError("its digest is another", identity)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise DamagedError(str(error), identity) from error
    if array.shape != shape or array.dtype != np.float32:
        found = f"it is {array.dtype} of shape {array.shape}"
        del array  # the exception would keep it mapped, and the caller may want to remove the file
        raise DamagedError(found, identity)
    return array.view(np.ndarray), identity


def rename(old: Path, new: Path) -> bool:
    """Rename a file, and replace an existing one; False if the system refuses.

    Windows refuses while a process has one of the two files open or mapped.
    """
    for pause in (*_PAUSES, None):
        try:
            os.replace(old, new)
        except PermissionError as error:
            if pause is None:
                _log.warning("A file cannot be renamed: %s", str(error))
                return False
        except OSError as error:
            _log.warning("A file cannot be renamed: %s", str(error))
            return False
        else:
            return True
        gc.collect()  # an array in a reference cycle (exceptions make such cycles) keeps its file mapped
        time.sleep(pause)
    return False


def remove(path: Path) -> bool:
    """Remove a file, if it exists; False if the system refuses.

    Windows refuses while a process has the file open or mapped. Every system refuses without permission.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.info("A file cannot be removed for now: %s", str(error))
        return False
    return True


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(str(error)) from error


def _allocate(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Create and map a .npy file with room for the array and its digest; OSError if the disk is too full.

    The disk space is allocated now. Otherwise, a mapped page without disk space would crash the process later.
    """
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
    with path.open("w+b") as file:
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        size = start + 4 * math.prod(shape) + _TRAILER
        if hasattr(os, "posix_fallocate"):
            file.flush()
            os.posix_fallocate(file.fileno(), 0, size)
        else:  # macOS, Windows: write zeros to allocate the space
            for at in range(start, size, _CHUNK):
                file.write(bytes(min(_CHUNK, size - at)))
    return np.lib.format.open_memmap(path, mode="r+")


def _seal(path: Path) -> Identity:
    """Write the digest of the file's bytes after them, and flush everything to disk."""
    with path.open("r+b") as file:
        state = os.fstat(file.fileno())
        end = state.st_size - _TRAILER
        digest = _digest(file, end)
        file.seek(end)
        file.write(_MARK + digest)
        file.flush()
        os.fsync(file.fileno())
    return state.st_ino, state.st_size


def _has_its_digest(file: BufferedReader | BufferedRandom, size: int) -> bool:
    """Whether the file ends with the digest of all bytes before it."""
    end = size - _TRAILER
    return end > 0 and _MARK + _digest(file, end) == file.read(_TRAILER)


def _digest(file: BufferedReader | BufferedRandom, end: int) -> bytes:
    """SHA-256 of the first ``end`` bytes. Afterwards, the file position is ``end``."""
    digest, buffer = hashlib.sha256(), memoryview(bytearray(_READ))
    file.seek(0)
    remaining = end
    while remaining > 0 and (n_read := file.readinto(buffer[: min(remaining, _READ)])):
        digest.update(buffer[:n_read])
        remaining -= n_read
    return digest.digest()
