"""Who has spent much of the processor waits for those who have not."""

from __future__ import annotations

import threading
import time

import pytest

from engine import fair_queue
from engine.admission import Line
from engine.fair_queue import FairQueue
from engine.visitors import GREEDY, Visitor, rank_of_work
from tests.support.threads import until


def test_what_was_spent_counts_half_after_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("engine.visitors.time.monotonic", lambda: now)
    visitor = Visitor()
    visitor.spend(0.4)
    assert visitor.rank == 0, "a few steps make no difference"
    visitor.spend(7.6)
    ranks = []
    for now in (1_000.0, 1_030.0, 1_060.0, 1_300.0):  # noqa: B007 - the clock reads it
        ranks.append(visitor.rank)
    assert ranks == [16, 8, 4, 0]


def test_what_runs_in_the_queue_is_spent() -> None:
    def work(request: object, progress: object) -> None:
        ends = time.thread_time() + 0.6
        while time.thread_time() < ends:
            pass

    queue, visitor = FairQueue(work, lambda: 1), Visitor()
    queue.ask(visitor, ["a"])
    until(lambda: not queue.jobs_of(visitor))
    assert visitor.rank >= 1


def test_who_has_spent_less_is_served_before_who_asked_first() -> None:
    served: list[object] = []
    free = threading.Event()

    def work(request: object, progress: object) -> None:
        free.wait(10)
        served.append((request, rank_of_work.get()))

    queue = FairQueue(work, lambda: 1)
    first, greedy, modest = Visitor(), Visitor(), Visitor()
    greedy.spend(10.0)
    queue.ask(first, ["first"])
    queue.ask(greedy, ["greedy"])
    queue.ask(modest, ["modest"])
    free.set()
    until(lambda: len(served) == 3)
    assert [request for request, _ in served] == ["first", "modest", "greedy"]
    assert served[1][1] == 0 and served[2][1] >= 19


def test_a_line_serves_by_rank_and_then_in_order() -> None:
    line, inside = Line(places=1, n_bytes=1e6, timeout=60), []
    leave = threading.Event()

    def wait(name: str, rank: int) -> None:
        rank_of_work.set(rank)
        with line.place(1_000):
            inside.append(name)
            leave.wait(10)

    threads = []
    for name, rank in (("first", 9), ("greedy", 5), ("modest", 0), ("as modest", 0)):
        threads.append(threading.Thread(target=wait, args=(name, rank)))
        threads[-1].start()
        n = len(threads)
        until(lambda n=n: len(line._queue) + len(inside) == n)
    leave.set()
    for thread in threads:
        thread.join()
    assert inside == ["first", "modest", "as modest", "greedy"]


def test_all_who_have_spent_much_have_one_place_together() -> None:
    begun: list[object] = []
    free = threading.Event()

    def work(request: object, progress: object) -> None:
        begun.append(request)
        free.wait(10)

    queue = FairQueue(work, lambda: 10, one_greedy=True)
    visitors = {name: Visitor() for name in ("greedy", "as greedy", "modest", "as modest")}
    for name, visitor in visitors.items():
        if "greedy" in name:
            visitor.spend(30.0)
        queue.ask(visitor, [name])
    until(lambda: len(begun) == 3)
    time.sleep(0.1)
    assert sorted(map(str, begun)) == ["as modest", "greedy", "modest"]
    free.set()
    until(lambda: len(begun) == 4)


def test_to_change_one_s_mind_again_and_again_is_to_spend() -> None:
    free = threading.Event()
    queue, visitor, other = FairQueue(lambda request, progress: free.wait(10), lambda: 5), Visitor(), Visitor()
    for n in range(20):
        queue.ask(visitor, [n], instead_of=lambda request: True)
        queue.ask(other, [n])
    assert visitor.rank >= GREEDY > other.rank
    free.set()


@pytest.mark.parametrize("others", [True, False])
def test_who_has_spent_much_rests_if_there_are_others(others: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rested: list[float] = []

    def work(request: object, progress: object) -> None:
        ends = time.thread_time() + 0.2
        while request == "much" and time.thread_time() < ends:
            pass

    queue, greedy, modest = FairQueue(work, lambda: 3, one_greedy=True), Visitor(), Visitor()
    monkeypatch.setattr(queue._nothing, "wait", rested.append)
    greedy.spend(30.0)
    if others:
        queue.ask(modest, ["little"])
    [job] = queue.ask(greedy, ["much"])
    assert job.finished.wait(10)
    threading.Event().wait(0.05)
    assert bool(rested) == others and all(0.4 <= seconds <= 2.0 for seconds in rested)


def test_a_thread_that_rests_is_not_counted_among_those_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of few threads, one rests: a modest visitor who asks now gets another one at once."""
    resting, wake = threading.Event(), threading.Event()

    def rest(seconds: float) -> None:
        resting.set()
        wake.wait(10)

    queue, greedy, modest = FairQueue(lambda request, progress: None, lambda: 8, one_greedy=True), Visitor(), Visitor()
    greedy.spend(30.0)
    monkeypatch.setattr(queue, "_rest", rest)
    queue.ask(greedy, ["much"])
    assert resting.wait(10)
    [job] = queue.ask(modest, ["little"])
    assert job.finished.wait(5)
    wake.set()


def test_what_takes_long_does_not_keep_the_place_of_those_who_have_spent_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "_GREEDY_SECONDS", 0.2)
    begun: list[object] = []
    free = threading.Event()

    def work(request: object, progress: object) -> None:
        begun.append(request)
        free.wait(10)

    queue = FairQueue(work, lambda: 10, one_greedy=True)
    visitors = [Visitor() for _ in range(3)]
    for number, visitor in enumerate(visitors):
        visitor.spend(30.0)
        queue.ask(visitor, [number])
    until(lambda: len(begun) == 1)
    until(lambda: len(begun) == 3)  # though none has ended
    free.set()
    until(lambda: not any(queue.jobs_of(visitor) for visitor in visitors))
