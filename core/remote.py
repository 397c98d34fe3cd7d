"""Requests to other servers: a timeout for each, and a memory of failures, so that a class does not wait for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from core.progress import Progress, unwatched

Result = TypeVar("Result")
Failure = TypeVar("Failure")


def call_with_timeout(seconds: float, work: Callable[[Progress], Result], progress: Progress = unwatched) -> Result:
    """Call ``work`` in a thread, and return its result; stop waiting when it makes no progress.

    A socket's timeout restarts with every byte, and a name lookup has no timeout. So neither bounds the whole wait.
    A thread that timed out continues until its own timeouts end it. It is a daemon thread: the program can exit.

    Parameters
    ----------
    seconds : float
        The longest time without a progress report. Work that never reports must end within this time.
    work : callable
        Called with a progress callback.
    progress : callable
        Receives the reports of ``work``.

    Returns
    -------
    The result of ``work``.

    Raises
    ------
    TimeoutError
        There was no report for ``seconds``.
    BaseException
        Whatever ``work`` raises.

    Examples
    --------
    >>> call_with_timeout(5.0, lambda report: 6 * 7)
    42
    """
    outcome: Future[Result] = Future()
    last_report = time.monotonic()

    def report(share: float, message: str) -> None:
        nonlocal last_report
        last_report = time.monotonic()
        progress(share, message)

    def run() -> None:
        try:
            outcome.set_result(work(report))
        except BaseException as error:  # raised again in the thread that waits
            outcome.set_exception(error)

    threading.Thread(target=run, name="remote", daemon=True).start()
    while not wait([outcome], timeout=max(0.0, last_report + seconds - time.monotonic())).done:
        if time.monotonic() - last_report >= seconds:
            raise TimeoutError(f"nothing came for {seconds:g} s")
    return outcome.result()


class FailureMemory(Generic[Failure]):
    """Failures by key (for example a server's name). Each is remembered for ``seconds``. Thread-safe.

    ``clock`` returns seconds. It must be monotonic, so it is not the time of day.

    Examples
    --------
    >>> now = 0.0
    >>> memory = FailureMemory[str](60.0, clock=lambda: now)
    >>> memory.put("hub.example", "no connection")
    >>> now = 40.0
    >>> memory.get("hub.example")
    ('no connection', 20.0)
    >>> now = 60.0
    >>> memory.get("hub.example") is None
    True
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._failures: dict[str, tuple[float, Failure]] = {}
        self._lock = threading.Lock()

    def put(self, key: str, failure: Failure) -> None:
        """Remember a failure from now on, and drop expired ones."""
        now = self.clock()
        with self._lock:
            self._failures = {k: entry for k, entry in self._failures.items() if now - entry[0] < self.seconds}
            self._failures[key] = (now, failure)

    def get(self, *keys: str) -> tuple[Failure, float] | None:
        """The first failure among some keys, and the seconds until it expires; None if there is none."""
        now = self.clock()
        with self._lock:
            entries = [self._failures[key] for key in keys if key in self._failures]
        for when, failure in entries:
            remaining = self.seconds - (now - when)
            if remaining > 0:
                return failure, remaining
        return None

    def clear(self) -> None:
        """Forget every failure."""
        with self._lock:
            self._failures.clear()
