"""Long work in the background: it shows progress, it can be left, and it is done once for everyone.

A page asks for a result by key. What is ready comes at once; otherwise the page shows how far it is, and the
work goes on whether or not anybody stays to watch.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from core import metrics
from core.array_store import mapping_of
from core.limits import limits

Report = Callable[[float, str], None]
Result = TypeVar("Result")
Work = Callable[[Report], Result]

# How long a page holds its breath before it shows a progress bar: quick work never flashes one.
_GRACE_SECONDS = 0.4
_POLL_SECONDS = 0.2


@dataclass(eq=False)
class Job:
    """One piece of work and how far it is; ``result`` or ``error`` is set once ``finished`` is."""

    finished: threading.Event = field(default_factory=threading.Event)
    share: float = 0.0
    message: str = ""
    result: Any = None
    error: BaseException | None = None
    size: int = 0  # bytes in memory
    started: float = field(default_factory=time.monotonic)

    def report(self, share: float, message: str) -> None:
        """Called by the work itself, as often as it likes."""
        self.share, self.message = min(max(share, 0.0), 1.0), message


class JobStore:
    """The jobs of a process, by key; the least recently used results are forgotten.

    At most ``max_entries`` results are kept, and of their arrays at most ``max_bytes`` in memory; the newest
    stays whatever its size. A failed job is forgotten once it has been reported, so that asking again tries
    again. ``name`` is what the metrics call it.
    """

    def __init__(self, max_entries: int, max_bytes: float = float("inf"), name: str = "jobs") -> None:
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._max_entries, self._max_bytes, self._name = max_entries, max_bytes, name

    def start(self, key: Hashable, work: Work[Any], max_age: float = float("inf")) -> Job:
        """The job of a key, started in a thread of its own if it is not there yet, or older than ``max_age``."""
        with self._lock:
            job = self._jobs.get(key)
            outcome = "hit" if job and job.finished.is_set() else "wait"
            if job is None or (job.finished.is_set() and time.monotonic() - job.started > max_age):
                outcome = "miss"
                self._jobs[key] = job = Job()
                threading.Thread(target=self._run, args=(job, work), daemon=True, name="job").start()
            metrics.CACHE_REQUESTS.labels(self._name, outcome).inc()
            self._jobs.move_to_end(key)
            return job

    def offer(self, key: Hashable, result: Any) -> None:
        """Keep a result that nobody has asked for yet, while there is room: it is the first to be forgotten."""
        job = Job(result=result, size=bytes_in_memory(result))
        job.finished.set()
        with self._lock:
            if key not in self._jobs:
                self._jobs[key] = job
                self._jobs.move_to_end(key, last=False)
                self._forget_oldest()

    def collect(self, key: Hashable, job: Job) -> Any:
        """The result of a finished job; its error is raised, and the key forgotten."""
        if job.error is None:
            return job.result
        with self._lock:
            if self._jobs.get(key) is job:
                del self._jobs[key]
        raise job.error

    def _run(self, job: Job, work: Work[Any]) -> None:
        try:
            with metrics.SECONDS.labels(self._name).time():
                job.result = work(job.report)
            job.size = bytes_in_memory(job.result)
        except BaseException as error:  # handed to whoever waits, in their thread
            job.error = error
        finally:
            with self._lock:
                job.finished.set()
                self._forget_oldest()

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.finished.is_set()]
        n_kept, size = len(self._jobs), sum(job.size for job in self._jobs.values())
        for key in finished[:-1]:
            if n_kept <= self._max_entries and size <= self._max_bytes:
                break
            n_kept, size = n_kept - 1, size - self._jobs.pop(key).size


def bytes_in_memory(result: Any) -> int:
    """The bytes of all arrays and files in a record or a tuple; none for arrays that are mapped files."""
    if isinstance(result, bytes):
        return len(result)
    if isinstance(result, np.ndarray):
        return result.nbytes if mapping_of(result) is None else 0
    if isinstance(result, (tuple, list)):
        return sum(bytes_in_memory(item) for item in result) if result and not isinstance(result[0], str) else 0
    if is_dataclass(result):
        return sum(bytes_in_memory(getattr(result, item.name)) for item in fields(result))
    return 0


@dataclass(frozen=True)
class Shelf:
    """A place for results of one kind: how many it keeps, and its share of the memory for results."""

    kind: str
    max_entries: int
    share: float


_stores: dict[Shelf, JobStore] = {}
_stores_lock = threading.Lock()


def _store(shelf: Shelf) -> JobStore:
    with _stores_lock:
        if shelf not in _stores:
            _stores[shelf] = JobStore(shelf.max_entries, shelf.share * limits().memory_cache_mb * 1e6, shelf.kind)
        return _stores[shelf]


def forget_everything() -> None:
    """Empty all shelves; work under way goes on for whoever waits for it."""
    with _stores_lock:
        _stores.clear()


def begin(shelf: Shelf, key: Hashable, work: Work[Any]) -> None:
    """Start work that will be needed soon, without waiting for it."""
    _store(shelf).start(key, work)


def offer(shelf: Shelf, key: Hashable, result: Any) -> None:
    """Keep what other work has made by the way, as long as there is room that nothing asked for needs."""
    _store(shelf).offer(key, result)


def obtain(
    shelf: Shelf,
    key: Hashable,
    work: Work[Result],
    *,
    max_age: float = float("inf"),
    meanwhile: Callable[[], None] | None = None,
) -> Result:
    """The result of ``work``, now if it is ready or quick; else show progress until it is.

    Whoever changes a setting or the page meanwhile ends this waiting, not the work. Errors of the work are
    raised here. A result older than ``max_age`` seconds is made anew. ``meanwhile`` draws what may stand below
    the progress bar.
    """
    store = _store(shelf)
    job = store.start(key, work, max_age)
    if not job.finished.wait(_GRACE_SECONDS):
        _show_progress(job, meanwhile)
    return store.collect(key, job)


def obtain_within(report: Report, shelf: Shelf, key: Hashable, work: Work[Result]) -> Result:
    """The same for work that needs other work: wait, and pass the inner progress on. No page is drawn."""
    store = _store(shelf)
    job = store.start(key, work)
    while not job.finished.wait(_POLL_SECONDS / 2):
        report(job.share, job.message)
    return store.collect(key, job)


def _show_progress(job: Job, meanwhile: Callable[[], None] | None) -> None:
    place = st.empty()
    with place.container():
        bar = st.empty()
        st.caption("You can leave this page meanwhile: the work goes on, and its result will be here.")
        if meanwhile:
            meanwhile()
    # Each call to Streamlit is where it can take this run of the page away, when the user moves on.
    while not job.finished.wait(_POLL_SECONDS):
        bar.progress(job.share, text=job.message or "Starting")
    place.empty()
