"""Long work in the background: it shows progress, it can be left, and it is done once for everyone.

A page asks for a result by key. What is ready comes at once; otherwise the page shows how far it is, and the
work goes on whether or not anybody stays to watch.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

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
    started: float = field(default_factory=time.monotonic)

    def report(self, share: float, message: str) -> None:
        """Called by the work itself, as often as it likes."""
        self.share, self.message = min(max(share, 0.0), 1.0), message


class JobStore:
    """The jobs of a process, by key; the least recently used results are forgotten.

    A failed job is forgotten once it has been reported, so that asking again tries again.
    """

    def __init__(self, max_entries: int) -> None:
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._max_entries = max_entries

    def start(self, key: Hashable, work: Work[Any], max_age: float = float("inf")) -> Job:
        """The job of a key, started in a thread of its own if it is not there yet, or older than ``max_age``."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or (job.finished.is_set() and time.monotonic() - job.started > max_age):
                self._jobs[key] = job = Job()
                threading.Thread(target=self._run, args=(job, work), daemon=True, name="job").start()
                self._forget_oldest()
            self._jobs.move_to_end(key)
            return self._jobs[key]

    def collect(self, key: Hashable, job: Job) -> Any:
        """The result of a finished job; its error is raised, and the key forgotten."""
        if job.error is None:
            return job.result
        with self._lock:
            if self._jobs.get(key) is job:
                del self._jobs[key]
        raise job.error

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.finished.is_set()]
        for key in finished[: max(0, len(self._jobs) - self._max_entries)]:
            del self._jobs[key]

    @staticmethod
    def _run(job: Job, work: Work[Any]) -> None:
        try:
            job.result = work(job.report)
        except BaseException as error:  # handed to whoever waits, in their thread
            job.error = error
        finally:
            job.finished.set()


@st.cache_resource(show_spinner=False)
def _store(kind: str, max_entries: int) -> JobStore:
    return JobStore(max_entries)


def begin(kind: str, key: Hashable, work: Work[Any], *, max_entries: int) -> None:
    """Start work that will be needed soon, without waiting for it."""
    _store(kind, max_entries).start(key, work)


def obtain(
    kind: str,
    key: Hashable,
    work: Work[Result],
    *,
    max_entries: int,
    max_age: float = float("inf"),
    meanwhile: Callable[[], None] | None = None,
) -> Result:
    """The result of ``work``, now if it is ready or quick; else show progress until it is.

    Whoever changes a setting or the page meanwhile ends this waiting, not the work. Errors of the work are
    raised here. ``kind`` names a shelf that keeps ``max_entries`` results; one older than ``max_age`` seconds
    is made anew. ``meanwhile`` draws what may stand below the progress bar.
    """
    store = _store(kind, max_entries)
    job = store.start(key, work, max_age)
    if not job.finished.wait(_GRACE_SECONDS):
        _show_progress(job, meanwhile)
    return store.collect(key, job)


def obtain_within(report: Report, kind: str, key: Hashable, work: Work[Result], *, max_entries: int) -> Result:
    """The same for work that needs other work: wait, and pass the inner progress on. No page is drawn."""
    store = _store(kind, max_entries)
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
