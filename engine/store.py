"""A cache of arrays on disk. Processes can share its folder: each array is computed once, and damage is detected.

    store = ArrayStore(folder, max_bytes=4e9, max_entries=500)
    values = store.obtain("key", (12, 200, 3072), fill)   # fill(out) is called only if the key is not in the folder

An entry is one sealed file (``engine.sealed_files``), which is memory-mapped. It is written under a temporary name,
and renamed when it is complete. So a killed process leaves either a complete entry, or a partial file that is never
read.

Windows does not rename or remove a file that a process has mapped. So a file is unmapped before it is renamed, and
mapped again afterwards. A file that cannot be removed yet is tried again at each eviction.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from engine.sealed_files import DamagedError, DiskError, Fill, Identity, map_sealed, remove, rename, write_sealed

_log = logging.getLogger(__name__)
# Keys share a fixed number of lock files, so that the folder does not fill up with locks of old keys.
_LOCKS = 64
_CLOCK_TOLERANCE = 60 * 10**9  # nanoseconds by which a file server's clock may be ahead
_PART = re.compile(r"([0-9a-f]{64})\.[^.]+\.part")


class ArrayStore:
    """An LRU cache of float32 arrays in a folder, bounded in bytes and entries.

    Threads and processes may share a folder. If the folder is not writable (read-only, full, no permission), arrays
    are made in memory.

    Parameters
    ----------
    folder : Path
        Created with the first array.
    max_bytes : float
        The limit for all entries together. A larger array is made in memory. The newest entry stays, even if its
        header exceeds the limit. On Windows, an entry that a process has mapped stays until a later eviction.
    max_entries : int
    lock_seconds : float
        How long to wait for another process that computes the same array, before it is computed here too.
    min_bytes : float
        Smaller arrays are made in memory, and not stored.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    >>> store = ArrayStore(Path(folder.name), max_bytes=1e9, max_entries=100)
    >>> store.obtain("key", (2, 3), lambda out: out.fill(1)).shape
    (2, 3)
    >>> float(store.obtain("key", (2, 3), lambda out: out.fill(2)).sum())  # stored already: fill is not called
    6.0
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: float,
        max_entries: int,
        lock_seconds: float = 600.0,
        min_bytes: float = 0.0,
    ) -> None:
        self._folder, self._max_bytes, self._max_entries = folder, max_bytes, max_entries
        self._lock_seconds, self._min_bytes = lock_seconds, min_bytes
        self._checked: dict[str, Identity] = {}  # entries whose digest this process has checked
        self._damaged: dict[str, Identity] = {}  # damaged entries that could not be removed yet
        self._remove_leftover_parts()

    def obtain(self, key: str, shape: tuple[int, ...], fill: Fill) -> np.ndarray:
        """The array of a key. If it is not stored yet, ``fill`` computes it.

        Parameters
        ----------
        key : str
            Any text. It must contain everything that the values depend on.
        shape : tuple of int
        fill : callable
            Called with a float32 array of ``shape``, to write the values to. If the disk fails after the first call,
            it is called again with another array. If it raises, the exception is raised here, and there is no entry.
            It must not keep a view of the array: on Windows the array would then not be stored.

        Returns
        -------
        ndarray of float32
            Of shape ``shape``, read-only; mapped from its file, or in memory.
        """
        size = 4 * math.prod(shape)
        if size < self._min_bytes:
            return _in_memory(shape, fill)
        name = hashlib.sha256(key.encode()).hexdigest()
        stored = self._read(name, shape)
        if stored is not None:
            return stored
        if size > self._max_bytes:
            return _in_memory(shape, fill)
        with self._locked(name) as locked:
            if not locked:
                return _in_memory(shape, fill)
            stored = self._read(name, shape)  # another process may have written it while this one waited for the lock
            if stored is not None:
                return stored
            array = self._make(name, shape, fill)
        self._evict(name)
        return array

    def _read(self, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
        """The entry; None if there is none, or if it is damaged. A damaged entry is removed."""
        path = self._path(name)
        try:
            array, identity = map_sealed(path, shape, self._checked.get(name))
        except FileNotFoundError:
            return None
        except OSError as error:  # no permission, too many open files: the entry itself may be valid
            _log.warning("A stored array cannot be read and is computed again: %s", str(error))
            return None
        except DamagedError as error:
            _log.warning("A stored array is damaged and is computed again: %s", str(error))
            if not remove(path):  # it is ignored until it can be removed
                self._damaged[name] = error.identity
            return None
        self._checked[name] = identity
        with contextlib.suppress(OSError):  # a failure affects only the order of eviction
            os.utime(path)
        return array

    def _make(self, name: str, shape: tuple[int, ...], fill: Fill) -> np.ndarray:
        """Fill a new entry, while its key is locked. If the disk refuses it, the array is made in memory."""
        part = self._folder / f"{name}.{os.getpid()}-{secrets.token_hex(4)}.part"
        array = None
        try:
            identity = write_sealed(part, shape, fill)
            array = self._put(part, name, shape, identity)
        except DiskError as error:
            _log.warning("The cache folder does not take an array, which is kept in memory: %s", str(error))
        finally:
            remove(part)  # usually renamed already; if this fails, a later eviction or start removes it
        # Not in the except block: there, the error still holds the file and its disk space.
        return _in_memory(shape, fill) if array is None else array

    def _put(self, part: Path, name: str, shape: tuple[int, ...], identity: Identity) -> np.ndarray | None:
        """Rename a sealed file to its final name, and map it; None if another process has removed it since."""
        if rename(part, self._path(name)):
            self._checked[name] = identity
            return self._read(name, shape)
        # Another process has mapped the old entry; or ``fill`` kept a view of the new one.
        with contextlib.suppress(OSError, DamagedError):
            array, self._checked[name] = map_sealed(self._path(name), shape)
            return array
        with contextlib.suppress(OSError):
            return map_sealed(part, shape, identity)[0]  # the mapping stays valid when the file is removed
        return None

    @contextlib.contextmanager
    def _locked(self, name: str, timeout: float | None = None) -> Iterator[bool]:
        """Lock a key against other threads and processes. Yields False if the lock cannot be acquired."""
        lock = FileLock(self._folder / f"lock-{int(name[:8], 16) % _LOCKS:02d}", thread_local=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=self._lock_seconds if timeout is None else timeout)
        except (OSError, Timeout) as error:
            if timeout != 0:
                _log.warning("The cache folder cannot be used for now: %s", str(error))
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _remove_leftover_parts(self) -> None:
        """Remove partial files that no process is writing: from killed processes, or after a refused rename."""
        for part in self._folder.glob("*.part"):
            if match := _PART.fullmatch(part.name):
                with self._locked(match[1], timeout=0) as locked:
                    if locked:
                        remove(part)

    def _evict(self, newest: str) -> None:
        """Remove the least recently used entries beyond the limits, except the newest, and leftover partial files."""
        entries = []
        # A last use in the future is from before the clock was corrected. Such an entry is evicted first: by its own
        # time it could stay for years.
        now = time.time_ns() + _CLOCK_TOLERANCE
        for path in self._folder.glob("*.npy"):
            with contextlib.suppress(FileNotFoundError):  # another process has removed it
                state = path.stat()
                last_use = state.st_mtime_ns
                entries.append((path.stem == newest, last_use <= now, last_use, state.st_size, state.st_ino, path))
        entries.sort(reverse=True)  # the newest first, then by last use
        total = 0
        for position, (is_newest, _, _, size, inode, path) in enumerate(entries):
            total += size
            beyond = not is_newest and (total > self._max_bytes or position >= self._max_entries)
            # A mapping stays valid after the file is removed. On Windows, the file cannot be removed before.
            if (beyond or self._damaged.get(path.stem) == (inode, size)) and remove(path):
                self._checked.pop(path.stem, None)
                self._damaged.pop(path.stem, None)
        self._remove_leftover_parts()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npy"


def _in_memory(shape: tuple[int, ...], fill: Fill) -> np.ndarray:
    array = np.empty(shape, dtype=np.float32)
    fill(array)
    array.flags.writeable = False
    return array
