"""Who may read now: by rank, then in the order of asking; never more at once, nor more memory, than may be."""

from __future__ import annotations

import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.progress import unwatched
from engine import admission, metrics
from engine.admission import SHORT_BYTES, Line, Work, admitted
from engine.jobs import Abandoned
from tests.support.threads import WAIT, in_thread, until
from tests.support.tiny_models import assert_one_sentence

LONG = 600.0


class Holder:
    """A thread that waits for a place, and holds it until ``done`` is set."""

    def __init__(self, line: Line, n_bytes: float = 1.0) -> None:
        self.heard: list[int] = []
        self.inside, self.done = threading.Event(), threading.Event()
        before = len(line._queue)

        def work() -> None:
            with line.place(n_bytes, self.heard.append):
                self.inside.set()
                assert self.done.wait(WAIT)

        self.thread = in_thread(work)
        until(lambda: len(line._queue) > before or self.inside.is_set())

    def finish(self) -> None:
        self.done.set()
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


def test_no_more_have_a_place_than_may_and_the_first_comes_first() -> None:
    line = Line(2, 100, LONG)
    first, second, third, fourth = (Holder(line) for _ in range(4))
    assert first.inside.wait(WAIT) and second.inside.wait(WAIT)
    until(lambda: third.heard[-1:] == [2] and fourth.heard[-1:] == [3])
    assert not third.inside.is_set()
    second.finish()
    assert third.inside.wait(WAIT) and not fourth.inside.is_set()
    for holder in (first, third, fourth):
        holder.finish()
    assert (line.n_free, line.n_free_bytes, line._n_inside) == (2, 100, 0)


def test_who_needs_more_than_is_free_waits_and_is_not_overtaken() -> None:
    """Else the small ones would keep it waiting for ever."""
    line = Line(10, 100, LONG)
    first, large, small = Holder(line, 60), Holder(line, 70), Holder(line, 10)
    assert first.inside.wait(WAIT)
    until(lambda: len(small.heard) > 1)
    assert not large.inside.is_set() and not small.inside.is_set()
    first.finish()
    assert large.inside.wait(WAIT) and small.inside.wait(WAIT)
    large.finish()
    small.finish()


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 100), min_size=1, max_size=20),
    places=st.integers(1, 5),
    seed=st.integers(0, 1_000),
)
def test_memory_is_never_over_its_bound_and_everybody_gets_through(sizes: list[int], places: int, seed: int) -> None:
    """Some fail, some leave while they wait."""
    line, now, peak, lock, rng = Line(places, 100, LONG), [0, 0], [0, 0], threading.Lock(), random.Random(seed)
    fates = [rng.choice(["ends", "fails", "leaves"]) for _ in sizes]

    def add(n: int, n_bytes: int) -> None:
        with lock:
            now[0], now[1] = now[0] + n, now[1] + n_bytes
            peak[0], peak[1] = max(peak[0], now[0]), max(peak[1], now[1])

    def read(n_bytes: int, fate: str) -> str:
        def watch(before: int) -> None:
            if fate == "leaves":
                raise Abandoned

        with suppress(ZeroDivisionError, Abandoned), line.place(n_bytes, watch):
            add(1, n_bytes)
            time.sleep(0.001)
            add(-1, -n_bytes)
            if fate == "fails":
                raise ZeroDivisionError
        return fate

    with ThreadPoolExecutor(20) as pool:
        assert [*pool.map(read, sizes, fates, timeout=WAIT)] == fates
    assert peak[0] <= places and peak[1] <= 100
    assert (line.n_free, line.n_free_bytes, len(line._queue)) == (places, 100, 0)


def test_who_waits_too_long_leaves_the_line_with_a_sentence() -> None:
    line = Line(1, 1, 0.2)
    with line.place(1):
        with pytest.raises(UserError, match=r"waited 0\.2 seconds for its turn") as caught, line.place(1):
            pytest.fail("it had no place to get")
        assert caught.value.about == "busy" and not line._queue
        assert_one_sentence(caught.value)
    with line.place(1):
        pass


def test_the_one_behind_moves_up_when_one_gives_up() -> None:
    line = Line(1, 1, LONG)
    with line.place(1):
        line.timeout = 0.1

        def impatient() -> None:
            with suppress(UserError), line.place(1):
                pytest.fail("it had no place to get")

        thread = in_thread(impatient)
        until(lambda: len(line._queue) == 1)
        line.timeout = LONG
        patient = Holder(line)
        thread.join(WAIT)
        until(lambda: patient.heard[-1:] == [1])
    assert patient.inside.wait(WAIT)
    patient.finish()


def test_the_gauge_counts_who_waits() -> None:
    def gauge() -> float:
        return metrics.QUEUE_LENGTH._value.get()

    line, before = Line(1, 1, LONG), gauge()
    with line.place(1):
        holder = Holder(line)
        assert gauge() == before + 1
    assert holder.inside.wait(WAIT) and gauge() == before
    holder.finish()


# --- The lines of the server


def test_what_can_never_be_had_is_refused_with_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_READING_MB", "400")
    most = 400_000_000 - 4 * SHORT_BYTES
    with admitted(Work("Reading 9 words", most, "fewer words need less"), unwatched):
        pass
    sentence = "Reading 9 words may take 305 MB of memory, and this server has 304 MB for it; fewer words need less."
    with (
        pytest.raises(UserError, match=re.escape(sentence)) as caught,
        admitted(Work("Reading 9 words", most + 1_000_000, "fewer words need less"), unwatched),
    ):
        pytest.fail("there is no such memory")
    assert caught.value.about == "memory"
    assert_one_sentence(caught.value)


def test_short_work_never_waits_for_long_work_nor_calculations_for_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_READINGS_AT_ONCE", "2")
    long, short = Work("Words", SHORT_BYTES + 1, "less"), Work("Words", SHORT_BYTES, "less")
    with ExitStack() as inside:
        for work in (long, long, short, short):
            inside.enter_context(admitted(work, unwatched))
        with admitted(Work("Tests", SHORT_BYTES, "less", calculates=True), unwatched):
            pass
        said: list[str] = []
        slow = Work("A text", 1, "less", is_slow=True)

        def leave(share: float, message: str) -> None:
            said.append(message)
            raise Abandoned

        for work in (long, short, slow):
            with pytest.raises(Abandoned), admitted(work, leave):
                pytest.fail("there is no place")
        assert said == ["Waiting: 2 requests are ahead of yours"] * 3


def test_all_lines_together_have_the_memory_of_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_READING_MB", "500")
    lines = admission._lines()
    assert lines.long.n_bytes + lines.short_readings.n_bytes + lines.short_calculations.n_bytes == 500e6
    assert admission._lines() is lines
    for line in (lines.short_readings, lines.short_calculations):
        assert line.n_free * SHORT_BYTES <= line.n_bytes, "each short one fits, whatever the others take"
