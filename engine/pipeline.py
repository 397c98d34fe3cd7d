"""The pipeline: steps, each declared once, and one resolver for all of them.

    @step(key=lambda request, need: request.spec.model, key_text="the name", entries=2)
    def model(request, need, progress):
        ...

    result = resolve(conclusion, Request(spec))                     # in this thread
    result = obtain(conclusion, Request(spec), wait=draw_progress)  # in the background, while a page shows progress

A step declares its key, the steps that it needs, its work, and where its result is stored. ``engine.steps`` declares
all steps. The table in docs/architecture.md is made from them.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from core.progress import Progress, unwatched
from core.records import ContrastSpec
from engine import metrics
from engine.jobs import Job, NotCached, Results
from engine.limits import limits

T = TypeVar("T")


def digest_of(*parts: Hashable) -> str:
    """A key of what may be long, such as texts and lists of words: short to keep, quick to look up.

    Examples
    --------
    >>> digest_of("a", 1) == digest_of("a", 1) != digest_of("a", 2)
    True
    """
    return hashlib.sha256(repr(parts).encode()).hexdigest()  # repr escapes lone surrogates


@dataclass(frozen=True)
class GoldSource:
    """Which gold-tagged text: that of the project, a treebank, or a file with a name, a digest and a text."""

    digest: str = ""
    treebank: str = ""
    name: str = field(default="", compare=False)
    text: str = field(default="", compare=False, repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """What tells this source from others, without its text."""
        return self.digest, self.treebank

    @classmethod
    def of_file(cls, name: str, text: str) -> GoldSource:
        """The source of a file's text. Two files with the same text are one source."""
        return cls(digest=digest_of(text), name=name, text=text)

    @classmethod
    def of_treebank(cls, name: str) -> GoldSource:
        """A treebank of ``core.words.TREEBANKS``."""
        return cls(treebank=name, name=name)


OWN_GOLD = GoldSource()


@dataclass(frozen=True)
class Request:
    """What a step may depend on: an experiment; for some steps also a text, or one neuron.

    The neuron is the one that a chart marks, or that a check is about; ``gold`` is then the text that is tagged.
    """

    spec: ContrastSpec
    text: str = ""
    marked: int | None = None
    check: str = ""
    gold: GoldSource = OWN_GOLD

    @cached_property
    def digest(self) -> str:
        """What is kept of a request that is over. It has no texts, and no words."""
        return digest_of(self.spec.digest, self.text, self.marked, self.check, self.gold.key)

    def __hash__(self) -> int:
        return hash(self.digest)  # computed once: a page asks about the same request every second


Key = Callable[[Request, Any], Hashable]
StepWork = Callable[[Request, Any, Progress], T]
Wait = Callable[[Job], None]


@dataclass(frozen=True, eq=False)
class Step(Generic[T]):
    """One step: ``work(request, need, progress)`` computes the result, which is cached by ``key(request, need)``.

    Both functions get the results of the steps in ``needs`` by ``need(step)``. At most ``entries`` results are cached,
    in ``share`` of the memory for results. A result older than ``max_age`` seconds is not used. ``stored`` and
    ``key_text`` say, in the printed table, where results are and what their key is.
    """

    name: str
    key: Key
    work: StepWork[T]
    needs: tuple[Step[Any], ...]
    entries: int | Callable[[], int]
    share: float
    max_age: float
    stored: str
    key_text: str


STEPS: list[Step[Any]] = []
_results: dict[Step[Any], Results] = {}
_running: dict[tuple[Step[Any], Request], Job] = {}
_lock = threading.Lock()  # of _results and _running


def results_of(of: Step[Any]) -> Results:
    """The cache of a step's results. Its size is set by the limits at the first call."""
    with _lock:
        if of not in _results:
            most = of.entries if isinstance(of.entries, int) else of.entries()
            _results[of] = Results(of.name, most, of.share * limits().memory_cache_mb * 1e6)
        return _results[of]


def step(
    key: Key,
    *,
    key_text: str,
    needs: tuple[Step[Any], ...] = (),
    entries: int | Callable[[], int],
    share: float = 0.0,
    max_age: float = float("inf"),
    stored: str = "memory",
) -> Callable[[StepWork[T]], Step[T]]:
    """Decorator: declare a step. The function is its work, and gives it its name.

    Parameters
    ----------
    key : callable
        ``key(request, need)`` returns the hashable key of the result.
    key_text : str
        The key in words, for the printed table.
    needs : tuple of Step
        The steps whose results the key and the work may use.
    entries : int or callable
        How many results are cached at most.
    share : float
        The share (0 to 1) of the memory for results. 0 is for results without arrays: of results with arrays, only the
        newest would stay.
    max_age : float
        Seconds after which a result is computed again.
    stored : str
        Where results are stored, for the printed table.
    """

    def declare(work: StepWork[T]) -> Step[T]:
        declared = Step(work.__name__, key, work, needs, entries, share, max_age, stored, key_text)
        STEPS.append(declared)
        return declared

    return declare


