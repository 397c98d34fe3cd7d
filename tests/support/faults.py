"""Faults for tests, injected for real: processes to be killed, disks that are full or read-only, clocks that jump.

with Child("import time; print('begun', flush=True); time.sleep(60)") as child:
    child.wait_for("begun")
    child.kill()
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds that a busy machine may need for what takes one


class Child:
    """Python code in a process of its own, which says lines and is told lines; killed when the block ends."""

    def __init__(self, code: str, *arguments: object, **environment: str) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the child
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._too_long = threading.Timer(PATIENCE, self._process.kill)
        self._too_long.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream:
                stream.close()

    def wait_for(self, line: str) -> None:
        """Read what it says until it says this."""
        assert self._process.stdout
        for said in self._process.stdout:
            if said.strip() == line:
                return
        raise AssertionError(f"it ended with {self._process.wait()} and never said {line!r}:\n{self.errors()}")

    def tell(self, line: str = "go on") -> None:
        """Give it a line on its standard input."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL: nothing in it runs after this."""
        self._too_long.cancel()
        self._process.kill()
        self._process.wait()

    def finish(self) -> str:
        """What it still says until it ends by itself, which it must do well: no signal, no uncaught error."""
        assert self._process.stdout
        said = self._process.stdout.read()
        status = self._process.wait()
        self._too_long.cancel()
        assert status == 0, f"it ended with {status}:\n{self.errors()}"
        return said.strip()

    def errors(self) -> str:
        """What it has written to standard error, its log among it."""
        self._errors.seek(0)
        return self._errors.read()


def run(code: str, *arguments: object, **environment: str) -> tuple[str, str]:
    """What a child says, and its log."""
    with Child(code, *arguments, **environment) as child:
        return child.finish(), child.errors()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of a few kilobytes or megabytes, mounted on a new folder; skips the test where that is not allowed."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "none", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(disk: Path, options: str) -> None:
    """Mount a disk anew with other options: ``ro``, ``rw``, ``size=4m``."""
    _mount("-o", f"remount,{options}", str(disk))


def _mount(*arguments: str) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")


def fill_up(disk: Path) -> Path:
    """Write to a disk until nothing more fits, and return the file that takes the room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


# In a child: ``jump(years)`` sets the clock of the wall, and no other, that far from the truth. (libfaketime would
# reach C code too, but Python's time.sleep fails under it with EINVAL while it leaves the monotonic clock alone.)
JUMPING_CLOCK = """
import time
real, real_ns, off = time.time, time.time_ns, [0]
time.time, time.time_ns = lambda: real() + off[0], lambda: real_ns() + off[0] * 10**9
def jump(years):
    off[0] = years * 31_557_600
"""
