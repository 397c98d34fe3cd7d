"""A box of memory for a server: a cgroup of the kernel's, made here or by systemd, else the process's own limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.watch import Watch

_ROOT = Path("/sys/fs/cgroup")
# The shell puts itself into the box before it becomes the server.
_ENTER = 'ulimit -Sn {files}; echo $$ > "$0" && exec "$@"'
_OWN_LIMIT = 'ulimit -Sn {files}; ulimit -d {kilobytes}; exec "$0" "$@"'
_SCOPE = ("systemd-run", "--user", "--scope", "--quiet")


@dataclass(frozen=True)
class Usage:
    """Bytes: all that the box is charged with, what is resident and of no file, and what cannot be taken back."""

    total: int
    resident: int
    kept: int


def read_flat(text: str) -> dict[str, int]:
    """The values of a file with a name and a number a line.

    Examples
    --------
    >>> read_flat("anon 4096\\ninactive_file 10\\n")
    {'anon': 4096, 'inactive_file': 10}
    """
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def usage_of(total: int, stat: Mapping[str, int]) -> Usage:
    """What a cgroup uses, of either version. As Kubernetes reckons, files that nobody reads now can be taken back.

    Examples
    --------
    >>> usage_of(100, {"total_rss": 60, "total_inactive_file": 30})
    Usage(total=100, resident=60, kept=70)
    >>> usage_of(100, {"anon": 60, "inactive_file": 30})
    Usage(total=100, resident=60, kept=70)
    """
    resident = stat.get("total_rss", stat.get("anon", 0))
    return Usage(total, resident, total - stat.get("total_inactive_file", stat.get("inactive_file", 0)))


class Box(ABC):
    """Where a server may use so much memory, and no more. ``inside`` is the command that runs a command in it."""

    what = ""
    inside: tuple[str, ...] = ()

    @abstractmethod
    def adopt(self, pid: int) -> None:
        """The server has started, with this process id."""

    @abstractmethod
    def usage(self) -> Usage | None:
        """What is used now; None where it cannot be read."""

    @abstractmethod
    def kills(self) -> int:
        """How often the kernel has ended a process of this box, since it wanted more."""

    @abstractmethod
    def peak(self) -> int | None:
        """The most that the box was ever charged with, by the kernel's own account; None where it keeps none."""


class CgroupBox(Box):
    """A cgroup of its own, of version 1 or 2; without a folder where systemd makes it, when the server starts."""

    def __init__(self, folder: Path | None, version: int, inside: tuple[str, ...], what: str) -> None:
        self.folder, self.version, self.inside, self.what = folder, version, inside, what

    def adopt(self, pid: int) -> None:
        """Find the cgroup that systemd has made."""
        if self.folder is None:
            line = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()[-1]
            self.folder = _ROOT / line.partition("::")[2].lstrip("/")

    def usage(self) -> Usage | None:
        """What the cgroup is charged with now."""
        total = self._number("memory.usage_in_bytes" if self.version == 1 else "memory.current")
        stat = self._text("memory.stat")
        return None if total is None or stat is None else usage_of(total, read_flat(stat))

    def kills(self) -> int:
        """As the kernel counts them."""
        text = self._text("memory.oom_control" if self.version == 1 else "memory.events")
        return read_flat(text or "").get("oom_kill", 0)

    def peak(self) -> int | None:
        """As the kernel keeps it."""
        return self._number("memory.max_usage_in_bytes" if self.version == 1 else "memory.peak")

    def _text(self, name: str) -> str | None:
        if self.folder is None:
            return None
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except OSError:
            return None  # an older kernel has no such file, and systemd removes an empty scope

    def _number(self, name: str) -> int | None:
        text = self._text(name)
        return None if text is None else int(text)


