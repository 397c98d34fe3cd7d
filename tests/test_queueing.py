"""Forward passes take turns: first come, first served, a bounded line, bounded time, and no place is ever lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from core import metrics, queueing
from core.limits import variable
from core.queueing import Turns, turns
from core.records import UserError
from tests.tiny_models import assert_one_sentence

WAIT = 60.0  # so long a test waits for what must come
LONG = 600.0


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def n_waiting(line: Turns) -> int:
    return len(line._line)


class Waiter:
    """A thread that waits for its turn, and holds it until ``done`` is set."""

    def __init__(self, line: Turns, order: list[str] | None = None, name: str = "") -> None:
        self.told: list[int] = []
        self.error: UserError | None = None
        self.has_turn, self.done = threading.Event(), threading.Event()
        before = n_waiting(line)

        def work() -> None:
            try:
                with line.take(self.told.append):
                    if order is not None:
                        order.append(name)
                    self.has_turn.set()
                    assert self.done.wait(WAIT)
            except UserError as error:
                self.error = error

        self.thread = in_thread(work)
        until(lambda: n_waiting(line) > before or self.has_turn.is_set() or not self.thread.is_alive())

    def finish(self) -> None:
        self.done.set()
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


def test_a_free_place_is_taken_at_once_and_told_nobody() -> None:
    line, told = Turns(2, 10, LONG), []
    with line.take(told.append), line.take(told.append):
        assert n_waiting(line) == 0
    assert told == []


def test_first_come_first_served() -> None:
    line, order = Turns(1, 100, LONG), []
    waiters = [Waiter(line, order, str(number)) for number in range(12)]
    for number, waiter in enumerate(waiters):
        assert waiter.has_turn.wait(WAIT)
        assert [other.has_turn.is_set() for other in waiters] == [True] * (number + 1) + [False] * (11 - number)
        waiter.finish()
    assert order == [str(number) for number in range(12)]


def test_a_newcomer_does_not_overtake_those_who_wait() -> None:
    """Whichever of the two places is freed first, the one who has waited longest gets it."""
    line, order = Turns(2, 100, LONG), []
    first, second = Waiter(line, order, "first"), Waiter(line, order, "second")
    third, fourth = Waiter(line, order, "third"), Waiter(line, order, "fourth")
    second.finish()
    assert third.has_turn.wait(WAIT) and not fourth.has_turn.is_set()
    first.finish()
    assert fourth.has_turn.wait(WAIT)
    third.finish()
    fourth.finish()
    assert order == ["first", "second", "third", "fourth"]


def test_who_waits_is_told_how_many_are_before() -> None:
    line = Turns(2, 100, LONG)
    running = [Waiter(line), Waiter(line)]
    waiting = [Waiter(line) for _ in range(3)]
    until(lambda: all(waiter.told for waiter in waiting))
    assert [waiter.told[0] for waiter in waiting] == [1, 2, 3]
    for waiter in (*running, *waiting):
        waiter.done.set()
    for waiter in (*running, *waiting):
        waiter.thread.join(WAIT)
    assert [waiter.told for waiter in running] == [[], []]
    for waiter in waiting:
        assert waiter.told == sorted(waiter.told, reverse=True), "it only gets nearer"
        assert min(waiter.told) >= 1, "whose turn it is, is told nothing"


def test_it_is_told_again_while_nothing_changes() -> None:
    """So that a page that was opened meanwhile shows it too."""
    line = Turns(1, 10, LONG)
    with line.take():
        waiter = Waiter(line)
        until(lambda: len(waiter.told) >= 2)
    waiter.finish()


def test_a_full_line_says_so_and_takes_no_more() -> None:
    line = Turns(1, 2, LONG)
    with line.take():
        waiting = [Waiter(line), Waiter(line)]
        with pytest.raises(UserError) as caught, line.take():
            pytest.fail("there was no place")
        assert_one_sentence(caught.value, "The server is busy: 2 readings wait", "your settings and texts are kept.")
        assert n_waiting(line) == 2
    for waiter in waiting:
        assert waiter.has_turn.wait(WAIT)
        waiter.finish()
    with line.take():
        pass  # the one that was refused left nothing behind


def test_who_waits_too_long_is_told_and_leaves_the_line() -> None:
    line = Turns(1, 10, 0.2)
    with line.take():
        started = time.monotonic()
        with pytest.raises(UserError, match=r"waited 0\.2 seconds for its turn") as caught, line.take():
            pytest.fail("there was no place")
        assert 0.2 <= time.monotonic() - started < WAIT
        assert n_waiting(line) == 0 and "\n" not in str(caught.value)
    with line.take():
        pass


def test_time_runs_out_though_others_come_and_go() -> None:
    """Each pass that ends wakes all who wait; that must not begin their time anew."""
    line, stop = Turns(1, 1_000, 0.3), threading.Event()
    with line.take():

        def restless() -> None:
            while not stop.is_set():
                with line._changed:
                    line._changed.notify_all()

        thread = in_thread(restless)
        try:
            with pytest.raises(UserError, match="waited"), line.take():
                pytest.fail("there was no place")
        finally:
            stop.set()
            thread.join(WAIT)


def test_the_one_behind_moves_up_when_one_gives_up() -> None:
    line = Turns(1, 10, LONG)
    with line.take():
        line.patience = 0.1
        impatient = Waiter(line)
        line.patience = LONG
        patient = Waiter(line)
        until(lambda: impatient.error is not None)
        until(lambda: patient.told[-1:] == [1])
    assert patient.has_turn.wait(WAIT)
    patient.finish()


@pytest.mark.parametrize("error", [ValueError, UserError, MemoryError, KeyboardInterrupt, SystemExit])
def test_a_pass_that_raises_frees_its_place(error: type[BaseException]) -> None:
    line = Turns(1, 10, LONG)
    with pytest.raises(error), line.take():
        raise error("broken")
    with line.take():
        assert n_waiting(line) == 0


def test_who_cannot_be_told_leaves_the_line() -> None:
    line = Turns(1, 10, LONG)

    def told(before: int) -> None:
        raise RuntimeError("the page is gone")

    with line.take():
        with pytest.raises(RuntimeError, match="the page is gone"), line.take(told):
            pytest.fail("there was no place")
        assert n_waiting(line) == 0
    with line.take():
        pass


@pytest.mark.parametrize("places", [1, 3])
def test_many_threads_never_exceed_the_places_and_all_get_through(places: int) -> None:
    line, lock = Turns(places, 1_000, LONG), threading.Lock()
    running = most = finished = 0

    def reading(seed: int) -> None:
        nonlocal running, most, finished
        rng = random.Random(seed)
        for _ in range(10):
            with suppress(ValueError), line.take():
                with lock:
                    running += 1
                    most = max(most, running)
                time.sleep(rng.random() / 2_000)
                with lock:
                    running -= 1
                if rng.random() < 0.2:
                    raise ValueError("a broken pass")
            with lock:
                finished += 1

    with ThreadPoolExecutor(40) as pool:
        for future in [pool.submit(reading, seed) for seed in range(40)]:
            future.result(WAIT)
    assert (most, running, finished) == (places, 0, 400)
    assert n_waiting(line) == 0 and line._running == 0


def test_a_long_reading_lets_a_short_one_in_between_its_passes() -> None:
    """A reading of many passes asks anew for each, and goes behind whoever has come meanwhile."""
    line, order = Turns(1, 100, LONG), []
    with line.take():
        short = Waiter(line, order, "short")

        def long() -> None:
            for number in range(3):
                with line.take():
                    order.append(f"long {number}")

        thread = in_thread(long)
        until(lambda: n_waiting(line) == 2)
    assert short.has_turn.wait(WAIT)
    until(lambda: n_waiting(line) == 1)
    another = Waiter(line, order, "another")
    short.finish()
    assert another.has_turn.wait(WAIT)
    another.finish()
    thread.join(WAIT)
    assert order == ["short", "long 0", "another", "long 1", "long 2"]


def test_the_gauge_counts_who_waits() -> None:
    def gauge() -> float:
        return metrics.QUEUE_LENGTH._value.get()

    line, before = Turns(1, 10, LONG), gauge()
    with line.take():
        waiter = Waiter(line)
        assert gauge() == before + 1
    waiter.finish()
    assert gauge() == before


def test_the_process_has_one_line_as_its_limits_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("passes", "3"), ("queue_length", "7"), ("queue_seconds", "9")):
        monkeypatch.setenv(variable(name), value)
    line = turns()
    assert (line.places, line.longest, line.patience) == (3, 7, 9)
    with ThreadPoolExecutor(8) as pool:
        assert {id(made) for made in pool.map(lambda _: turns(), range(64))} == {id(line)}
    monkeypatch.setenv(variable("passes"), "2")
    assert turns().places == 2 and turns() is not line
    queueing._line_of.cache_clear()
