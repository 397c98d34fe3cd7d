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

_REPEAT_SECONDS = 0.5  # after this long without a report, the last one is passed on again


class _Abandoned(Exception):
    """Nobody waits for this work any more: its next report ends it."""


def call_with_timeout(seconds: float, work: Callable[[Progress], Result], progress: Progress = unwatched) -> Result:
    """Call ``work`` in a thread, and return its result; stop waiting when it makes no progress.

    A socket's timeout restarts with every byte, and a name lookup has no timeout. So neither bounds the whole wait.
    A thread that nobody waits for any more ends at its next report, or when its own timeouts end it. It is a daemon
    thread: the program can exit.

    Parameters
    ----------
    seconds : float
        The longest time without a progress report. Work that never reports must end within this time.
    work : callable
        Called with a progress callback.
    progress : callable
        Receives the reports of ``work``, and now and then the last one again. If it raises an error, the work ends.

    Returns
    -------
    The result of ``work``.

    Raises
    ------
    TimeoutError
        There was no report for ``seconds``.
    BaseException
        Whatever ``work`` or ``progress`` raises.

    Examples
    --------
    >>> call_with_timeout(5.0, lambda report: 6 * 7)
    42
    """
    outcome: Future[Result] = Future()
    abandoned, lock = threading.Event(), threading.Lock()
    last_report = time.monotonic()
    reported: tuple[float, str] | None = None

    def report(share: float, message: str) -> None:
        nonlocal last_report, reported
        if abandoned.is_set():
            raise _Abandoned
        with lock:
            last_report, reported = time.monotonic(), (share, message)
            progress(share, message)

    def run() -> None:
        try:
            outcome.set_result(work(report))
        except BaseException as error:  # raised again in the thread that waits
            outcome.set_exception(error)

    thread = threading.Thread(target=run, name="remote", daemon=True)
    thread.start()
    try:
        while not wait([outcome], timeout=min(_REPEAT_SECONDS, _left(last_report, seconds))).done:
            if _left(last_report, seconds) <= 0:
                raise TimeoutError(f"received nothing for {seconds:g} s")
            with lock:
                if reported:
                    progress(*reported)  # the work may hang, and whoever waits wants to stop it
    except BaseException as error:
        abandoned.set()
        if isinstance(error, KeyboardInterrupt):
            thread.join(2.0)  # to remove its partial files, before the program ends
        raise
    return outcome.result()


def _left(since: float, seconds: float) -> float:
    return max(0.0, since + seconds - time.monotonic())


class FailureMemory(Generic[Failure]):
    """Failures by key (for example a server's name). Each is remembered for ``seconds``, or for its own. Thread-safe.

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
        self._failures: dict[str, tuple[float, Failure]] = {}  # until when, by the clock
        self._lock = threading.Lock()

    def put(self, key: str, failure: Failure, seconds: float | None = None) -> None:
        """Remember a failure from now on, for ``seconds`` if they are given, and drop expired ones."""
        now = self.clock()
        with self._lock:
            self._failures = {k: entry for k, entry in self._failures.items() if entry[0] > now}
            self._failures[key] = (now + (self.seconds if seconds is None else seconds), failure)

    def get(self, *keys: str) -> tuple[Failure, float] | None:
        """The first failure among some keys, and the seconds until it expires; None if there is none."""
        now = self.clock()
        with self._lock:
            entries = [self._failures[key] for key in keys if key in self._failures]
        return next(((failure, until - now) for until, failure in entries if until > now), None)

    def forget(self, *keys: str) -> None:
        """Forget the failures of some keys."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def clear(self) -> None:
        """Forget every failure."""
        with self._lock:
            self._failures.clear()
