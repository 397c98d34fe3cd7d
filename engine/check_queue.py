"""A queue of checks that visitors have asked for: each visitor's run one after another, and are shared by all who ask.

queue = CheckQueue(work, at_once=lambda: 2)
queue.ask(visitor, requests)            # they run in this order, in the background
queue.jobs_of(visitor)                  # what has not finished yet, with its progress
queue.cancel(visitor, requests[:1])     # stops a check that nobody else waits for
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any
from weakref import WeakKeyDictionary, finalize

from core.errors import Cancelled, UserError
from core.progress import Progress
from engine.jobs import Job

_log = logging.getLogger(__name__)
_ERRORS = 1_000  # errors that are remembered
# What one visitor may wait for: twice the checks of one neuron and six pinned ones.
_MOST_ASKED = 200


class Visitor:
    """One who asks for checks. What only it waits for is forgotten or stopped when it is: a session that has ended."""


class CheckQueue:
    """Runs what visitors ask for in a few threads, fairly: who was served longest ago is served next.

    Parameters
    ----------
    work : callable
        ``work(request, progress)`` computes one request. Its result is cached by whoever wants it: here it is dropped.
    at_once : callable
        How many requests may run at the same time, of all visitors together. Of one visitor it is one.
    kept_as : callable
        What is kept of a request that has failed. By default the request, which may hold long texts.
    """

    def __init__(
        self,
        work: Callable[[Any, Progress], Any],
        at_once: Callable[[], int],
        kept_as: Callable[[Any], Hashable] = lambda request: request,
    ) -> None:
        self._work, self._at_once, self._kept_as = work, at_once, kept_as
        self._asked: WeakKeyDictionary[Visitor, OrderedDict[Hashable, None]] = WeakKeyDictionary()
        self._served: WeakKeyDictionary[Visitor, int] = WeakKeyDictionary()
        self._jobs: dict[Hashable, Job] = {}  # of requests that wait or run
        self._running: set[Hashable] = set()
        self._errors: OrderedDict[Hashable, BaseException] = OrderedDict()
        self._n_threads = self._n_served = 0
        self._someone_left = False
        self._lock = threading.Lock()

    def ask(self, visitor: Visitor, requests: Iterable[Hashable]) -> None:
        """Ask for requests, to run in this order after those that the visitor has asked for before.

        Raises
        ------
        UserError
            The visitor would wait for too many. None of these is then asked for.
        """
        with self._lock:
            asked = self._asked.get(visitor)
            if asked is None:
                asked = self._asked[visitor] = OrderedDict()
                # Wherever the garbage is collected, even while the lock is held: so it only leaves a note.
                finalize(visitor, self._note_that_someone_left).atexit = False
            new = dict.fromkeys(requests)
            if (n := len(asked | new)) > _MOST_ASKED:
                raise UserError(f"{n:,} checks would wait; at most {_MOST_ASKED:,} may.", about="busy")
            for request in new:
                asked.setdefault(request)
                self._errors.pop(self._kept_as(request), None)
                job = self._jobs.setdefault(request, Job())
                job.cancelled = False  # if it was cancelled and runs still, it goes on
            while self._n_threads < self._at_once() and self._n_threads < len(self._jobs):
                threading.Thread(target=self._run, daemon=True, name="checks").start()
                self._n_threads += 1

    def cancel(self, visitor: Visitor, requests: Iterable[Hashable]) -> None:
        """The visitor no longer waits for requests. One that nobody else waits for does not run, or is stopped."""
        with self._lock:
            asked = self._asked.get(visitor, OrderedDict())
            for request in requests:
                asked.pop(request, None)
                if request in self._jobs and not self._is_wanted(request):
                    if request in self._running:
                        self._jobs[request].cancel()
                    else:
                        del self._jobs[request]

    def jobs_of(self, visitor: Visitor) -> dict[Hashable, Job | None]:
        """What the visitor waits for, in its order: the job of a request that runs, None for one that waits."""
        with self._lock:
            asked = self._asked.get(visitor, OrderedDict())
            return {request: self._jobs[request] if request in self._running else None for request in asked}

    def error_of(self, request: Hashable) -> BaseException | None:
        """Why the last run of a request has failed; None if it has not. To ask for it again forgets the error."""
        with self._lock:
            return self._errors.get(self._kept_as(request)) if self._errors else None

    def _run(self) -> None:
        """Run one request after another, until none may run."""
        while request := self._next():
            job = self._jobs[request]
            job.run(lambda progress, request=request: self._work(request, progress), self._watch)  # type: ignore[misc]
            self._finish(request, job)

    def _note_that_someone_left(self) -> None:
        self._someone_left = True

    def _watch(self, share: float, message: str) -> None:
        """The progress of all that run. It stops what only visitors wanted who are gone."""
        if not self._someone_left:
            return
        with self._lock:
            self._someone_left = False
            for request in self._running:
                if not self._is_wanted(request):
                    self._jobs[request].cancel()

    def _next(self) -> Hashable | None:
        """The first request of the visitor who was served longest ago, and has none that runs."""
        with self._lock:
            free = [
                (self._served.get(visitor, 0), number, visitor)
                for number, (visitor, asked) in enumerate(self._asked.items())
                if asked and not self._running & asked.keys()
            ]
            self._forget_unwanted()
            if not free:
                self._n_threads -= 1
                return None
            _, _, visitor = min(free)
            request = next(iter(self._asked[visitor]))
            self._n_served += 1
            self._served[visitor] = self._n_served
            self._running.add(request)
            return request

    def _finish(self, request: Hashable, job: Job) -> None:
        with self._lock:
            self._running.discard(request)
            if isinstance(job.error, Cancelled) and self._is_wanted(request):
                self._jobs[request] = Job()  # asked for again while it was being stopped
                return
            del self._jobs[request]
            for asked in self._asked.values():
                asked.pop(request, None)
            if job.error is not None and not isinstance(job.error, Cancelled):
                if not isinstance(job.error, UserError):
                    _log.error("A check of a neuron has failed", exc_info=job.error)
                self._errors[self._kept_as(request)] = job.error
                while len(self._errors) > _ERRORS:
                    self._errors.popitem(last=False)
        job.finished.set()

    def _is_wanted(self, request: Hashable) -> bool:
        return any(request in asked for asked in self._asked.values())

    def _forget_unwanted(self) -> None:
        """Remove the waiting requests of visitors who are gone."""
        for request in [*self._jobs]:
            if request not in self._running and not self._is_wanted(request):
                del self._jobs[request]
