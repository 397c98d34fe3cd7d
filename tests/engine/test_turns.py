"""Forward passes take turns: one at a time, first come, first served, and no turn is ever lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY

from core.activations import Gate
from core.errors import UserError
from core.progress import unwatched
from engine import turns as queueing
from engine.turns import Turns, gate_of, turns
from tests.support.threads import WAIT, in_thread, until

LONG = 600.0


def n_waiting(line: Turns) -> int:
    return len(line._queue)


class Waiter:
    """A thread that waits for its turn, and holds it until ``done`` is set."""

    def __init__(self, line: Turns, order: list[str] | None = None, name: str = "") -> None:
        self.heard: list[int] = []
        self.error: UserError | None = None
        self.has_turn, self.done = threading.Event(), threading.Event()
        before = n_waiting(line)

        def work() -> None:
            try:
                with line.turn(self.heard.append):
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


def test_a_free_turn_is_taken_at_once_without_a_word() -> None:
    line, heard = Turns(), []
    with line.turn(heard.append):
        assert n_waiting(line) == 0
    assert heard == []


def test_first_come_first_served() -> None:
    line, order = Turns(), []
    waiters = [Waiter(line, order, str(number)) for number in range(12)]
    for number, waiter in enumerate(waiters):
        assert waiter.has_turn.wait(WAIT)
        assert [other.has_turn.is_set() for other in waiters] == [True] * (number + 1) + [False] * (11 - number)
        waiter.finish()
    assert order == [str(number) for number in range(12)]


def test_a_newcomer_does_not_overtake_those_who_wait() -> None:
    """Whoever ends a pass and asks at once for the next goes behind them."""
    line, order = Turns(), []
    with line.turn():
        waiters = [Waiter(line, order, name) for name in ("first", "second")]
        for waiter in waiters:
            waiter.done.set()
    with line.turn():  # most often before they have woken
        order.append("newcomer")
    assert order == ["first", "second", "newcomer"]


def test_who_waits_hears_how_many_are_before() -> None:
    line = Turns()
    running = Waiter(line)
    waiting = [Waiter(line) for _ in range(3)]
    until(lambda: all(waiter.heard for waiter in waiting))
    assert [waiter.heard[0] for waiter in waiting] == [1, 2, 3]
    for waiter in (running, *waiting):
        waiter.finish()
    assert running.heard == []
    for waiter in waiting:
        assert waiter.heard == sorted(waiter.heard, reverse=True), "it only gets nearer"
        assert min(waiter.heard) >= 1, "nobody is before the one whose turn it is"


def test_who_waits_hears_it_again_while_nothing_changes() -> None:
    """So that a page that was opened meanwhile shows it too."""
    line = Turns()
    with line.turn():
        waiter = Waiter(line)
        until(lambda: len(waiter.heard) >= 2)
    waiter.finish()


@pytest.mark.parametrize("error", [ValueError, UserError, MemoryError, KeyboardInterrupt, SystemExit])
def test_a_pass_that_raises_ends_its_turn(error: type[BaseException]) -> None:
    line = Turns()
    with pytest.raises(error), line.turn():
        raise error("broken")
    with line.turn():
        assert n_waiting(line) == 0


def test_who_is_gone_leaves_the_line() -> None:
    line = Turns()

    def hear(before: int) -> None:
        raise RuntimeError("the page is gone")

    with line.turn():
        with pytest.raises(RuntimeError, match="the page is gone"), line.turn(hear):
            pytest.fail("it had no turn to get")
        assert n_waiting(line) == 0
    with line.turn():
        pass


def test_of_many_threads_one_passes_at_a_time_and_all_get_through() -> None:
    line = Turns()
    inside, most, finished = set(), [], []

    def reading(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(10):
            with suppress(ValueError), line.turn():
                inside.add(seed)
                time.sleep(rng.random() / 2_000)  # others run, and would come in
                most.append(len(inside))
                inside.remove(seed)
                if rng.random() < 0.2:
                    raise ValueError("a broken pass")
            finished.append(seed)

    with ThreadPoolExecutor(40) as pool:
        for future in [pool.submit(reading, seed) for seed in range(40)]:
            future.result(WAIT)
    assert max(most) == 1 and len(most) == len(finished) == 400
    assert n_waiting(line) == 0 and not line._busy


def test_a_long_reading_lets_a_short_one_in_between_its_passes() -> None:
    """A reading of many passes asks anew for each, and goes behind whoever has come meanwhile."""
    line, order = Turns(), []
    with line.turn():
        short = Waiter(line, order, "short")

        def long() -> None:
            for number in range(3):
                with line.turn():
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


# --- A model's line


@pytest.fixture
def _lines() -> Iterator[None]:
    queueing._queue_of.cache_clear()
    yield
    queueing._queue_of.cache_clear()


@pytest.mark.usefixtures("_lines")
def test_a_model_has_one_line() -> None:
    line = turns("bundled")
    with ThreadPoolExecutor(8) as pool:
        assert {id(made) for made in pool.map(lambda _: turns("bundled"), range(64))} == {id(line)}


@pytest.mark.usefixtures("_lines")
def test_threads_that_ask_first_together_get_one_line() -> None:
    for number in range(20):
        together = threading.Barrier(8)

        def ask(_: int, name: str = str(number), together: threading.Barrier = together) -> Turns:
            together.wait(WAIT)
            return turns(name)

        with ThreadPoolExecutor(8) as pool:
            assert len({id(line) for line in pool.map(ask, range(8))}) == 1


@pytest.mark.usefixtures("_lines")
def test_models_do_not_wait_for_each_other_and_words_and_texts_of_one_do() -> None:
    with turns("one").turn():
        with gate_of("other", "words", unwatched)():
            pass
        waiting = [in_thread(lambda kind=kind: enter(gate_of("one", kind, unwatched))) for kind in ("words", "text")]
        until(lambda: n_waiting(turns("one")) == 2)
    for thread in waiting:
        thread.join(WAIT)
        assert not thread.is_alive()


def enter(gate: Gate) -> None:
    with gate():
        pass


@pytest.mark.usefixtures("_lines")
def test_a_gate_says_how_many_readings_are_before() -> None:
    said: list[tuple[float, str]] = []
    with turns("one").turn():
        first = in_thread(lambda: enter(gate_of("one", "words", unwatched)))
        until(lambda: n_waiting(turns("one")) == 1)
        second = in_thread(lambda: enter(gate_of("one", "words", lambda *report: said.append(report))))
        until(lambda: len(said) > 0)
    for thread in (first, second):
        thread.join(WAIT)
    assert said[0] == (0.0, "Waiting: 2 requests are ahead of yours")
    assert {sentence for _, sentence in said} <= {
        "Waiting: 2 requests are ahead of yours",
        "Waiting: 1 request is ahead of yours",
    }


@pytest.mark.usefixtures("_lines")
def test_a_gate_counts_the_passes_that_were_made() -> None:
    def passes(kind: str) -> float:
        return REGISTRY.get_sample_value("grammar_neurons_forward_passes_total", {"kind": kind}) or 0.0

    before = {kind: passes(kind) for kind in ("words", "text")}
    for _ in range(3):
        enter(gate_of("one", "words", unwatched))
    with pytest.raises(ValueError, match="broken"), gate_of("one", "words", unwatched)():
        raise ValueError("broken")
    assert {kind: passes(kind) - before[kind] for kind in before} == {"words": 3, "text": 0}
