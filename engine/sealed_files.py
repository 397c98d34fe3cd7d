"""Sealed files: one float32 array in one file, with a digest by which damage is found.

A sealed file is an ordinary ``.npy`` file, followed by a SHA-256 of the entry's name and of all its bytes. So one
entry under the name of another is damage, too. ``engine.store`` decides on names and removal. Nothing is unpickled, and
no header is interpreted: it has to be the one of the array that is asked for.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from core.activations.mapped import release
from engine.private_arrays import Draft

_log = logging.getLogger(__name__)
_MARK = b"SHA-256:"  # before the digest, at the end of the file
_TRAILER = len(_MARK) + hashlib.sha256().digest_size
_CHUNK = 1 << 22  # bytes written at a time
_READ = 1 << 18  # bytes read at a time: they fit in the CPU cache
# A link, or a pipe that would keep the reader waiting, is no entry. Windows has neither flag.
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class DamagedError(ValueError):
    """A file is damaged, or is none that this server has written."""


def write_sealed(path: Path, name: str, array: np.ndarray) -> None:
    """Write an array to a new file; when this returns, it is on disk. OSError if the disk refuses it.

    Parameters
    ----------
    path : Path
        Nothing may have this name yet.
    name : str
        The name of the entry, which ``read_sealed`` must be given.
    array : ndarray of float32
    """
    rows = array.reshape(-1)
    step = _CHUNK // rows.itemsize
    with os.fdopen(os.open(path, _WRITE_FLAGS, 0o600), "wb") as file:
        header = _header(array.shape)
        digest = hashlib.sha256(name.encode() + header)
        file.write(header)
        for at in range(0, rows.size, step):
            piece = rows[at : at + step].data.cast("B")
            digest.update(piece)
            file.write(piece)
            release(array)
        file.write(_MARK + digest.digest())
        file.flush()
        os.fsync(file.fileno())


def read_sealed(path: Path, name: str, shape: tuple[int, ...], new: Callable[[], Draft]) -> np.ndarray:
    """Copy a file's array to a private one. The digest is that of the very bytes that are kept.

    Parameters
    ----------
    path : Path
    name : str
        The name of the entry.
    shape : tuple of int
        The required shape.
    new : callable
        Makes the array to copy to.

    Returns
    -------
    ndarray of float32
        Read-only, of shape ``shape``.

    Raises
    ------
    OSError
        The file does not exist, or cannot be opened. Its contents may still be valid.
    DamagedError
        The file is damaged, contains another array, or belongs to another user; the message says which.

    Examples
    --------
    >>> import tempfile
    >>> from engine.private_arrays import PrivateArrays
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, arrays = Path(folder) / "ones.npy", PrivateArrays(Path(folder), 1e6)
    ...     write_sealed(path, "ones", np.ones((2, 3), np.float32))
    ...     float(read_sealed(path, "ones", (2, 3), lambda: arrays.draft((2, 3), "ones")).sum())
    6.0
    """
    if path.is_symlink():
        raise DamagedError("it is a link")
    with os.fdopen(os.open(path, _READ_FLAGS), "rb", buffering=0) as file:
        _check_kind(os.fstat(file.fileno()))
        header, size = _header(shape), 4 * math.prod(shape)
        if os.fstat(file.fileno()).st_size != len(header) + size + _TRAILER or file.read(len(header)) != header:
            raise DamagedError(f"it does not hold float32 of shape {shape}")
        draft, digest = new(), hashlib.sha256(name.encode() + header)
        _copy(file, draft, size, digest)
        if file.read(_TRAILER) != _MARK + digest.digest():
            raise DamagedError("its digest is another")
    return draft.finish()


def remove(path: Path) -> bool:
    """Remove a file, if it exists; False if the system refuses.

    Windows refuses while a process has the file open. Every system refuses without permission.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.info("A file cannot be removed for now: %s", str(error))
        return False
    return True


def is_trusted(owner: int) -> bool:
    """Whether what a user has written can be this process's own work, or that of the system's administrator."""
    return not hasattr(os, "geteuid") or owner in (os.geteuid(), 0)


def _check_kind(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise DamagedError("it is no file")
    if not is_trusted(state.st_uid):
        raise DamagedError("it belongs to another user")


def _copy(file: IO[bytes], draft: Draft, size: int, digest: hashlib._Hash) -> None:
    buffer, remaining = memoryview(bytearray(min(_READ, size))), size
    while remaining > 0 and (n_read := file.readinto(buffer[: min(remaining, _READ)])):  # type: ignore[attr-defined]
        piece = buffer[:n_read]
        digest.update(piece)
        draft.write(piece)
        remaining -= n_read


def _header(shape: tuple[int, ...]) -> bytes:
    """The first bytes of a ``.npy`` file of a float32 array."""
    header = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(np.dtype(np.float32))
    whole = tuple(int(n) for n in shape)
    np.lib.format.write_array_header_1_0(header, {"descr": descr, "fortran_order": False, "shape": whole})
    return header.getvalue()
