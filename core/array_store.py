"""Arrays kept on disk: made once for all processes that share the folder, and never read back damaged.

    store = ArrayStore(folder, max_bytes=4e9, max_entries=500)
    values = store.obtain("key", (12, 200, 3072), fill)   # fill(out) runs only where the folder lacks the key

An entry is one ``.npy`` file, memory-mapped, with a SHA-256 of all its bytes behind the array. It is written
under another name and renamed when it is whole, so that a process killed at any moment leaves either the
whole entry or rubbish that nobody reads. Nothing here is ever unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import mmap
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock, Timeout

Fill = Callable[[np.ndarray], None]

_log = logging.getLogger(__name__)
_MARK = b"SHA-256:"  # before the digest, at the end of the file
_TRAILER = len(_MARK) + hashlib.sha256().digest_size
# Locks are shared by the keys of one number, so that the folder holds no lock for every key that ever was.
_LOCKS = 64
_CHUNK = 1 << 22
_CLOCKS_DIFFER = 60 * 10**9  # nanoseconds by which a file server's clock may be ahead


class ArrayStore:
    """A folder of float32 arrays by key, bounded in bytes and entries; the least recently used go first.

    Where the folder cannot be written (read-only, full, no right to it), arrays are made in memory instead.
    ``patience`` is how many seconds to wait for another process that makes the same array, before making it
    here too.
    """

    def __init__(self, folder: Path, max_bytes: float, max_entries: int, patience: float = 600.0) -> None:
        self._folder, self._max_bytes, self._max_entries, self._patience = folder, max_bytes, max_entries, patience
        # Entries whose digest this process has checked, as (inode, size): a file is not checked twice.
        self._checked: dict[str, tuple[int, int]] = {}
        self._remove_rubbish()

    def obtain(self, key: str, shape: tuple[int, ...], fill: Fill) -> np.ndarray:
        """The array of a key, read-only; ``fill`` is given an empty one of ``shape`` where there is none yet.

        Whatever ``fill`` raises is raised here, and leaves no entry.
        """
        name = hashlib.sha256(key.encode()).hexdigest()
        kept = self._read(name, shape)
        if kept is None and 4 * math.prod(shape) <= self._max_bytes:
            with self._locked(name) as locked:
                if locked:
                    # Another process may have made it while this one waited for the lock.
                    kept = self._read(name, shape)
                    return self._make(name, shape, fill) if kept is None else kept
        return _in_memory(shape, fill) if kept is None else kept

    def _read(self, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
        """The entry, if it is there and whole. A damaged one is removed, and counts as not there."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                state = os.fstat(file.fileno())
                if self._checked.get(name) != (state.st_ino, state.st_size):
                    _check_digest(file, state.st_size)
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"it is {array.dtype} of shape {array.shape}")
        except FileNotFoundError:
            return None
        except OSError as error:  # no right to it, too many open files: that says nothing against the entry
            _log.warning("A kept array cannot be read and is made anew: %s", error)
            return None
        except ValueError as error:
            _log.warning("A kept array is damaged and is made anew: %s", error)
            with contextlib.suppress(OSError):  # in a read-only folder it stays, and is passed over each time
                path.unlink()
            return None
        self._checked[name] = (state.st_ino, state.st_size)
        with contextlib.suppress(OSError):  # only the order of forgetting suffers
            os.utime(path)
        return array.view(np.ndarray)

    def _make(self, name: str, shape: tuple[int, ...], fill: Fill) -> np.ndarray:
        """Fill a new entry; its key is locked. Where the disk does not take it, the array is made in memory."""
        part = self._folder / f"{name}.{os.getpid()}-{secrets.token_hex(4)}.part"
        out = None
        try:
            out = _allocate(part, shape)
        except OSError as error:
            _log.warning("The cache folder does not take an array, which is kept in memory: %s", error)
            with contextlib.suppress(OSError):
                part.unlink()
        if out is None:  # here, because the error above holds the file, and the room that it takes
            return _in_memory(shape, fill)
        try:
            fill(out)
            try:
                out.flush()
                _seal(part)
                state = part.stat()  # now: as soon as it is renamed, another process may evict it
                os.replace(part, self._path(name))
            except OSError as error:
                _log.warning("An array could not be kept: %s", error)
            else:
                self._checked[name] = (state.st_ino, state.st_size)
                self._forget_oldest(name)
        finally:
            with contextlib.suppress(OSError):  # renamed, as a rule; else rubbish that the next start removes
                part.unlink()
        array = out.view(np.ndarray)  # the mapping stays whatever becomes of the file's name
        array.flags.writeable = False
        return array

    @contextlib.contextmanager
    def _locked(self, name: str, timeout: float | None = None) -> Iterator[bool]:
        """Hold the lock of a key against other threads and processes; False where that cannot be had."""
        lock = FileLock(self._folder / f"lock-{int(name[:8], 16) % _LOCKS:02d}", thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=self._patience if timeout is None else timeout)
        except (OSError, Timeout) as error:
            if timeout != 0:
                _log.warning("The cache folder cannot be used for now: %s", error)
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _remove_rubbish(self) -> None:
        """Remove what processes that were killed left half written: parts whose key nobody holds."""
        for part in self._folder.glob("*.part"):
            with self._locked(part.name.partition(".")[0], timeout=0) as locked:
                if locked:
                    with contextlib.suppress(OSError):  # gone already, or not ours to remove
                        part.unlink()

    def _forget_oldest(self, newest: str) -> None:
        """Remove the least recently used entries beyond the bounds, never the one just made."""
        entries = []
        # What was last used in the future was used before the clock was put right. It goes first: by its own time
        # it would outlive everything else, for years.
        now = time.time_ns() + _CLOCKS_DIFFER
        for path in self._folder.glob("*.npy"):
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                state = path.stat()
                last_use = state.st_mtime_ns
                entries.append((path.stem == newest, last_use <= now, last_use, state.st_size, path))
        entries.sort(reverse=True)  # the newest first, then by last use
        total = 0
        for position, (is_newest, _, _, size, path) in enumerate(entries):
            total += size
            if not is_newest and (total > self._max_bytes or position >= self._max_entries):
                with contextlib.suppress(OSError):  # gone already, or another user's
                    path.unlink()  # whoever has it mapped keeps it until they let go
                self._checked.pop(path.stem, None)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npy"


