"""Results that are made once for everyone: errors raised and forgotten, old results let go, progress passed on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from core.errors import Cancelled
from core.progress import Cancellable, Progress
from engine.jobs import Job, NotCached, Results
from tests.support.slow_work import Slow, asked_for, is_kept, making, never, waiting_for
from tests.support.threads import WAIT, in_thread, until


@pytest.fixture
def results() -> Results:
    return Results("of a test", max_entries=3)


# --- One run for all


def test_thirty_threads_share_one_run(results: Results) -> None:
    calls, together = count(), threading.Barrier(30)
    work = Slow(outcome=object())

    def counted(progress: object) -> Any:
        next(calls)
        return work(progress)

    def ask(_: int) -> Any:
        together.wait(WAIT)
        return results.obtain("key", counted)

    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(ask, number) for number in range(30)]
        assert work.begun.wait(WAIT)
        work.go_on.set()
        found = [future.result(WAIT) for future in asked]
    assert next(calls) == 1
    assert {id(result) for result in found} == {id(work.outcome)}


def test_keys_run_beside_each_other(results: Results) -> None:
    together = threading.Barrier(2)  # passes only where both run at once
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(results.obtain, key, lambda progress: together.wait(WAIT)) for key in "ab"]
        assert {future.result(WAIT) for future in asked} == {0, 1}


def test_two_kinds_of_results_may_have_the_same_key() -> None:
    one, other = Results("one", 1), Results("other", 1)
    assert (one.obtain("key", making(1)), other.obtain("key", making(2))) == (1, 2)


def test_the_work_runs_in_the_thread_of_who_asks_first(results: Results) -> None:
    assert results.obtain("key", lambda progress: threading.get_ident()) == threading.get_ident()


def test_what_is_kept_comes_without_work(results: Results) -> None:
    with pytest.raises(NotCached):
        results.get("key")
    made = results.obtain("key", making(object()))
    assert results.get("key") is made
    assert results.obtain("key", never) is made


def test_none_is_a_result_like_any_other(results: Results) -> None:
    assert results.obtain("key", making(None)) is None
    assert results.get("key") is None
    assert results.obtain("key", never) is None


def test_what_is_under_way_is_not_kept(results: Results) -> None:
    work = Slow()
    thread = work.asked(results, "key")
    with pytest.raises(NotCached):
        results.get("key")
    work.end(thread)
    assert results.get("key") == "result"


# --- Errors


@pytest.mark.parametrize("error", [ValueError("no network"), SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_an_error_reaches_everyone_and_is_then_tried_again(results: Results, error: BaseException) -> None:
    """An exit, too: whoever waits would otherwise wait for ever."""
    work = Slow(outcome=error)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(results.obtain, "key", work)
        assert work.begun.wait(WAIT)
        others = [waiting_for(results, "key") for _ in range(5)]
        work.go_on.set()
        assert [future.exception(WAIT) for future in (first, *others)] == [error] * 6
    assert not is_kept(results, "key")
    assert results.obtain("key", making("result")) == "result"


def test_a_late_failure_leaves_a_newer_result_alone(results: Results) -> None:
    """All was forgotten while it ran, and the same was made anew."""
    old = Slow(outcome=ValueError("too late"))
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(results.obtain, "key", old)
        assert old.begun.wait(WAIT)
        results._jobs.clear()
        assert results.obtain("key", making("newer")) == "newer"
        old.go_on.set()
        assert late.exception(WAIT) is old.outcome
    assert results.get("key") == "newer"


def test_an_error_leaves_other_results_alone(results: Results) -> None:
    results.obtain("other", making("kept"))
    with pytest.raises(ValueError, match="broken"):
        results.obtain("key", _broken)
    assert results.get("other") == "kept"


def _broken(progress: object) -> Any:
    raise ValueError("broken")


# --- Age


def grow_old(results: Results, key: object, seconds: float) -> None:
    """As if so much time had passed for this result."""
    results._jobs[key].started -= seconds


def test_an_old_result_is_made_anew(results: Results) -> None:
    numbers = count(1)

    def ask(**options: float) -> int:
        return results.obtain("key", lambda progress: next(numbers), **options)

    assert ask(max_age=1_000) == 1
    grow_old(results, "key", 1_100)
    with pytest.raises(NotCached):
        results.get("key", max_age=1_000)
    assert results.get("key") == results.get("key", max_age=2_000) == 1
    assert ask(max_age=2_000) == 1
    assert ask(max_age=1_000) == 2
    assert ask() == 2


def test_work_that_still_runs_is_never_too_old(results: Results) -> None:
    slow = Slow()
    thread = slow.asked(results, "key", max_age=1_000)
    grow_old(results, "key", 5_000)
    waiting = waiting_for(results, "key", max_age=1_000)
    slow.end(thread)
    assert waiting.result(WAIT) == "result"


def test_thirty_threads_make_an_old_result_anew_once(results: Results) -> None:
    numbers = count(1)
    results.obtain("key", lambda progress: next(numbers))
    grow_old(results, "key", 1_100)
    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(results.obtain, "key", lambda progress: next(numbers), max_age=1_000) for _ in range(30)]
        assert {future.result(WAIT) for future in asked} == {2}


# --- Progress


def test_reports_stay_between_nothing_and_all() -> None:
    job = Job()
    for given, kept in ((-1.0, 0.0), (0.25, 0.25), (7.0, 1.0)):
        job.report(given, "Reading")
        assert (job.share, job.message) == (kept, "Reading")


def test_progress_reaches_who_does_the_work_and_who_waits(results: Results) -> None:
    seen: list[list[tuple[float, str]]] = [[], []]
    slow, said = Slow(), threading.Event()

    def work(progress: Callable[[float, str], None]) -> Any:
        progress(0.5, "Reading words: 50 of 100")
        return slow(progress)

    def waited(share: float, message: str) -> None:
        seen[1].append((share, message))
        said.set()

    first = in_thread(lambda: results.obtain("key", work, lambda *report: seen[0].append(report)))
    assert slow.begun.wait(WAIT)
    second = in_thread(lambda: results.obtain("key", never, waited))
    assert said.wait(WAIT)
    slow.end(first)
    second.join(WAIT)
    assert seen[0] == [(0.5, "Reading words: 50 of 100")]
    assert set(seen[1]) == {(0.5, "Reading words: 50 of 100")}


def test_who_leaves_while_waiting_leaves_the_work_alone(results: Results) -> None:
    """A page that is taken away ends in an exception from its progress."""
    slow = Slow()
    thread = slow.asked(results, "key")

    def gone(share: float, message: str) -> None:
        raise RuntimeError("the page is gone")

    with pytest.raises(RuntimeError, match="the page is gone"):
        results.obtain("key", never, gone)
    slow.end(thread)
    assert results.get("key") == "result"


# --- What is counted


def test_each_who_asks_is_counted_once() -> None:
    results = Results("counted in a test", 3)
    slow = Slow()
    thread = slow.asked(results, "key")
    waiting = waiting_for(results, "key")
    slow.end(thread)
    assert waiting.result(WAIT) == "result"
    results.obtain("key", never)
    results.put("other", "put")
    assert [asked_for(results.name, outcome) for outcome in ("miss", "wait", "hit")] == [1, 1, 1]


# --- Cancelled


class Download:
    """Work whose ``report`` a test calls, with a sentence that allows it to be cancelled, or with another one."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.message: str = Cancellable("Downloading")

    def __call__(self, progress: Progress) -> str:
        progress(0.1, self.message)
        self.begun.set()
        assert self.go_on.wait(WAIT)
        progress(0.2, self.message)
        return "the model"


