"""The resolver of steps: each runs once for all who ask, sees what it declares alone, and leaves nothing half done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.errors import UserError
from core.records import ContrastSpec
from engine import pipeline
from engine.jobs import Job, NotCached
from engine.pipeline import Request, Step, begin, cached, forget_everything, obtain, resolve, results_of, step
from engine.visitors import Visitor
from tests.support.slow_work import Slow, asked_for
from tests.support.threads import WAIT, until

SPEC = ContrastSpec()


class Counted:
    """Three steps, the third of which needs the second, the key of which needs the first; and what ran."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.slow: Slow | None = None

        @step(lambda request, need: request.spec.model, key_text="the model", entries=4)
        def lists(request: Request, need: Any, progress: Any) -> str:
            """The lists."""
            self.runs.append("lists")
            return f"lists of {request.spec.model}"

        @step(
            lambda request, need: (need(lists), request.spec.seed),
            key_text="the lists and the seed",
            needs=(lists,),
            entries=lambda: 4,
        )
        def reading(request: Request, need: Any, progress: Any) -> str:
            """A reading."""
            self.runs.append("reading")
            progress(0.5, "Half is read")
            return str(self.slow(progress)) if self.slow else f"reading {request.spec.seed}"

        @step(lambda request, need: (request.spec, request.text), key_text="all", needs=(reading,), entries=4)
        def end(request: Request, need: Any, progress: Any) -> str:
            """The end.

            And more, which no table shows.
            """
            self.runs.append("end")
            return f"{need(reading)} at {request.spec.layer}"

        self.lists, self.reading, self.end = lists, reading, end


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    monkeypatch.setattr(pipeline, "STEPS", [])
    yield Counted()
    forget_everything()


def one(work: Any, key: Any = lambda request, need: 0, **options: Any) -> Step[Any]:
    """A step of its own."""
    return step(key, key_text="nothing", entries=4, **options)(work)


def wait(job: Job) -> None:
    assert job.finished.wait(WAIT)


# --- Each once


def test_what_is_needed_is_made_once_and_kept(steps: Counted) -> None:
    assert resolve(steps.end, Request(SPEC)) == "reading 0 at 3"
    assert steps.runs == ["end", "lists", "reading"]
    assert resolve(steps.end, Request(SPEC.changed(layer=1))) == "reading 0 at 1"
    assert steps.runs[3:] == ["end"]
    assert resolve(steps.end, Request(SPEC.changed(seed=1))) == "reading 1 at 3"
    assert steps.runs[4:] == ["end", "reading"]
    for spec in (SPEC, SPEC.changed(layer=1), SPEC.changed(seed=1)):
        resolve(steps.end, Request(spec))
    assert len(steps.runs) == 6


@pytest.mark.parametrize("ask", [resolve, lambda wanted, request: obtain(wanted, request, wait, Visitor())])
def test_twenty_threads_that_ask_for_the_same_run_each_step_once(steps: Counted, ask: Any) -> None:
    steps.slow = Slow("read slowly")
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(ask, steps.end, Request(SPEC)) for _ in range(20)]
        assert steps.slow.begun.wait(WAIT)
        steps.slow.go_on.set()
        assert {future.result(WAIT) for future in asked} == {"read slowly at 3"}
    assert sorted(steps.runs) == ["end", "lists", "reading"]


def test_twenty_threads_that_ask_for_different_ends_share_what_these_need(steps: Counted) -> None:
    steps.slow = Slow("read slowly")
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(resolve, steps.end, Request(SPEC.changed(layer=layer))) for layer in range(20)]
        assert steps.slow.begun.wait(WAIT)
        steps.slow.go_on.set()
        assert [future.result(WAIT) for future in asked] == [f"read slowly at {layer}" for layer in range(20)]
    assert sorted(steps.runs) == ["end"] * 20 + ["lists", "reading"]


def test_what_a_key_needs_is_got_once_a_request(steps: Counted) -> None:
    resolve(steps.end, Request(SPEC))
    before = asked_for("lists", "hit")
    resolve(steps.reading, Request(SPEC))
    assert asked_for("lists", "hit") - before == 1


# --- Only what is declared


def test_a_step_that_asks_for_what_it_does_not_declare_fails_by_name(steps: Counted) -> None:
    stray = one(lambda request, need, progress: need(steps.lists), needs=(steps.reading,))
    for ask in (resolve, lambda wanted, request: obtain(wanted, request, wait, Visitor())):
        with pytest.raises(LookupError, match="The step lists is not among those that are declared"):
            ask(stray, Request(SPEC))


