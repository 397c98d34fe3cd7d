"""A cache of results by key. Each result is computed once; other callers wait for it."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from core.activations.mapped import mapping_of
from core.errors import Cancelled, clear_frames
from core.progress import Cancellable, Progress, unwatched
from engine import metrics

Work = Callable[[Progress], Any]

# How often a caller that waits for another thread passes on its progress.
_POLL_SECONDS = 0.1
# After this time, the uses of a result count half.
_HALF_SECONDS = 300.0
# More uses count as these: else what a class has used all morning would keep out the results of the afternoon.
_MOST_USES = 31


class NotCached(LookupError):
    """There is no result for a key, or it is too old."""


class Abandoned(Cancelled):
    """Nobody wants the result of some work any more. Any report of its progress may raise this."""


@dataclass(eq=False)
class Job:
    """One computation and its progress. ``result`` or ``error`` is set when ``finished`` is set.

    ``can_cancel`` says whether ``cancel`` would end it now: a download can be cancelled, for all who wait. To
    ``abandon`` a job ends only what nobody else waits for: ``n_waiting`` others in other threads.
    """

    finished: threading.Event = field(default_factory=threading.Event)
    share: float = 0.0
    message: str = ""
    result: Any = None
    error: BaseException | None = None
    size: int = 0  # bytes in memory
    mapped: bool = False  # whether the result has arrays in mapped files
    started: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    n_used: int = 0  # how often it was asked for, less what was long ago
    can_cancel: bool = False
    cancelled: bool = False
    abandoned: bool = False
    n_waiting: int = 0

    def report(self, share: float, message: str) -> None:
        """The progress callback for the work.

        Raises
        ------
        Abandoned
            The job was abandoned.
        Cancelled
            The job was cancelled, and the work allows it.
        """
        self.share, self.message = min(max(share, 0.0), 1.0), message
        self.can_cancel = isinstance(message, Cancellable)
        if self.abandoned:
            raise Abandoned
        if self.cancelled and self.can_cancel:
            raise Cancelled

    def cancel(self) -> None:
        """Stop the work for everybody who waits for it, at its next report that allows it."""
        self.cancelled = True

    def abandon(self) -> None:
        """Stop the work at its next report: nobody wants it."""
        self.abandoned = True

    def restart(self) -> None:
        """Be as new, for those who hold this job and wait for it."""
        self.error, self.abandoned, self.share, self.message = None, False, 0.0, ""

    def run(self, work: Work, progress: Progress = unwatched) -> None:
        """Do the work in this thread. Its exception is stored, and ``outcome`` raises it."""

        def report(share: float, message: str) -> None:
            self.report(share, message)
            try:
                progress(share, message)
            except Abandoned:
                if not self.n_waiting:
                    raise  # else whoever asked first no longer wants it, and the work goes on for the others

        try:
            self.result = work(report)
            self.size, self.mapped = bytes_in_memory(self.result), has_mapped(self.result)
        except BaseException as error:  # outcome() raises it, in each thread that waits
            clear_frames(error)  # it and the job refer to each other
            self.error = error

    def outcome(self) -> Any:
        """Return the result of a finished job, or raise its error."""
        if self.error is not None:
            raise self.error
        return self.result

    def wait(self, progress: Progress) -> None:
        """Wait until the job is finished. Its progress is passed on. Cancelling the job that waits cancels this one."""
        while not self.finished.wait(_POLL_SECONDS):
            try:
                progress(self.share, self.message)
            except Abandoned:
                raise  # who waits leaves, and the work goes on
            except Cancelled:
                self.cancel()  # its work raises the error that says what was cancelled


class Results:
    """A thread-safe cache of results by key, which computes each result once.

    What was used most often stays longest, and of what was used as often, what was used last.

    A failed job is removed at once, so that the next call tries again.

    Parameters
    ----------
    name : str
        The label in the metrics.
    max_entries : int
    max_bytes : float
        The limit for all arrays in memory. The newest result stays, whatever its size.

    Examples
    --------
    >>> squares = Results("squares", max_entries=10)
    >>> squares.obtain(3, lambda progress: 3**2), squares.get(3)
    (9, 9)
    """

    def __init__(self, name: str, max_entries: int, max_bytes: float = float("inf")) -> None:
        self.name = name
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._halved_at = time.monotonic()
        _all_results.add(self)

    def get(self, key: Hashable, max_age: float = float("inf")) -> Any:
        """The cached result of a key.

        Raises
        ------
        NotCached
            There is no result yet, or it is older than ``max_age`` seconds.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.finished.is_set() or _is_old(job, max_age):
                raise NotCached(key)
            self._note_use(key, job)
            return job.outcome()

    def obtain(self, key: Hashable, work: Work, progress: Progress = unwatched, max_age: float = float("inf")) -> Any:
        """The result of a key: from the cache, or computed here, or computed by another thread, which is waited for.

        Raises
        ------
        BaseException
            Whatever ``work`` raises, in every thread that waits.
        """
        while True:
            job, is_new = self._job_of(key, max_age)
            if is_new:
                self._compute(key, job, work, progress)
                return job.outcome()
            try:
                job.wait(progress)
            finally:
                with self._lock:
                    job.n_waiting -= 1
            if not isinstance(job.error, Abandoned):
                return job.outcome()
            # Who computed it stopped just when this thread began to wait: it is computed here instead.

    def obtain_apart(
        self, key: Hashable, work: Work, progress: Progress = unwatched, max_age: float = float("inf")
    ) -> Any:
        """As ``obtain``, but computed in a thread of its own: it goes on even if everybody who waits has gone."""
        job = self.begin(key, work, max_age)
        job.wait(progress)
        return job.outcome()

    def begin(self, key: Hashable, work: Work, max_age: float = float("inf")) -> Job:
        """Start to compute the result of a key in a thread of its own, unless it is cached, or computed already."""
        job, is_new = self._job_of(key, max_age)
        if is_new:
            try:
                threading.Thread(
                    target=self._compute, args=(key, job, work, unwatched), daemon=True, name=self.name
                ).start()
            except RuntimeError as error:  # the system refuses a thread: such a job would never finish
                job.error = error
                self._finish(key, job)
        return job

    def _job_of(self, key: Hashable, max_age: float) -> tuple[Job, bool]:
        """The job of a key, and whether it is new. Of another one, this thread counts as one that waits."""
        with self._lock:
            job = self._jobs.get(key)
            is_new = job is None or (job.finished.is_set() and _is_old(job, max_age))
            if job is None or is_new:
                self._jobs[key] = job = Job()
            else:
                job.n_waiting += 1
            outcome = "miss" if is_new else "hit" if job.finished.is_set() else "wait"
            metrics.CACHE_REQUESTS.labels(self.name, outcome).inc()
            self._note_use(key, job)
        return job, is_new

    def _note_use(self, key: Hashable, job: Job) -> None:
        self._jobs.move_to_end(key)
        job.used = time.monotonic()
        job.n_used = min(job.n_used + 1, _MOST_USES)

    def _compute(self, key: Hashable, job: Job, work: Work, progress: Progress) -> None:
        with metrics.SECONDS.labels(self.name).time():
            job.run(work, progress)
        self._finish(key, job)

    def put(self, key: Hashable, result: Any) -> None:
        """Cache a result before anyone asks for it, if there is room. It is the first to be evicted."""
        job = Job(result=result, size=bytes_in_memory(result), mapped=has_mapped(result))
        job.finished.set()
        with self._lock:
            n_entries, size = self._totals()
            if key not in self._jobs and n_entries < self._max_entries and size + job.size <= self._max_bytes:
                self._jobs[key] = job
                self._jobs.move_to_end(key, last=False)

    def make_room(self) -> list[Any]:
        """Evict the least recently used finished results until those of the running jobs fit.

        Returns
        -------
        list
            The results that were evicted, oldest first. Empty if there was room.

        Examples
        --------
        >>> results = Results("model", max_entries=1)
        >>> results.obtain("a", lambda progress: "the first")
        'the first'
        >>> results.obtain("b", lambda progress: results.make_room())
        ['the first']
        """
        with self._lock:
            finished = [key for key, job in self._jobs.items() if job.finished.is_set()]
            too_many = max(0, len(self._jobs) - self._max_entries)
            return [self._jobs.pop(key).result for key in finished[:too_many]]

    def mapped(self) -> list[tuple[float, Hashable]]:
        """When each finished result with arrays in mapped files was last used, and its key."""
        with self._lock:
            return [(job.used, key) for key, job in self._jobs.items() if job.mapped and job.finished.is_set()]

    def discard(self, key: Hashable) -> None:
        """Evict a finished result, if it is still here."""
        with self._lock:
            if key in self._jobs and self._jobs[key].finished.is_set():
                del self._jobs[key]

    def _finish(self, key: Hashable, job: Job) -> None:
        with self._lock:
            if self._jobs.get(key) is job:
                # The newest, even if others were used meanwhile: it must not be evicted before anyone has read it.
                self._jobs.move_to_end(key)
                if job.error is not None:
                    del self._jobs[key]
            job.finished.set()
            self._evict()

    def _totals(self) -> tuple[int, int]:
        """The number of entries, including unfinished ones, and their bytes in memory."""
        return len(self._jobs), sum(job.size for job in self._jobs.values())

    def _evict(self) -> None:
        """Evict what is too much: first what was used once, then up to three times, seven, and so on.

        So whoever steps through hundreds of settings does not evict what a class uses.
        """
        n_entries, size = self._totals()
        if n_entries <= self._max_entries and size <= self._max_bytes:
            return
        # What was used long ago counts less and less.
        if halvings := int((time.monotonic() - self._halved_at) / _HALF_SECONDS):
            self._halved_at = time.monotonic()
            for job in self._jobs.values():
                job.n_used >>= halvings
        finished = [key for key, job in self._jobs.items() if job.finished.is_set()]
        for key in sorted(finished[:-1], key=lambda key: self._jobs[key].n_used.bit_length()):
            if n_entries <= self._max_entries and size <= self._max_bytes:
                break
            n_entries, size = n_entries - 1, size - self._jobs.pop(key).size