class ProcessBox(Box):
    """No box: the process's own limit of anonymous memory, and what /proc says of it."""

    what = "no memory cgroup can be made here: RLIMIT_DATA holds, and memory is that of the process alone"

    def __init__(self, limit: int, soft_files: int) -> None:
        self.inside = ("/bin/sh", "-c", _OWN_LIMIT.format(files=soft_files, kilobytes=limit // 1024))
        self._pid: int | None = None

    def adopt(self, pid: int) -> None:
        """Whose memory it is."""
        self._pid = pid

    def usage(self) -> Usage | None:
        """The process's resident memory, and the part of it that is of no file."""
        found = self._status()
        if "VmRSS" not in found:
            return None
        return Usage(found["VmRSS"], found.get("RssAnon", found["VmRSS"]), found["VmRSS"])

    def kills(self) -> int:
        """None: a process that asks for more than its own limit gets an error."""
        return 0

    def peak(self) -> int | None:
        """The process's high-water mark."""
        return self._status().get("VmHWM")

    def _status(self) -> dict[str, int]:
        try:
            lines = Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        values = (line.split() for line in lines if line.endswith(" kB"))
        return {parts[0].rstrip(":"): int(parts[1]) * 1024 for parts in values}


@contextmanager
def memory_box(limit: int, soft_files: int, root: Path = _ROOT) -> Iterator[Box]:
    """A box of so many bytes, in which a process begins with so many file descriptors. It is removed afterwards."""
    version = 1 if (root / "memory" / "memory.limit_in_bytes").exists() else 2
    folder = (root / "memory" if version == 1 else root) / f"grammar-neurons-{os.getpid()}-{time.monotonic_ns()}"
    try:
        folder.mkdir()
        _limit(folder, version, limit)
    except OSError:
        if folder.is_dir():
            folder.rmdir()
        yield _box_of_systemd(limit, soft_files) or ProcessBox(limit, soft_files)
        return
    inside = ("/bin/sh", "-c", _ENTER.format(files=soft_files), str(folder / "cgroup.procs"))
    try:
        yield CgroupBox(folder, version, inside, f"a memory cgroup (version {version}) of {limit / 1e9:g} GB")
    finally:
        _remove(folder)


def _limit(folder: Path, version: int, limit: int) -> None:
    """Limit a cgroup's memory. Swap, where there is any, counts too: a class would crawl in it."""
    (folder / ("memory.limit_in_bytes" if version == 1 else "memory.max")).write_text(str(limit), encoding="utf-8")
    swap, value = ("memory.memsw.limit_in_bytes", limit) if version == 1 else ("memory.swap.max", 0)
    if (folder / swap).exists():
        (folder / swap).write_text(str(value), encoding="utf-8")


def _remove(folder: Path) -> None:
    """Remove a cgroup. The kernel needs a moment after its last process has ended."""
    for _ in range(50):
        try:
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.1)


def _box_of_systemd(limit: int, soft_files: int) -> CgroupBox | None:
    """A scope of the user's own systemd; None where there is none that makes one."""
    command = (*_SCOPE, "-p", f"MemoryMax={limit}", "-p", "MemorySwapMax=0")
    if not shutil.which(_SCOPE[0]):
        return None
    if subprocess.run([*command, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
        return None
    inside = (*command, "/bin/sh", "-c", f'ulimit -Sn {soft_files}; exec "$0" "$@"')
    return CgroupBox(None, 2, inside, f"a scope of systemd's of {limit / 1e9:g} GB")


class BoxWatch(Watch):
    """Looks at a box a few times a second."""

    def __init__(self, box: Box, every: float = 0.25) -> None:
        super().__init__(every)
        self._box = box
        self._samples: list[tuple[float, Usage]] = []

    def _look(self) -> None:
        if usage := self._box.usage():
            self._samples.append((time.time(), usage))

    def most(self, since: float) -> Usage:
        """The most of each since a time by ``time.time``; zeros where nothing was seen."""
        seen = [usage for at, usage in self._samples if at >= since] or [Usage(0, 0, 0)]
        return Usage(*(max(getattr(usage, name) for usage in seen) for name in ("total", "resident", "kept")))