def test_a_key_that_asks_for_what_its_step_does_not_declare_fails_by_name(steps: Counted) -> None:
    """Though it is kept, or was found already for another step of this request."""
    resolve(steps.lists, Request(SPEC))
    stray = one(lambda request, need, progress: None, key=lambda request, need: need(steps.lists))
    both = one(lambda request, need, progress: (need(steps.lists), need(stray)), needs=(steps.lists, stray))
    for wanted in (stray, both):
        with pytest.raises(LookupError, match="The step lists is not among those"):
            resolve(wanted, Request(SPEC))
    with pytest.raises(LookupError, match="The step lists is not among those") as caught:
        cached(stray, Request(SPEC))
    assert not isinstance(caught.value, NotCached)


# --- Errors


class Flaky:
    """Fails the first time."""

    def __init__(self, error: BaseException) -> None:
        self.error: BaseException | None = error

    def __call__(self, request: Request, need: Any, progress: Any = None) -> str:
        error, self.error = self.error, None
        if error:
            raise error
        return "right"


@pytest.mark.parametrize("error", [UserError("No such list."), SystemExit(3), MemoryError()])
@pytest.mark.parametrize("ask", [resolve, lambda wanted, request: obtain(wanted, request, wait, Visitor())])
def test_a_failed_step_is_not_kept_nor_what_needs_it(steps: Counted, error: BaseException, ask: Any) -> None:
    flaky = one(Flaky(error).__call__)
    outer = one(lambda request, need, progress: need(flaky), needs=(flaky,))
    with pytest.raises(type(error)) as caught:
        ask(outer, Request(SPEC))
    assert caught.value is error
    for wanted in (flaky, outer):
        with pytest.raises(NotCached):
            cached(wanted, Request(SPEC))
    assert ask(outer, Request(SPEC)) == "right"


@pytest.mark.parametrize("ask", [resolve, lambda wanted, request: obtain(wanted, request, wait, Visitor())])
def test_an_error_in_a_key_is_raised_and_then_tried_again(steps: Counted, ask: Any) -> None:
    def made(request: Request, need: Any, progress: Any) -> str:
        return "made"

    broken = one(made, key=Flaky(ValueError("a broken key")))
    with pytest.raises(ValueError, match="a broken key"):
        resolve(broken, Request(SPEC))
    assert ask(broken, Request(SPEC)) == "made"


def test_an_error_of_work_in_the_background_is_raised_where_it_is_waited_for(steps: Counted) -> None:
    slow = Slow(UserError("The model lacks this layer.", about="layer"))
    failing = one(lambda request, need, progress: slow(progress))
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(obtain, failing, Request(SPEC), wait, Visitor()) for _ in range(3)]
        assert slow.begun.wait(WAIT)
        slow.go_on.set()
        errors = [future.exception(WAIT) for future in asked]
    assert all(isinstance(error, UserError) and error.about == "layer" for error in errors)
    until(lambda: not pipeline._pages._running)


# --- In the background


def test_who_leaves_ends_the_waiting_and_not_the_work(steps: Counted) -> None:
    steps.slow, visitor = Slow("read slowly"), Visitor()

    def leave(job: Job) -> None:
        assert steps.slow and steps.slow.begun.wait(WAIT)
        assert not job.finished.is_set() and (job.share, job.message) == (0.5, "Half is read")
        raise RuntimeError("the page is gone")

    with pytest.raises(RuntimeError, match="the page is gone"):
        obtain(steps.end, Request(SPEC), leave, visitor)
    with pytest.raises(NotCached):
        cached(steps.end, Request(SPEC))
    job = begin(steps.end, Request(SPEC), visitor)
    steps.slow.go_on.set()
    wait(job)
    assert cached(steps.end, Request(SPEC)) == job.outcome() == "read slowly at 3"
    assert steps.runs == ["end", "lists", "reading"]


