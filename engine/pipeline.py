"""The pipeline: steps, each declared once, and one resolver for all of them.

    @step(key=lambda request, need: request.spec.model, key_text="the name", entries=2)
    def model(request, need, progress):
        ...

    result = resolve(conclusion, Request(spec))                     # in this thread
    result = obtain(conclusion, Request(spec), draw_progress, visitor)  # in the background, while a page waits

A step declares its key, the steps that it needs, its work, and where its result is stored. ``engine.steps`` declares
all steps. The table in docs/explanation/architecture.md is made from them.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from core.progress import Progress, unwatched
from core.records import ContrastSpec
from engine import metrics
from engine.fair_queue import FairQueue
from engine.jobs import Job, NotCached, Results
from engine.limits import limits
from engine.visitors import Visitor

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
    ``code`` is that of a class.
    """

    spec: ContrastSpec
    text: str = ""
    marked: int | None = None
    check: str = ""
    gold: GoldSource = OWN_GOLD
    code: str = ""

    @cached_property
    def digest(self) -> str:
        """What is kept of a request that is over. It has no texts, and no words."""
        return digest_of(self.spec.digest, self.text, self.marked, self.check, self.gold.key, self.code)

    def __hash__(self) -> int:
        return hash(self.digest)  # computed once: a page asks about the same request every second


Key = Callable[[Request, Any], Hashable]
StepWork = Callable[[Request, Any, Progress], T]
Wait = Callable[[Job], None]


@dataclass(frozen=True, eq=False)
class Step(Generic[T]):
    """One step: ``work(request, need, progress)`` computes the result, which is cached by ``key(request, need)``.

    Both functions get the results of the steps in ``needs`` by ``need(step)``. At most ``entries`` results are cached,
    in ``share`` of the memory for results. A result older than ``max_age`` seconds is not used. A result that is made
    ``apart`` has a thread of its own, which nobody stops, and no request holds it. ``stored`` and ``key_text`` say, in
    the printed table, where results are and what their key is.
    """

    name: str
    key: Key
    work: StepWork[T]
    needs: tuple[Step[Any], ...]
    entries: int | Callable[[], int]
    share: float
    max_age: float
    apart: bool
    stored: str
    key_text: str


STEPS: list[Step[Any]] = []
_THREADS = 64  # that compute what pages ask for, of all visitors together
_results: dict[Step[Any], Results] = {}
_lock = threading.Lock()  # of _results and _elsewhere


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
    apart: bool = False,
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
    apart : bool
        Whether it is made in a thread of its own, and never held longer than it is used: for what is too large for
        requests that wait to hold it, or takes too long to be stopped.
    stored : str
        Where results are stored, for the printed table.
    """

    def declare(work: StepWork[T]) -> Step[T]:
        declared = Step(work.__name__, key, work, needs, entries, share, max_age, apart, stored, key_text)
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
        if needed.apart:
            return self._get(needed)
        if needed not in self.found:
            self.found[needed] = self._get(needed)
        result: T = self.found[needed]
        return result

    def _get(self, needed: Step[T]) -> T:
        key, results = needed.key(self.request, self._for_step(needed, self.progress)), results_of(needed)
        if self.cached_only:
            cached_result: T = results.get(key, needed.max_age)
            return cached_result
        obtain = results.obtain_apart if needed.apart else results.obtain
        result: T = obtain(key, self._work_of(needed), self.progress, needed.max_age)
        return result

    def begin(self, needed: Step[Any]) -> Job:
        """Start to compute a result in a thread of its own."""
        key = needed.key(self.request, self._for_step(needed, self.progress))
        return results_of(needed).begin(key, self._work_of(needed), needed.max_age)

    def _work_of(self, needed: Step[T]) -> Callable[[Progress], T]:
        return lambda progress: needed.work(self.request, self._for_step(needed, progress), progress)

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


def obtain(wanted: Step[T], request: Request, wait: Wait, visitor: Visitor) -> T:
    """The result of a step. If it is not cached, it is computed in the background, and ``wait(job)`` is called.

    If ``wait`` is interrupted, because a user has left the page, the work continues, until the visitor asks for
    something else instead.

    Raises
    ------
    Exception
        Whatever the work raises; UserError for a user's mistake.
    """
    try:
        return cached(wanted, request)
    except NotCached:
        job = begin(wanted, request, visitor)
        wait(job)
        result: T = job.outcome()
        return result


def begin(wanted: Step[Any], request: Request, visitor: Visitor) -> Job:
    """Start to compute a step in the background. If the same request is running already, return its job.

    It replaces what the visitor has asked for before with another spec; or from the same step, such as another text.
    That does not begin any more, or stops between two passes, unless somebody else waits for it.
    """
    if _pages.has((wanted, request)):
        metrics.CACHE_REQUESTS.labels(wanted.name, "wait").inc()

    def replaced(old: tuple[Step[Any], Request]) -> bool:
        return old[0] is wanted or old[1].spec != request.spec

    return _pages.ask(visitor, [(wanted, request)], replaced)[0]


def begin_apart(wanted: Step[Any], request: Request) -> Job:
    """Start to compute a step that is made in a thread of its own, for no visitor."""
    return _Resolver(request).begin(wanted)


# A visitor has a second thread, so that what a page still wants does not wait for what is being stopped. Most threads
# wait: for what another one computes, or for their turn (``engine.admission``).
_pages = FairQueue(
    lambda asked, progress: resolve(asked[0], asked[1], progress),
    at_once=lambda: _THREADS,
    of_one=2,
    most=lambda: limits().queue_length,
    one_greedy=True,
)


_elsewhere: Counter[int] = Counter()  # the visitors whose pages wait for something that is no step


@contextmanager
def waiting(visitor: Visitor) -> Iterator[None]:
    """While a page of the visitor waits for something that is no step, such as a write to a database elsewhere."""
    with _lock:
        _elsewhere[id(visitor)] += 1
    try:
        yield
    finally:
        with _lock:
            _elsewhere[id(visitor)] -= 1
            if not _elsewhere[id(visitor)]:
                del _elsewhere[id(visitor)]


def is_waiting(visitor: Visitor) -> bool:
    """Whether something that the visitor has asked for has not come yet. The run of the page then leaves its place."""
    return id(visitor) in _elsewhere or bool(_pages.jobs_of(visitor))


def forget_everything() -> None:
    """Clear all caches, for tests, which begin without results. Running work continues."""
    with _lock:
        _results.clear()


def table() -> str:
    """The declared steps as a Markdown table: what each computes and needs, where it is stored, and its key."""
    rows = ["| step | result | needs | stored in | key |", "|---|---|---|---|---|"]
    # By module, so that the order of imports does not matter: first the steps that the others need.
    for each in sorted(STEPS, key=lambda each: (each.work.__module__ != "engine.steps", each.work.__module__)):
        what = (each.work.__doc__ or "").strip().split("\n")[0].rstrip(".")
        needs = ", ".join(f"`{needed.name}`" for needed in each.needs) or "–"
        rows.append(f"| `{each.name}` | {what} | {needs} | {each.stored} | {each.key_text} |")
    return "\n".join(rows)
