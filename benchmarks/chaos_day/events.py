"""What happens to two servers that share a cache. Each event returns a sentence on what it did, or why it could not."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos_day.steady import SteadyStudent
from benchmarks.neighbours.shipped import Shipped

# So begins what an event says that could not be made here.
SKIPPED = "skipped: "
_STOPPED_SECONDS = 5.0
_FULL_SECONDS = 12.0
_CLOCK_SECONDS = 6.0
_DISK_MB = 400
_NOISE = 65_536
_LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")


@dataclass
class Day:
    """The two servers, their cache, the students, and the file that says what the second server's clock shows."""

    first: Shipped
    second: Shipped
    cache: Path
    students: Sequence[SteadyStudent]
    rng: random.Random
    small_disk: bool
    clock: Path | None
    kills: int = 0  # of the first server, on purpose

    def restarts(self, student: int) -> int:
        """How often the server of a student was started again; students take the two servers in turns."""
        return len(self.second.deaths) if student % 2 else len(self.first.deaths) + self.kills


async def kill(day: Day) -> str:
    """``kill -9`` of the first server, and a start at the same port."""
    day.kills += 1
    await asyncio.to_thread(day.first.kill_and_start, 1.0)
    return "the first server was killed, and started again after a second"


async def stop_and_continue(day: Day) -> str:
    """The second server's process stands still for some seconds."""
    day.second.signal(signal.SIGSTOP)
    await asyncio.sleep(_STOPPED_SECONDS)
    day.second.signal(signal.SIGCONT)
    return f"the second server stood still for {_STOPPED_SECONDS:g} s"


async def full_disk(day: Day) -> str:
    """The disk with the cache is full for a while."""
    if not day.small_disk:
        return f"{SKIPPED}only root can mount a small disk"
    file = day.cache / "filled"
    written = await asyncio.to_thread(_fill, file)
    await asyncio.sleep(_FULL_SECONDS)
    file.unlink()
    return f"the disk was full for {_FULL_SECONDS:g} s, with {written / 1e6:.0f} MB of nothing"


def _fill(file: Path) -> int:
    """Write until the disk is full; the bytes that fitted."""
    block, written = bytes(2**20), 0
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                written += stream.write(block)
        except OSError:
            return written


async def clock(day: Day) -> str:
    """The second server's clock goes an hour ahead, an hour back, and is right again."""
    if day.clock is None:
        return f"{SKIPPED}libfaketime is not installed here"
    for offset in ("+3600", "-3600", "+0"):
        day.clock.write_text(f"{offset}\n", encoding="utf-8")
        await asyncio.sleep(_CLOCK_SECONDS)
    return "the second server's clock went an hour ahead, then an hour back, then right"


async def drop_connections(day: Day) -> str:
    """Every connection breaks at the same time."""
    dropped = [student.tab.break_off() for student in day.students]
    return f"{sum(dropped)} connections broke at once"


async def spoil_cache(day: Day) -> str:
    """Files of the cache are removed, cut and overwritten in place, while they are in use."""
    files = sorted(path for path in (day.cache / "activations").rglob("*") if path.is_file() and _is_large(path))
    day.rng.shuffle(files)
    done = {"removed": 0, "cut": 0, "overwritten": 0}
    for place, path in enumerate(files):
        how = list(done)[place % len(done)]
        _SPOIL[how](path, day.rng)
        done[how] += 1
    return ", ".join(f"{count} files of the cache were {how}" for how, count in done.items())


def _is_large(path: Path) -> bool:
    return path.stat().st_size > _NOISE


def _remove(path: Path, rng: random.Random) -> None:
    path.unlink()


def _cut(path: Path, rng: random.Random) -> None:
    _writable(path)
    os.truncate(path, path.stat().st_size // 2)


def _overwrite(path: Path, rng: random.Random) -> None:
    _writable(path)
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        stream.write(rng.randbytes(_NOISE // 2))


def _writable(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o200)


_SPOIL: dict[str, Callable[[Path, random.Random], None]] = {
    "removed": _remove,
    "cut": _cut,
    "overwritten": _overwrite,
}

Event = Callable[[Day], Awaitable[str]]
# By the share of the lesson that is over when they begin.
EVENTS: dict[str, tuple[float, Event]] = {
    "kill -9": (0.12, kill),
    "stop and continue": (0.27, stop_and_continue),
    "full disk": (0.38, full_disk),
    "clock": (0.52, clock),
    "dropped connections": (0.68, drop_connections),
    "spoilt cache": (0.80, spoil_cache),
}


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A small disk in memory at this folder, while the block runs; False where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)  # nosec B607


def changeable_clock(file: Path) -> dict[str, str] | None:
    """The variables with which a process takes its clock's offset from a file; None without libfaketime."""
    found = [path for pattern in _LIBRARIES for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    if not found:
        return None
    file.write_text("+0\n", encoding="utf-8")
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
