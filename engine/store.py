"""A cache of arrays on disk. Processes can share its folder: each array is computed once, and damage is detected.

    store = ArrayStore(folder, max_bytes=4e9, max_entries=500)
    values = store.obtain("key", (12, 200, 3072), fill)   # fill(out) is called only if the key is not in the folder

An entry is one sealed file (``engine.sealed_files``). It is written under a temporary name, and renamed when it is
complete. So a killed process leaves either a complete entry, or a partial file that is never read.

What is handed out is a copy of an entry that nobody else can reach (``engine.private_arrays``). So whatever becomes of
the files in the folder, nothing that is in use changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import mmap
import os
import re
import secrets
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from core.activations.mapped import mapping_of
from engine.private_arrays import Draft, Fill, MakeRoom, NotOnDiskError, PrivateArrays
from engine.sealed_files import DamagedError, is_trusted, read_sealed, remove, write_sealed

_log = logging.getLogger(__name__)
# Keys share a fixed number of lock files, so that the folder does not fill up with locks of old keys.
_LOCKS = 64
_CLOCK_TOLERANCE = 60 * 10**9  # nanoseconds by which a file server's clock may be ahead
_PART = re.compile(r"([0-9a-f]{64})\.[^.]+\.part")
_OTHERS_MAY_WRITE = 0o022


class ArrayStore:
    """An LRU cache of float32 arrays in a folder, bounded in bytes and entries.

    Threads and processes may share a folder. If the folder is not writable (read-only, full, no permission), arrays
    are made in memory. If other users may write to it, no entry is read or written.

    Parameters
    ----------
    folder : Path
        Created with the first array, for this user alone.
    max_bytes : float
        The limit for all entries together; and, once more, for the copies that are in use here. A larger array is made
        in memory. The newest entry stays, even if its header exceeds the limit.
    max_entries : int
    lock_seconds : float
        How long to wait for another process that computes the same array, before it is computed here too.
    min_bytes : float
        Smaller arrays are made in memory, and not stored.
    make_room : callable, optional
        Lets copies go when they would exceed the limit (``PrivateArrays``).

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    >>> store = ArrayStore(Path(folder.name) / "arrays", max_bytes=1e9, max_entries=100)
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
        *,
        make_room: MakeRoom | None = None,
    ) -> None:
        self._folder, self._max_bytes, self._max_entries = folder, max_bytes, max_entries
        self._lock_seconds, self._min_bytes = lock_seconds, min_bytes
        self._private = PrivateArrays(folder, max_bytes, make_room)
        self._in_use: weakref.WeakValueDictionary[tuple[str, tuple[int, ...]], mmap.mmap]
        self._in_use = weakref.WeakValueDictionary()
        self._refused = False
        with contextlib.suppress(OSError):  # there is no folder yet, or it may not be looked at
            if self._is_ours():
                self._remove_leftover_parts()

    def obtain(
        self,
        key: str,
        shape: tuple[int, ...],
        fill: Fill,
        *,
        mapped_only: bool = False,
        watch: Callable[[], None] = lambda: None,
    ) -> np.ndarray:
        """The array of a key. If it is not stored yet, ``fill`` computes it.

        Parameters
        ----------
        key : str
            Any text. It must contain everything that the values depend on.
        shape : tuple of int
        fill : callable
            Called with a float32 array of ``shape``, to write the values to. If it raises, the exception is raised
            here, and there is no entry.
        mapped_only : bool
            Refuse to make the array in memory, or to copy it there.
        watch : callable
            Called again and again while this waits for another that computes the same array. What it raises, is raised
            here.

        Returns
        -------
        ndarray of float32
            Of shape ``shape``, read-only; mapped from a file without a name, or in memory.

        Raises
        ------
        NotOnDiskError
            With ``mapped_only``, the array would be in memory. Nothing of it was read or computed.
        """
        if not self._min_bytes <= 4 * math.prod(shape) <= self._max_bytes:
            if mapped_only:
                raise NotOnDiskError
            return _in_memory(shape, fill)
        name = hashlib.sha256(key.encode()).hexdigest()

        def new() -> Draft:
            return self._private.draft(shape, f"{name}.", mapped_only=mapped_only)

        array = self._find(name, shape, new)
        if array is not None:
            return array
        with self._locked(name, watch=watch) as locked:
            if locked:  # another process may have written it while this one waited for the lock
                array = self._find(name, shape, new)
            if array is None:
                array = self._make(name, new(), fill, keep=locked)
        if locked:
            self._evict(name)
        return array

    def in_use(self) -> int:
        """The bytes on disk of the arrays that something still refers to, apart from the entries."""
        return self._private.bytes_used()

    def _find(self, name: str, shape: tuple[int, ...], new: Callable[[], Draft]) -> np.ndarray | None:
        """The array that is in use here, or in the folder; None if there is none, or if its file is damaged."""
        path, mapping = self._path(name), self._in_use.get((name, shape))
        if mapping is not None:
            array = np.ndarray(shape, dtype=np.float32, buffer=mapping)
        else:
            try:
                if not self._is_ours():
                    return None
                array = read_sealed(path, name, shape, new)
            except FileNotFoundError:
                return None
            except OSError as error:  # no permission, too many open files: the entry itself may be valid
                _log.warning("A stored array cannot be read and is computed again: %s", str(error))
                return None
            except DamagedError as error:
                _log.warning("A stored array is damaged and is computed again: %s", str(error))
                remove(path)  # if that fails, the new entry replaces it
                return None
            self._note(name, array)
        with contextlib.suppress(OSError):  # a failure affects only the order of eviction
            os.utime(path)
        return array

    def _make(self, name: str, draft: Draft, fill: Fill, *, keep: bool) -> np.ndarray:
        """Fill a draft. With ``keep``, for which its key is locked, it is stored, unless the disk refuses it."""
        fill(draft.out())
        mapped = draft.mapped
        array = draft.finish()
        self._note(name, array)
        if not keep or (array.size and not mapped):  # the disk has refused it already
            return array
        part = self._folder / f"{name}.{os.getpid()}-{secrets.token_hex(4)}.part"
        try:
            write_sealed(part, name, array)
            os.replace(part, self._path(name))
        except OSError as error:  # Windows does not replace a file that somebody reads
            _log.warning("The cache folder does not take an array, which is not kept for later: %s", str(error))
            remove(part)  # if this fails, a later eviction or start removes it
        return array

    def _note(self, name: str, array: np.ndarray) -> None:
        """Remember an array while something refers to it, so that it is copied once."""
        if (mapping := mapping_of(array)) is not None:
            self._in_use[name, array.shape] = mapping

    def _is_ours(self) -> bool:
        """Whether no other user may write to the folder. A folder of this user's is closed to the others.

        FileNotFoundError if there is no folder.
        """
        if not hasattr(os, "geteuid"):  # Windows: a folder in the user's own is the user's
            return True
        state = self._folder.stat()
        if state.st_uid == os.geteuid() and state.st_mode & _OTHERS_MAY_WRITE:
            # Kubernetes opens all of a volume to its group when it mounts it.
            with contextlib.suppress(OSError):
                self._folder.chmod(0o700)
            state = self._folder.stat()
        if is_trusted(state.st_uid) and not state.st_mode & _OTHERS_MAY_WRITE:
            return True
        if not self._refused:
            self._refused = True
            _log.warning("Other users may write to the folder of activations: nothing in it is read or kept.")
        return False

    @contextlib.contextmanager
    def _locked(
        self, name: str, timeout: float | None = None, watch: Callable[[], None] = lambda: None
    ) -> Iterator[bool]:
        """Lock a key against other threads and processes. Yields False if the lock cannot be acquired."""

        def has_to_stop() -> bool:
            watch()  # it raises
            return False

        lock = FileLock(self._folder / f"lock-{int(name[:8], 16) % _LOCKS:02d}", thread_local=False)
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if self._is_ours():
                lock.acquire(timeout=self._lock_seconds if timeout is None else timeout, cancel_check=has_to_stop)
        except (OSError, Timeout) as error:
            if timeout != 0:
                _log.warning("The cache folder cannot be used for now: %s", str(error))
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def _remove_leftover_parts(self) -> None:
        """Remove partial files that no process is writing: from killed processes."""
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
                state = path.lstat()
                last_use = state.st_mtime_ns
                entries.append((path.stem == newest, last_use <= now, last_use, state.st_size, path))
        entries.sort(reverse=True)  # the newest first, then by last use
        total = 0
        for position, (is_newest, _, _, size, path) in enumerate(entries):
            total += size
            beyond = not is_newest and (total > self._max_bytes or position >= self._max_entries)
            if beyond:
                remove(path)
        self._remove_leftover_parts()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.npy"


def _in_memory(shape: tuple[int, ...], fill: Fill) -> np.ndarray:
    array = np.empty(shape, dtype=np.float32)
    fill(array)
    array.flags.writeable = False
    return array
