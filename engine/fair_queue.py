"""What visitors have asked for, served fairly: next is who has spent least of the processor, or was served longest ago.

queue = FairQueue(work, at_once=lambda: 2)
jobs = queue.ask(visitor, requests)     # they run in this order, in the background; each job has its progress
queue.jobs_of(visitor)                  # what has not finished yet
queue.cancel(visitor, requests[:1])     # stops what nobody else waits for

The steps that pages ask for run in one such queue (``engine.pipeline``), the checks of neurons in another
(``engine.evidence_steps``).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any
from weakref import WeakKeyDictionary, finalize, ref

from core.errors import Cancelled, UserError
from core.progress import Progress
from engine.jobs import Abandoned, Job
from engine.visitors import GREEDY, Others, Visitor, rank_of_work

_log = logging.getLogger(__name__)
_ERRORS = 1_000  # errors that are remembered
# To ask for something else before the last thing is there counts as so many seconds: what was begun is of no use.
_A_CHANGE_OF_MIND = 0.3
# The most that visitors who have spent much leave to the others at a time, and how long one of them keeps their place.
_MOST_REST_SECONDS, _GREEDY_SECONDS = 2.0, 3.0


class FairQueue:
    """Runs what visitors ask for in a few threads, and shares it between all who ask for the same.

    Parameters
    ----------
    work : callable
        ``work(request, progress)`` computes one request.
    at_once : callable
        How many requests may run at the same time, of all visitors together.
    of_one : int
        How many of these may be of one visitor. What was abandoned counts until it has stopped.
    most : callable, optional
        How many requests one visitor may wait for.
    one_greedy : bool
        Whether requests of visitors who have spent much (``GREEDY``) run one after another, of all of them together.
    what : str
        The requests, in a sentence.
    kept_as : callable, optional
        What is kept of a request that has failed, with its error. Without it, an error is only in the job.
    """

    def __init__(
        self,
        work: Callable[[Any, Progress], Any],
        at_once: Callable[[], int],
        *,
        of_one: int = 1,
        most: Callable[[], int] = lambda: 200,
        one_greedy: bool = False,
        what: str = "requests",
        kept_as: Callable[[Any], Hashable] | None = None,
    ) -> None:
        self._work, self._at_once, self._of_one = work, at_once, of_one
        self._most, self._what, self._kept_as = most, what, kept_as
        self._one_greedy = one_greedy
        # With ``one_greedy``: requests of visitors who have spent much that run, or have just run, and when they began.
        self._greedy: dict[Hashable, float] = {}
        self._timer: threading.Timer | None = None
        self._nothing = threading.Event()  # which never happens
        self._others = Others()
        self._asked: WeakKeyDictionary[Visitor, OrderedDict[Hashable, None]] = WeakKeyDictionary()
        self._served: WeakKeyDictionary[Visitor, int] = WeakKeyDictionary()
        self._jobs: dict[Hashable, Job] = {}  # of requests that wait or run
        self._running: dict[Hashable, int] = {}  # and the number of the visitor whose turn it was
        self._errors: OrderedDict[Hashable, BaseException] = OrderedDict()
        self._n_threads = self._n_served = 0
        self._someone_left = False
        self._lock = threading.Lock()

    def ask(
        self,
        visitor: Visitor,
        requests: Iterable[Hashable],
        instead_of: Callable[[Any], bool] = lambda request: False,
    ) -> list[Job]:
        """Ask for requests, to run in this order after those that the visitor has asked for before.

        Parameters
        ----------
        visitor : Visitor
        requests : iterable
        instead_of : callable
            Whether the visitor no longer wants an earlier request, as by ``cancel``.

        Returns
        -------
        list of Job
            One for each request; of one that runs or waits already, its own.

        Raises
        ------
        UserError
            The visitor would wait for too many. None of these is then asked for.
        """
        new = dict.fromkeys(requests)
        with self._lock:
            asked = self._asked_by(visitor)
            if visitor.rank < GREEDY:
                self._others.note()
            old = [request for request in asked if request not in new and instead_of(request)]
            if old:
                visitor.spend(_A_CHANGE_OF_MIND)
            self._withdraw(asked, old)
            if (n := len(asked | new)) > (most := self._most()):
                raise UserError(f"{n:,} {self._what} would wait; at most {most:,} may.", about="busy")
            for request in new:
                asked.setdefault(request)
                self._forget_error(request)
                job = self._jobs.setdefault(request, Job())
                job.abandoned = False  # if it was abandoned and runs still, it goes on
            jobs = [self._jobs[request] for request in new]
            self._start_threads(new)
        return jobs

    def cancel(self, visitor: Visitor, requests: Iterable[Hashable]) -> None:
        """The visitor no longer waits for requests. One that nobody else waits for does not run, or is stopped."""
        with self._lock:
            self._withdraw(self._asked.get(visitor, OrderedDict()), list(requests))

    def jobs_of(self, visitor: Visitor) -> dict[Hashable, Job | None]:
        """What the visitor waits for, in its order: the job of a request that runs, None for one that waits."""
        with self._lock:
            asked = self._asked.get(visitor, OrderedDict())
            return {request: self._jobs[request] if request in self._running else None for request in asked}

    def has(self, request: Hashable) -> bool:
        """Whether a request waits or runs, for whomever."""
        with self._lock:
            return request in self._jobs

    def error_of(self, request: Hashable) -> BaseException | None:
        """Why the last run of a request has failed; None if it has not. To ask for it again forgets the error."""
        with self._lock:
            return self._errors.get(self._kept_as(request)) if self._errors and self._kept_as else None

    # --- With the lock held ---

    def _asked_by(self, visitor: Visitor) -> OrderedDict[Hashable, None]:
        asked = self._asked.get(visitor)
        if asked is None:
            asked = self._asked[visitor] = OrderedDict()
            # Wherever the garbage is collected, even while the lock is held: so it only leaves a note.
            finalize(visitor, self._note_that_someone_left).atexit = False
        return asked

    def _withdraw(self, asked: OrderedDict[Hashable, None], requests: Iterable[Hashable]) -> None:
        for request in requests:
            asked.pop(request, None)
            if request in self._jobs and not self._is_wanted(request):
                self._drop(request)

    def _drop(self, request: Hashable) -> None:
        """Nobody wants a request: stop it, or forget it before it begins."""
        if request in self._running:
            self._jobs[request].abandon()
        else:
            job = self._jobs.pop(request)
            job.error = Abandoned()
            job.finished.set()

    def _start_threads(self, new: Iterable[Hashable]) -> None:
        try:
            # The thread of a greedy one may rest, and run nothing.
            busy = len(self._running.keys() | self._greedy.keys())
            while self._n_threads < min(self._at_once(), busy + self._n_runnable()):
                threading.Thread(target=self._run, daemon=True, name=self._what).start()
                self._n_threads += 1
        except RuntimeError:  # the system refuses a thread: those that run go on with the new requests
            if self._n_threads == 0:
                for request in new:
                    del self._jobs[request]
                    for asked in self._asked.values():
                        asked.pop(request, None)
                raise

    def _n_runnable(self) -> int:
        return sum(self._n_runnable_of(visitor, asked) for visitor, asked in self._asked.items())

    def _n_runnable_of(self, visitor: Visitor, asked: OrderedDict[Hashable, None]) -> int:
        """How many requests of a visitor may begin now. Those count against it that run for it, or on its turn."""
        if visitor.rank >= GREEDY and self._greedy_place_is_taken():
            return 0
        n_waiting = len(asked) - len(self._running.keys() & asked.keys())
        n_running = sum(number == visitor.number or request in asked for request, number in self._running.items())
        return max(0, min(n_waiting, self._of_one - n_running))

    def _greedy_place_is_taken(self) -> bool:
        """What takes some seconds keeps the place no longer: it has one in a line (``engine.admission``)."""
        now = time.monotonic()
        return any(now - began < _GREEDY_SECONDS for began in self._greedy.values())

    def _is_wanted(self, request: Hashable) -> bool:
        return any(request in asked for asked in self._asked.values())

    def _forget_error(self, request: Hashable) -> None:
        if self._kept_as and self._errors:
            self._errors.pop(self._kept_as(request), None)

    def _keep_error(self, request: Hashable, error: BaseException) -> None:
        if self._kept_as:
            if not isinstance(error, UserError):
                _log.error("What was asked for has failed", exc_info=error)
            self._errors[self._kept_as(request)] = error
            while len(self._errors) > _ERRORS:
                self._errors.popitem(last=False)

    # --- In the threads ---

    def _run(self) -> None:
        """Run one request after another, until none may run."""
        while found := self._next():
            request, job, visitor = found
            began = time.thread_time()
            job.run(lambda progress, request=request: self._work(request, progress), self._watch)  # type: ignore[misc]
            spent = time.thread_time() - began
            if (asking := visitor()) is not None:
                asking.spend(spent)
                del asking
            self._finish(request, job)
            if request in self._greedy:
                try:
                    self._rest(spent)
                finally:
                    self._free_greedy_place(request)

    def _free_greedy_place(self, request: Hashable) -> None:
        with self._lock:
            self._greedy.pop(request, None)
            self._start_threads(())

    def _rest(self, spent: float) -> None:
        """Leave the processor to the others, if there are some, for twice the time that was spent."""
        if self._others.at_work:
            # Not ``sleep``: where the clock of the system is set back and forward, that may fail.
            self._nothing.wait(min(2 * max(0.0, spent), _MOST_REST_SECONDS))

    def _look_again(self) -> None:
        """Later, see whether a greedy one may begin, though another one goes on. One timer does for all."""
        if self._timer is None:
            timer = threading.Timer(_GREEDY_SECONDS + 0.1, self._start_more)
            timer.daemon = True
            with contextlib.suppress(RuntimeError):  # the system refuses a thread: the next greedy one tries again
                timer.start()
                self._timer = timer

    def _start_more(self) -> None:
        with self._lock:
            self._timer = None
            if self._greedy:
                self._look_again()
            self._start_threads(())

    def _note_that_someone_left(self) -> None:
        self._someone_left = True

    def _watch(self, share: float, message: str) -> None:
        """The progress of all that run. It stops what only visitors wanted who are gone."""
        if not self._someone_left:
            return
        with self._lock:
            self._someone_left = False
            for request in [*self._jobs]:
                if not self._is_wanted(request):
                    self._drop(request)

    def _next(self) -> tuple[Hashable, Job, ref[Visitor]] | None:
        """The first waiting request of the visitor who is next, and has not as many as may run."""
        with self._lock:
            waiting = [
                (visitor.rank, self._served.get(visitor, 0), place, visitor)
                for place, (visitor, asked) in enumerate(self._asked.items())
                if self._n_runnable_of(visitor, asked)
            ]
            for request in [*self._jobs]:
                if request not in self._running and not self._is_wanted(request):  # of visitors who are gone
                    self._drop(request)
            if not waiting:
                self._n_threads -= 1
                return None
            rank, _, _, visitor = min(waiting)
            request = next(request for request in self._asked[visitor] if request not in self._running)
            self._n_served += 1
            self._served[visitor] = self._n_served
            self._running[request] = visitor.number
            rank_of_work.set(rank)
            if self._one_greedy and rank >= GREEDY:
                self._greedy[request] = time.monotonic()
                self._look_again()
            return request, self._jobs[request], ref(visitor)

    def _finish(self, request: Hashable, job: Job) -> None:
        with self._lock:
            del self._running[request]
            if isinstance(job.error, Abandoned) and self._is_wanted(request):
                job.restart()  # asked for again while it was being stopped
                self._greedy.pop(request, None)
                self._start_threads(())
                return
            del self._jobs[request]
            for asked in self._asked.values():
                asked.pop(request, None)
            if job.error is not None and not isinstance(job.error, Cancelled):
                self._keep_error(request, job.error)
        job.finished.set()
