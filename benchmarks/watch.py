"""Start a server, and read its memory, its CPU time and its counters from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import OK
from pathlib import Path
from typing import IO, Self

from benchmarks.fetch import NotFetched, request

ROOT = Path(__file__).resolve().parent.parent
_SETTLED = "work after ready ended"  # server/warm_start.py
_STATUS_FIELDS = ("VmRSS", "RssAnon")


class Server:
    """A running server, by its address and, where it is known, its process."""

    def __init__(self, url: str, pid: int | None = None) -> None:
        self.url, self.pid = url.rstrip("/"), pid

    def counters(self) -> dict[str, float] | None:
        """Every sample of /metrics by name and labels, ``name{label=value,...}``; None where there is no such page."""
        from prometheus_client.parser import text_string_to_metric_families

        try:
            status, headers, body = request(f"{self.url}/metrics", seconds=10)
        except NotFetched:
            return None
        if status != OK or "text/html" in headers.get("content-type", ""):
            return None  # for an unknown address, Streamlit returns the app
        families = text_string_to_metric_families(body.decode("utf-8"))
        samples = (sample for family in families for sample in family.samples)
        return {_with_labels(sample.name, sample.labels): sample.value for sample in samples}

    def memory(self) -> dict[str, float]:
        """Resident memory in bytes, by name; empty where it cannot be read."""
        if self.pid is not None:
            try:
                return status_bytes(Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8"))
            except OSError:
                return {}  # the process has ended
        resident = (self.counters() or {}).get("process_resident_memory_bytes")
        return {} if resident is None else {"resident": resident}

    def cpu_seconds(self) -> float | None:
        """Processor time used so far; None where it cannot be read."""
        if self.pid is None:
            return (self.counters() or {}).get("process_cpu_seconds_total")
        return process_seconds(self.pid)


def process_seconds(pid: int) -> float | None:
    """The processor time of another process, to the nanosecond; None where there is no such process.

    Its clock is made as Linux's clock_getcpuclockid(3) makes it: Python has no call for that.
    """
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return None


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or has ended and only waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def status_bytes(status: str) -> dict[str, float]:
    """The resident memory in the text of a ``/proc/<pid>/status``, in bytes."""
    pairs = (line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {name: float(value.split()[0]) * 1024 for name, value in pairs if name in _STATUS_FIELDS}


def _with_labels(name: str, labels: dict[str, str]) -> str:
    inside = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name


class Watch(ABC):
    """Looks at something again and again, in a thread, from the beginning of a block to its end."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look_again_and_again(self) -> None:
        due = time.monotonic() + self._every
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = time.monotonic() + self._every
            self._look()

    @abstractmethod
    def _look(self) -> None:
        """Look once."""


class MemoryWatch(Watch):
    """Looks at a server's memory every second."""

    def __init__(self, server: Server, every: float = 1.0) -> None:
        super().__init__(every)
        self._server = server
        self._samples: list[tuple[float, dict[str, float]]] = []

    def _look(self) -> None:
        self._samples.append((time.time(), self._server.memory()))

    def summary(self, end: float) -> dict[str, tuple[float, float, float]]:
        """By name: memory at the start, the last one seen before ``end`` by ``time.time``, and the highest."""
        until = [sample for at, sample in self._samples if at <= end and sample] or [self._samples[0][1]]
        return {
            name: (start, until[-1].get(name, start), max(sample.get(name, start) for sample in until))
            for name, start in self._samples[0][1].items()
        }


@contextmanager
def serve(ready_within: float = 600.0, settled: bool = True, /, **more: str) -> Iterator[Server]:
    """Start ``serve.py`` on a free port of this machine, wait until it is ready, and end it afterwards.

    If ``settled``, also wait for what it does once it is ready. Its environment is this process's, with ``more``
    variables. Raises RuntimeError, with the end of what the server printed, where it ends or is not ready in time.
    """
    port = free_port()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = start(port, log, more)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(process, url, log, ready_within)
            if settled:
                wait_until_settled(log, ready_within)
            yield Server(url, process.pid)
        finally:
            end(process)


def start(
    port: int, log: IO[str], environment: Mapping[str, str], folder: Path = ROOT, inside: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start ``serve.py`` of a checkout on a port of this machine; ``inside`` is a command that runs what follows.

    Its environment is this process's, with the given variables. What it prints goes to ``log``.
    """
    where = {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1", "STREAMLIT_SERVER_PORT": str(port)}
    return subprocess.Popen(
        [*inside, sys.executable, "serve.py"],
        cwd=folder,
        env={**os.environ, **where, **environment},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Tell a server to end, and see to it that it does."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_settled(log: IO[str], seconds: float) -> None:
    """Wait for what a server does once it is ready; RuntimeError where that takes longer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        # Not by a seek: the server writes at the same position.
        if _SETTLED.encode() in os.pread(log.fileno(), 1 << 20, 0):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not print “{_SETTLED}” in {seconds:g} s.")


def free_port() -> int:
    """A port of this machine on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: IO[str], seconds: float) -> None:
    """Wait for ``/readyz``; RuntimeError, with the end of what the server printed, where it ends or takes longer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        ready = _status(f"{url}/readyz")
        if ready == 200 or (ready == 404 and _status(f"{url}/_stcore/health") == 200):
            return
        time.sleep(0.05)
    ended = process.poll()
    log.seek(0)
    what = f"was not ready in {seconds:g} s" if ended is None else f"ended with {ended}"
    raise RuntimeError(f"The server {what}; it printed:\n{log.read()[-3000:]}")


def _status(url: str) -> int | None:
    """The status of an answer; None where there is none."""
    try:
        return request(url, seconds=5)[0]
    except NotFetched:
        return None