def release(array: np.ndarray) -> None:
    """Let the pages of a mapped array leave this process's memory; their contents stay in the file.

    Does nothing to an array that is in memory, or where the system knows no such call.
    """
    mapping = mapping_of(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)  # the mappings here are shared with their files: nothing written is lost


def mapping_of(array: np.ndarray) -> mmap.mmap | None:
    """The mapped file that an array, or what it is a view of, lies in; None where it is in memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def _in_memory(shape: tuple[int, ...], fill: Fill) -> np.ndarray:
    array = np.empty(shape, dtype=np.float32)
    fill(array)
    array.flags.writeable = False
    return array


def _allocate(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A new .npy file with room for the array and its digest; OSError where the disk is too full for it.

    The room is taken at once: a mapped page that the disk cannot hold would kill the process later.
    """
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size + _TRAILER
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:  # macOS, Windows: what is written takes room
            file.seek(out.offset)
            for start in range(out.offset, size, _CHUNK):
                file.write(bytes(min(_CHUNK, size - start)))
    return out


def _seal(path: Path) -> None:
    """Write the digest of the file's bytes into the room behind them, and everything to the disk."""
    with path.open("r+b") as file:
        end = os.fstat(file.fileno()).st_size - _TRAILER
        digest = _digest(file, end)
        file.seek(end)
        file.write(_MARK + digest)
        file.flush()
        os.fsync(file.fileno())


def _check_digest(file: BinaryIO, size: int) -> None:
    """Raise ValueError unless the file ends with the digest of all that stands before."""
    end = size - _TRAILER
    if end <= 0 or _MARK + _digest(file, end) != file.read(_TRAILER):
        raise ValueError("its digest is another")


def _digest(file: BinaryIO, end: int) -> bytes:
    """SHA-256 of the first ``end`` bytes; leaves the file at their end."""
    digest = hashlib.sha256()
    file.seek(0)
    left = end
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.digest()
