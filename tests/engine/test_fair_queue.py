"""The fair queue: in order, fair, shared, and cancelled only for those who no longer want it."""

from __future__ import annotations

import gc
import re
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.progress import Progress
from engine.fair_queue import FairQueue
from engine.jobs import Abandoned
from engine.visitors import Visitor
from tests.support.threads import WAIT, until


class Work:
    """Requests that run until they are let go, and report their progress."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.free: set[str] = set()
        self.all_free = False
        self.deaf: set[str] = set()
        self.most = self._now = 0
        self._lock = threading.Lock()

    def __call__(self, request: Any, progress: Progress) -> None:
        with self._lock:
            self.begun.append(request)
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            deadline = time.monotonic() + WAIT
            while not (self.all_free or request in self.free):
                assert time.monotonic() < deadline
                if request not in self.deaf:
                    progress(0.5, f"Working on {request}")
                time.sleep(0.002)
            if request.startswith("bad"):
                raise UserError(f"{request} cannot be done.")
            self.ended.append(request)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def queue(work: Work) -> FairQueue:
    return FairQueue(work, lambda: 2, kept_as=lambda request: request)


def test_one_visitor_has_one_at_a_time_in_the_order_of_asking(queue: FairQueue, work: Work) -> None:
    one = Visitor()
    queue.ask(one, "abc")
    queue.ask(one, "da")
    until(lambda: work.begun == ["a"])
    assert list(queue.jobs_of(one)) == ["a", "b", "c", "d"]
    job = queue.jobs_of(one)["a"]
    assert job is not None and [queue.jobs_of(one)[name] for name in "bcd"] == [None] * 3
    until(lambda: job.message == "Working on a")
    work.all_free = True
    until(lambda: not queue.jobs_of(one))
    assert work.ended == ["a", "b", "c", "d"] and work.most == 1


def test_visitors_take_turns_and_no_more_run_than_may(queue: FairQueue, work: Work) -> None:
    visitors = [Visitor() for _ in range(3)]
    for visitor, names in zip(visitors, ("abc", "de", "f"), strict=True):
        queue.ask(visitor, names)
    until(lambda: set(work.begun) == {"a", "d"})
    work.free.add("a")
    until(lambda: work.begun[-1] == "f")
    work.all_free = True
    until(lambda: not any(map(queue.jobs_of, visitors)))
    assert sorted(work.ended) == list("abcdef") and work.most == 2


def test_what_two_ask_for_runs_once(queue: FairQueue, work: Work) -> None:
    one, two = Visitor(), Visitor()
    queue.ask(one, "ab")
    queue.ask(two, "ab")
    until(lambda: work.begun == ["a"])
    assert queue.jobs_of(one)["a"] is queue.jobs_of(two)["a"]
    work.all_free = True
    until(lambda: not queue.jobs_of(one) and not queue.jobs_of(two))
    assert work.begun == ["a", "b"]


def test_to_cancel_stops_what_nobody_else_wants(queue: FairQueue, work: Work) -> None:
    one = Visitor()
    queue.ask(one, "abc")
    until(lambda: work.begun == ["a"])
    queue.cancel(one, ["a", "b"])
    assert list(queue.jobs_of(one)) == ["c"], "at once"
    until(lambda: work.begun == ["a", "c"])
    work.all_free = True
    until(lambda: not queue.jobs_of(one))
    assert work.ended == ["c"] and queue.error_of("a") is None


def test_to_cancel_takes_nothing_from_another_visitor(queue: FairQueue, work: Work) -> None:
    one, two = Visitor(), Visitor()
    queue.ask(one, "ab")
    until(lambda: work.begun == ["a"])
    queue.ask(two, "ab")
    queue.cancel(one, "ab")
    assert not queue.jobs_of(one) and list(queue.jobs_of(two)) == ["a", "b"]
    work.all_free = True
    until(lambda: not queue.jobs_of(two))
    assert work.ended == ["a", "b"] and work.begun == ["a", "b"]


def test_what_is_asked_for_again_while_it_is_stopped_is_done(queue: FairQueue, work: Work) -> None:
    """Whether the work has heard of it or not."""
    one = Visitor()
    for _ in range(20):
        queue.ask(one, "a")
        until(lambda: queue.jobs_of(one)["a"] is not None)
        queue.cancel(one, "a")
        queue.ask(one, "a")
    work.all_free = True
    until(lambda: not queue.jobs_of(one))
    assert work.ended == ["a"]


def test_an_error_is_kept_until_it_is_tried_again(queue: FairQueue, work: Work) -> None:
    one = Visitor()
    work.all_free = True
    queue.ask(one, ["bad", "b"])
    until(lambda: not queue.jobs_of(one))
    assert str(queue.error_of("bad")) == "bad cannot be done." and queue.error_of("b") is None
    work.all_free = False
    queue.ask(one, ["bad"])
    assert queue.error_of("bad") is None
    work.all_free = True


def test_what_only_a_visitor_who_is_gone_wants_does_not_run(queue: FairQueue, work: Work) -> None:
    """And is stopped if it runs already."""
    one, two = Visitor(), Visitor()
    queue.ask(one, "ab")
    queue.ask(two, "c")
    until(lambda: {"a", "c"} == set(work.begun))
    del one
    gc.collect()
    until(lambda: queue._jobs.keys() == {"c"})
    assert work.ended == [] and queue.error_of("a") is None and work.begun.count("b") == 0
    work.all_free = True
    until(lambda: not queue.jobs_of(two))
    assert work.ended == ["c"]


def test_what_runs_for_another_visitor_too_goes_on(queue: FairQueue, work: Work) -> None:
    one, two = Visitor(), Visitor()
    for visitor in (one, two):
        queue.ask(visitor, "a")
    until(lambda: work.begun == ["a"])
    del one, visitor
    two_waits = queue.jobs_of(two)["a"]
    gc.collect()
    time.sleep(0.05)
    assert two_waits is not None and not two_waits.cancelled
    work.all_free = True
    until(lambda: not queue.jobs_of(two))
    assert work.ended == ["a"]


def test_a_visitor_may_wait_for_so_many_and_for_no_more(work: Work) -> None:
    queue = FairQueue(work, lambda: 2, most=lambda: 3, what="checks")
    one, two = Visitor(), Visitor()
    queue.ask(one, "ab")
    with pytest.raises(UserError, match=re.escape("4 checks would wait; at most 3 may.")):
        queue.ask(one, "cd")
    assert list(queue.jobs_of(one)) == ["a", "b"], "all or none"
    queue.ask(one, "abc")
    queue.ask(two, "def")
    work.all_free = True
    until(lambda: not queue.jobs_of(one) and not queue.jobs_of(two))
    assert sorted(work.ended) == list("abcdef")


def test_of_what_has_failed_only_a_key_is_kept(work: Work) -> None:
    queue, one = FairQueue(work, lambda: 1, kept_as=len), Visitor()
    work.all_free = True
    queue.ask(one, ["bad"])
    until(lambda: not queue.jobs_of(one))
    assert list(queue._errors) == [3] and str(queue.error_of("bad")) == "bad cannot be done."
    queue.ask(one, ["abc"])
    assert queue.error_of("bad") is None


def test_a_visitor_with_two_threads_has_no_third_though_one_is_being_stopped(work: Work) -> None:
    queue, one = FairQueue(work, lambda: 9, of_one=2), Visitor()
    work.deaf = {"a"}
    queue.ask(one, "ab")
    until(lambda: work.begun == ["a", "b"])
    queue.cancel(one, "a")
    queue.ask(one, "cd")
    time.sleep(0.05)
    assert sorted(work.begun) == ["a", "b"] and list(queue.jobs_of(one)) == ["b", "c", "d"]
    work.deaf = set()
    until(lambda: "c" in work.begun)
    work.all_free = True
    until(lambda: not queue.jobs_of(one))
    assert work.most == 2


def test_what_is_asked_for_instead_drops_the_rest(queue: FairQueue, work: Work) -> None:
    one, two = Visitor(), Visitor()
    waiting = queue.ask(one, "abc")
    until(lambda: work.begun == ["a"])
    queue.ask(two, "b")
    until(lambda: work.begun == ["a", "b"])
    queue.ask(one, "d", instead_of=lambda request: request in "abc")
    assert list(queue.jobs_of(one)) == ["d"] and list(queue.jobs_of(two)) == ["b"]
    assert waiting[2].finished.is_set() and isinstance(waiting[2].error, Abandoned)
    until(lambda: "a" not in queue._running)
    work.all_free = True
    until(lambda: not queue.jobs_of(one) and not queue.jobs_of(two))
    assert sorted(work.ended) == ["b", "d"]


def all_places_are_taken(queue: FairQueue, at_once: int, n_begun: int) -> bool:
    """Whether as many run as can, and their work has begun, which is that of ``n_begun``."""
    with queue._lock:
        return len(queue._running) == n_begun and (n_begun == at_once or queue._n_runnable() == 0)


@settings(max_examples=25, deadline=None)
@given(asked=st.lists(st.integers(1, 12), min_size=2, max_size=8), late=st.integers(0, 20), at_once=st.integers(1, 3))
def test_nobody_starves_and_the_one_served_longest_ago_is_next(asked: list[int], late: int, at_once: int) -> None:
    """Between two turns of one visitor, each other who waits has one; and who comes late has the next."""
    served: list[tuple[int, int]] = []
    lock, gate = threading.Lock(), threading.Semaphore(0)

    def work(request: Any, progress: Progress) -> None:
        with lock:
            served.append(request)
        assert gate.acquire(timeout=WAIT)

    queue, visitors = FairQueue(work, lambda: at_once), [Visitor() for _ in range(len(asked) + 1)]
    for number, n in enumerate(asked):
        queue.ask(visitors[number], [(number, k) for k in range(n)])
    total = sum(asked)
    late = min(late, total - 1)
    for done in range(late):
        until(lambda done=done: len(served) > done)
        gate.release()
    until(lambda: len(served) >= min(total, late + 1))
    queue.ask(visitors[-1], [(len(asked), 0)])
    before = len(served)
    for released in range(1, total + 2 - late):
        gate.release()  # one at a time: a thread that the system lets wait would let others have its turns
        until(lambda ended=late + released: all_places_are_taken(queue, at_once, len(served) - ended))
    until(lambda: len(served) == total + 1 and not queue._jobs)
    turns = [number for number, _ in served]
    # As many as have threads may begin while it asks.
    assert turns.index(len(asked)) < before + len(asked) + at_once, "it has a turn before anyone has two"
    for number, n in enumerate(asked):
        assert [k for of, k in served if of == number] == list(range(n)), "in the order of asking"
    if at_once == 1:  # else one that takes long lets others have more turns
        for number in range(len(asked)):
            places = [place for place, of in enumerate(turns) if of == number]
            for first, second in pairwise(places):
                between = turns[first + 1 : second]
                assert len(set(between)) == len(between)