@pytest.mark.parametrize("by", ["who works", "who waits"])
def test_a_cancelled_download_ends_for_everybody_who_waits(results: Results, by: str) -> None:
    """Whoever cancels: the one whose thread does the work, or one who waits for it. The next to ask begins anew."""
    work, worker, waiter = Download(), Job(), Job()
    in_thread(lambda: worker.run(lambda progress: results.obtain("key", work, progress)))
    assert work.begun.wait(WAIT)
    other = in_thread(lambda: waiter.run(lambda progress: results.obtain("key", never, progress)))
    bystander = waiting_for(results, "key")
    until(lambda: waiter.can_cancel and worker.can_cancel)
    {"who works": worker, "who waits": waiter}[by].cancel()
    if by == "who waits":
        until(lambda: next(iter(results._jobs.values())).cancelled)
    work.go_on.set()
    with pytest.raises(Cancelled):
        bystander.result(WAIT)
    other.join(WAIT)
    for job in (worker, waiter):
        until(lambda: job.error is not None)
        with pytest.raises(Cancelled):
            job.outcome()
    assert not is_kept(results, "key")
    assert results.obtain("key", making("anew")) == "anew"


def test_other_work_than_a_download_cannot_be_cancelled(results: Results) -> None:
    work, job = Download(), Job()
    work.message = "Reading words"
    thread = in_thread(lambda: job.run(lambda progress: results.obtain("key", work, progress)))
    assert work.begun.wait(WAIT)
    assert not job.can_cancel
    job.cancel()
    work.go_on.set()
    thread.join(WAIT)
    assert job.outcome() == "the model"
