"""The server as it ships: ``serve.py`` of a checkout with the limits of its compose.yaml, started again if it dies."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from benchmarks.neighbours.box import Box
from benchmarks.watch import ROOT, Server, end, free_port, start, wait_until_ready, wait_until_settled

_READY_WITHIN = 180.0
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")
# What the image sets besides, and has to do with memory.
_IMAGE = {"MALLOC_ARENA_MAX": "2"}
# A process in a container begins with so many file descriptors, where compose.yaml does not say otherwise.
USUAL_FILES = 1_024


def compose_limits(folder: Path = ROOT) -> dict[str, str]:
    """The variables that compose.yaml gives a server, with the defaults that it names.

    Examples
    --------
    >>> compose_limits()["OMP_NUM_THREADS"]
    '1'
    """
    values = {name: _default(value) for name, value in _compose(folder)["x-limits"].items()}
    # A secret is a file in the container: here there is none.
    here = {name: value for name, value in values.items() if value and not value.startswith("/run/secrets/")}
    return {**_IMAGE, **here}


def compose_files(folder: Path = ROOT) -> int:
    """The file descriptors that a server begins with: the soft limit in compose.yaml's ``ulimits``, else the usual."""
    found = _compose(folder).get("x-server", {}).get("ulimits", {}).get("nofile", USUAL_FILES)
    return int(_default(found["soft"] if isinstance(found, dict) else found))


def _compose(folder: Path) -> Any:
    import yaml  # type: ignore[import-untyped]

    return yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))


def _default(value: object) -> str:
    return "" if value is None else _VARIABLE.sub(r"\1", str(value))


def _sentence(line: str) -> str:
    """A line of the log without its time.

    Examples
    --------
    >>> _sentence('{"time": "2026-11-23T08:07:03", "level": "error", "event": "Uncaught app execution"}')
    'error Uncaught app execution'
    """
    said = json.loads(line)
    return " ".join(str(value) for name, value in said.items() if name not in ("time", "logger"))


class Shipped:
    """One running server in a box, at one port. If its process ends by itself, it is started again, as compose does.

    ``deaths`` has the time by ``time.time`` and the exit status of each end that nobody asked for here.
    """

    def __init__(self, folder: Path, box: Box, environment: Mapping[str, str], prefix: Sequence[str] = ()) -> None:
        self.folder, self.box, self.port = folder, box, free_port()
        self.deaths: list[tuple[float, int]] = []
        self._environment, self._prefix = dict(environment), tuple(prefix)
        self._log: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed in __exit__
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._look_after, daemon=True)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None
        return self._process.pid

    @property
    def server(self) -> Server:
        """The process that runs now, to be watched."""
        return Server(self.url, self.pid)

    @property
    def log_bytes(self) -> int:
        """How much the server has printed."""
        return os.fstat(self._log.fileno()).st_size

    def complaints(self) -> list[str]:
        """The lines of the server's log that tell of an error, without repetitions."""
        text = os.pread(self._log.fileno(), self.log_bytes, 0).decode("utf-8", "replace")
        return list(dict.fromkeys(_sentence(line) for line in text.splitlines() if '"level": "error"' in line))

    def __enter__(self) -> Shipped:
        self._start()
        assert self._process is not None
        try:
            wait_until_ready(self._process, self.url, self._log, _READY_WITHIN)
            wait_until_settled(self._log, _READY_WITHIN)
        except BaseException:
            end(self._process)
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)  # a stopped one would not hear that it should end
        assert self._process is not None
        end(self._process)
        self._log.close()

    def _start(self) -> None:
        inside = [*self.box.inside, *self._prefix]
        self._process = start(self.port, self._log, self._environment, self.folder, inside)
        self.box.adopt(self._process.pid)

    def _look_after(self) -> None:
        while not self._stop.wait(0.1):
            with self._lock:
                assert self._process is not None
                status = self._process.poll()
                if status is not None and not self._stop.is_set():
                    self.deaths.append((time.time(), status))
                    self._start()

    def signal(self, number: int) -> None:
        """Send a signal to the server's process."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill_and_start(self, pause: float) -> None:
        """End the process as ``kill -9`` does, and start it again after some seconds, at the same port."""
        with self._lock:
            assert self._process is not None
            self._process.kill()
            self._process.wait()
            time.sleep(pause)
            self._start()