def test_what_is_kept_comes_without_a_thread_or_a_wait(steps: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(steps.end, Request(SPEC))
    monkeypatch.setattr(pipeline, "begin", None)
    assert obtain(steps.end, Request(SPEC), lambda job: pytest.fail("it waited"), Visitor()) == "reading 0 at 3"


def test_what_is_begun_is_found_by_who_needs_it(steps: Counted) -> None:
    steps.slow, one, other = Slow("read slowly"), Visitor(), Visitor()
    job = begin(steps.reading, Request(SPEC), one)
    assert steps.slow.begun.wait(WAIT)
    assert begin(steps.reading, Request(SPEC), other) is job
    another = Request(SPEC.changed(layer=1))  # another request, of the same key
    assert begin(steps.reading, another, other) is not job
    steps.slow.go_on.set()
    assert resolve(steps.end, Request(SPEC)) == "read slowly at 3"
    assert steps.runs.count("reading") == 1


def test_nothing_stays_under_way(steps: Counted) -> None:
    visitor = Visitor()
    for seed in range(5):
        wait(begin(steps.end, Request(SPEC.changed(seed=seed)), visitor))
    assert pipeline._pages._jobs == pipeline._pages._running == {}


def test_a_thread_that_cannot_start_leaves_nothing_that_others_wait_for(
    steps: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crowded machine refuses threads: whoever asked next would wait for one that never ran."""
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            obtain(steps.end, Request(SPEC), wait, Visitor())
    assert pipeline._pages._jobs == pipeline._pages._running == {}
    assert obtain(steps.end, Request(SPEC), wait, Visitor()) == "reading 0 at 3"


def _refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_progress_of_what_is_needed_reaches_who_asked(steps: Counted) -> None:
    seen: list[tuple[float, str]] = []
    resolve(steps.end, Request(SPEC), lambda *report: seen.append(report))
    assert seen == [(0.5, "Half is read")]


def test_progress_of_what_somebody_else_makes_reaches_who_asked(steps: Counted) -> None:
    steps.slow, said, visitor = Slow("read slowly"), threading.Event(), Visitor()
    job = begin(steps.reading, Request(SPEC), visitor)
    assert steps.slow.begun.wait(WAIT)

    def hear(share: float, message: str) -> None:
        assert (share, message) == (0.5, "Half is read")
        said.set()

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(resolve, steps.end, Request(SPEC), hear)
        assert said.wait(WAIT)
        steps.slow.go_on.set()
        assert asked.result(WAIT) == "read slowly at 3"
    wait(job)


# --- Forgetting


def test_all_is_forgotten_and_made_anew(steps: Counted) -> None:
    resolve(steps.end, Request(SPEC))
    forget_everything()
    with pytest.raises(NotCached):
        cached(steps.end, Request(SPEC))
    assert resolve(steps.end, Request(SPEC)) == "reading 0 at 3"
    assert steps.runs == ["end", "lists", "reading"] * 2


def test_who_waits_gets_what_is_forgotten_meanwhile(steps: Counted) -> None:
    steps.slow = Slow("read slowly")
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(obtain, steps.end, Request(SPEC), wait, Visitor()) for _ in range(2)]
        assert steps.slow.begun.wait(WAIT)
        forget_everything()
        steps.slow.go_on.set()
        assert {future.result(WAIT) for future in asked} == {"read slowly at 3"}


def test_results_are_bounded_as_declared(steps: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MEMORY_CACHE_MB", "16")
    few = step(lambda request, need: request.spec.layer, key_text="layer", entries=2, share=0.25)(
        lambda request, need, progress: request.spec.layer
    )
    assert (results_of(few)._max_entries, results_of(few)._max_bytes) == (2, 4e6)
    assert results_of(steps.reading)._max_entries == 4
    for layer in range(3):
        resolve(few, Request(SPEC.changed(layer=layer)))
    with pytest.raises(NotCached):
        cached(few, Request(SPEC.changed(layer=0)))
    assert cached(few, Request(SPEC.changed(layer=2))) == 2


def test_a_result_too_old_is_made_anew(steps: Counted) -> None:
    """And what is kept under a key that needs it is not looked for without it."""
    aged = one(lambda request, need, progress: steps.runs.append("aged") or len(steps.runs), max_age=300)
    outer = one(lambda request, need, progress: need(aged), key=lambda request, need: need(aged), needs=(aged,))
    assert resolve(outer, Request(SPEC)) == 1
    results_of(aged)._jobs[0].started -= 301
    with pytest.raises(NotCached):
        cached(outer, Request(SPEC))
    assert resolve(outer, Request(SPEC)) == 2


# --- What is counted


def counts(name: str) -> dict[str, float]:
    return {outcome: asked_for(name, outcome) for outcome in ("miss", "hit", "wait")}


def test_a_page_that_finds_all_counts_a_hit_of_each(steps: Counted) -> None:
    obtain(steps.reading, Request(SPEC), wait, Visitor())
    before = {name: counts(name) for name in ("lists", "reading")}
    obtain(steps.reading, Request(SPEC), wait, Visitor())
    for name, was in before.items():
        assert counts(name) == {**was, "hit": was["hit"] + 1}


def test_of_pages_that_ask_together_one_counts_a_miss_the_others_a_wait(steps: Counted) -> None:
    before = counts("reading")
    steps.slow = Slow("read slowly")
    visitors = [Visitor() for _ in range(4)]
    jobs = [begin(steps.reading, Request(SPEC), visitor) for visitor in visitors]
    steps.slow.go_on.set()
    for job in jobs:
        wait(job)
    assert counts("reading") == {"miss": before["miss"] + 1, "hit": before["hit"], "wait": before["wait"] + 3}


# --- The table


def test_the_table_has_a_row_for_each_step(steps: Counted) -> None:
    assert pipeline.table().splitlines() == [
        "| step | result | needs | stored in | key |",
        "|---|---|---|---|---|",
        "| `lists` | The lists | – | memory | the model |",
        "| `reading` | A reading | `lists` | memory | the lists and the seed |",
        "| `end` | The end | `reading` | memory | all |",
    ]