_all_results: weakref.WeakSet[Results] = weakref.WeakSet()


def to_the_end(progress: Progress) -> Progress:
    """The progress of work that is not stopped when it is abandoned, such as a download."""

    def report(share: float, message: str) -> None:
        with contextlib.suppress(Abandoned):
            progress(share, message)

    return report


def _is_old(job: Job, max_age: float) -> bool:
    return time.monotonic() - job.started > max_age


def evict_mapped(enough: Callable[[], bool]) -> None:
    """Evict results with arrays in mapped files, of all caches, the least recently used first, until ``enough()``."""
    held = [(used, results, key) for results in list(_all_results) for used, key in results.mapped()]
    for _, results, key in sorted(held, key=lambda each: each[0]):
        if enough():
            return
        results.discard(key)


def bytes_in_memory(result: Any) -> int:
    """The bytes of all arrays and ``bytes`` in a record, tuple or list. Memory-mapped arrays count as 0.

    Examples
    --------
    >>> bytes_in_memory((np.zeros(2, dtype=np.float32), b"abc"))
    11
    """
    return sum(
        len(item) if isinstance(item, bytes) else item.nbytes if mapping_of(item) is None else 0
        for item in _arrays(result)
    )


def has_mapped(result: Any) -> bool:
    """Whether a record, tuple or list has arrays in mapped files.

    Examples
    --------
    >>> has_mapped((np.zeros(2), b"abc"))
    False
    """
    return any(isinstance(item, np.ndarray) and mapping_of(item) is not None for item in _arrays(result))


_WITHOUT_ARRAYS = frozenset({str, int, float, bool, type(None)})


def _arrays(result: Any) -> Iterator[np.ndarray | bytes]:
    """All arrays and ``bytes`` in a record, tuple or list."""
    if isinstance(result, (bytes, np.ndarray)):
        yield result
    elif isinstance(result, (tuple, list)):
        for item in result:
            if type(item) not in _WITHOUT_ARRAYS:  # most of a text's thousands of pieces and places
                yield from _arrays(item)
    elif is_dataclass(result):
        for each in fields(result):
            yield from _arrays(getattr(result, each.name))