class _Resolver:
    """Gets the results of steps for one request. With ``cached_only``, nothing is computed."""

    def __init__(self, request: Request, progress: Progress = unwatched, *, cached_only: bool = False) -> None:
        self.request, self.progress, self.cached_only = request, progress, cached_only
        self.found: dict[Step[Any], Any] = {}  # each step is looked up once
        self._allowed: tuple[Step[Any], ...] | None = None

    def __call__(self, needed: Step[T]) -> T:
        if self._allowed is not None and needed not in self._allowed:
            raise LookupError(f"The step {needed.name} is not among those that are declared to be needed here.")
        if needed not in self.found:
            self.found[needed] = self._get(needed)
        result: T = self.found[needed]
        return result

    def _get(self, needed: Step[T]) -> T:
        key = needed.key(self.request, self._for_step(needed, self.progress))
        if self.cached_only:
            cached_result: T = results_of(needed).get(key, needed.max_age)
            return cached_result

        def work(progress: Progress) -> T:
            return needed.work(self.request, self._for_step(needed, progress), progress)

        result: T = results_of(needed).obtain(key, work, self.progress, needed.max_age)
        return result

    def _for_step(self, caller: Step[Any], progress: Progress) -> _Resolver:
        """The resolver for a step's key and work: it allows only the steps that this step needs."""
        inner = _Resolver(self.request, progress, cached_only=self.cached_only)
        inner.found, inner._allowed = self.found, caller.needs
        return inner


def resolve(wanted: Step[T], request: Request, progress: Progress = unwatched) -> T:
    """The result of a step. If it is not cached, it is computed in this thread.

    Parameters
    ----------
    wanted : Step
    request : Request
    progress : callable
        Called with the share (0 to 1) and a sentence.

    Raises
    ------
    Exception
        Whatever the work raises; UserError for a user's mistake.
    """
    return _Resolver(request, progress)(wanted)


def cached(wanted: Step[T], request: Request) -> T:
    """The cached result of a step. Nothing is computed.

    Raises
    ------
    NotCached
        The result, or a result that its key needs, is not cached.
    """
    resolver = _Resolver(request, cached_only=True)
    result = resolver(wanted)
    for found in resolver.found:
        metrics.CACHE_REQUESTS.labels(found.name, "hit").inc()
    return result


def peek(wanted: Step[T], request: Request) -> T:
    """As ``cached``. The metrics do not count the question: it is asked again and again.

    Raises
    ------
    NotCached
        As ``cached``.
    """
    return _Resolver(request, cached_only=True)(wanted)


def is_cached(wanted: Step[Any], request: Request) -> bool:
    """Whether ``cached`` would have a result. The metrics do not count the question."""
    try:
        peek(wanted, request)
    except NotCached:
        return False
    return True


def obtain(wanted: Step[T], request: Request, wait: Wait) -> T:
    """The result of a step. If it is not cached, it is computed in the background, and ``wait(job)`` is called.

    If ``wait`` is interrupted, because a user has left the page, the work continues.

    Raises
    ------
    Exception
        Whatever the work raises; UserError for a user's mistake.
    """
    try:
        return cached(wanted, request)
    except NotCached:
        job = begin(wanted, request)
        wait(job)
        result: T = job.outcome()
        return result


def begin(wanted: Step[Any], request: Request) -> Job:
    """Start to compute a step in a new thread. If the same request is running already, return its job."""
    key = (wanted, request)
    with _lock:
        job = _running.get(key)
        if job is not None:
            metrics.CACHE_REQUESTS.labels(wanted.name, "wait").inc()
            return job
        job = Job()
        # If the system refuses a thread, this raises before the job is registered: such a job would never finish.
        threading.Thread(target=_run, args=(job, wanted, request), daemon=True, name=wanted.name).start()
        _running[key] = job
    return job


def _run(job: Job, wanted: Step[Any], request: Request) -> None:
    job.run(lambda progress: resolve(wanted, request, progress))
    with _lock:
        del _running[wanted, request]
    job.finished.set()


def forget_everything() -> None:
    """Clear all caches, for tests, which begin without results. Running work continues."""
    with _lock:
        _results.clear()


def table() -> str:
    """The declared steps as a Markdown table: what each computes and needs, where it is stored, and its key."""
    rows = ["| step | result | needs | stored in | key |", "|---|---|---|---|---|"]
    for each in STEPS:
        what = (each.work.__doc__ or "").strip().split("\n")[0].rstrip(".")
        needs = ", ".join(f"`{needed.name}`" for needed in each.needs) or "–"
        rows.append(f"| `{each.name}` | {what} | {needs} | {each.stored} | {each.key_text} |")
    return "\n".join(rows)
