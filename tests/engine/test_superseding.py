"""What a visitor no longer wants is dropped or stopped, and nobody else loses anything by that."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.progress import Progress
from core.records import ContrastSpec
from engine import admission, pipeline
from engine.admission import SHORT_BYTES, Work, admitted
from engine.jobs import Abandoned, Job
from engine.pipeline import Request, begin, begin_apart, forget_everything, obtain, peek, resolve, step
from engine.visitors import Visitor
from tests.support.slow_work import asked_for
from tests.support.threads import WAIT, in_thread, until

SPEC = ContrastSpec()
LONG = Work("A long reading", SHORT_BYTES + 1, "less")


def spec_of(n: int) -> ContrastSpec:
    return SPEC.changed(n_target=n, n_baseline=n)


class Steps:
    """A reading of many passes, keyed by the number of words; its end, keyed by the spec; a text; and a model."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.stopped: list[int] = []
        self.free: set[int] = set()
        self.all_free = False
        self.most = self._now = 0
        self.stopping = threading.Event()  # set when a reading is being stopped
        self.go_on = threading.Event()  # how long that takes
        self.go_on.set()
        self._lock = threading.Lock()
        options: Any = {"key_text": "it", "entries": 500}

        @step(lambda request, need: 0, apart=True, **options)
        def loaded(request: Request, need: Any, progress: Progress) -> str:
            """A model."""
            self._passes(0, progress)
            return "model"

        @step(lambda request, need: request.spec.n_target, **options)
        def reading(request: Request, need: Any, progress: Progress) -> str:
            """A reading."""
            with admitted(LONG, progress):
                return self._passes(request.spec.n_target, progress)

        @step(lambda request, need: (request.spec, request.text), needs=(reading,), **options)
        def end(request: Request, need: Any, progress: Progress) -> str:
            """The end."""
            return f"{need(reading)} at {request.spec.layer}{request.text}"

        @step(lambda request, need: request.spec, needs=(loaded,), **options)
        def described(request: Request, need: Any, progress: Progress) -> str:
            """What is said of the model."""
            return f"a {need(loaded)}"

        self.loaded, self.reading, self.end, self.described = loaded, reading, end, described

    def _passes(self, n: int, progress: Progress) -> str:
        with self._lock:
            self.begun.append(n)
            self._now += 1
            self.most = max(self.most, self._now)
        deadline = time.monotonic() + WAIT
        try:
            while not (self.all_free or n in self.free):
                assert time.monotonic() < deadline
                progress(0.5, f"Reading {n}")
                time.sleep(0.002)
        except Abandoned:
            self.stopped.append(n)
            self.stopping.set()
            assert self.go_on.wait(WAIT)
            raise
        finally:
            with self._lock:
                self._now -= 1
        self.ended.append(n)
        return f"{n} words"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    monkeypatch.setattr(pipeline, "STEPS", [])
    made = Steps()
    yield made
    made.all_free = True
    made.go_on.set()
    until(lambda: not pipeline._pages._running)
    forget_everything()


def wait(job: Job) -> None:
    assert job.finished.wait(WAIT)


def test_another_spec_replaces_what_was_asked_for_before(steps: Steps) -> None:
    """Of 150, those in the middle never begin, and the first stops between two passes."""
    visitor, before = Visitor(), threading.active_count()
    steps.go_on.clear()
    jobs = [begin(steps.end, Request(spec_of(10)), visitor)]
    until(lambda: steps.begun == [10])
    for n in range(11, 160):
        jobs.append(begin(steps.end, Request(spec_of(n)), visitor))
        assert threading.active_count() <= before + 3, "two that work, and a clock"
    until(lambda: len(steps.stopped) == 2)
    assert len(steps.begun) == 2, "a visitor's two threads are still being stopped"
    steps.go_on.set()
    until(lambda: steps.begun[-1] == 159 and len(pipeline._pages._jobs) == 1)
    steps.all_free = True
    wait(jobs[-1])
    assert jobs[-1].outcome() == "159 words at 3" and steps.ended == [159] and len(steps.begun) == 3
    for job in jobs[:-1]:
        wait(job)
        with pytest.raises(Abandoned):
            job.outcome()
    until(lambda: not pipeline._pages._jobs)


def test_another_text_replaces_the_text_and_another_page_replaces_nothing(steps: Steps) -> None:
    visitor = Visitor()
    old = begin(steps.end, Request(SPEC, " in an old text"), visitor)
    until(lambda: steps.begun == [SPEC.n_target])
    new = begin(steps.end, Request(SPEC, " in a new text"), visitor)
    other_page = begin(steps.described, Request(SPEC), visitor)
    steps.all_free = True
    for job in (old, new, other_page):
        wait(job)
    assert old.abandoned and not new.abandoned and not other_page.abandoned
    assert new.outcome() == "100 words at 3 in a new text" and other_page.outcome() == "a model"


def test_who_comes_back_to_what_is_being_stopped_gets_it(steps: Steps) -> None:
    """Whether the work has heard of it or not: whoever waits is told of the result, and of no error."""
    visitor = Visitor()
    for _ in range(10):
        job = begin(steps.end, Request(spec_of(10)), visitor)
        until(lambda: bool(steps.begun))
        begin(steps.end, Request(spec_of(20)), visitor)
        time.sleep(random.random() / 100)
        job = begin(steps.end, Request(spec_of(10)), visitor)
    steps.all_free = True
    wait(job)
    assert job.outcome() == "10 words at 3"


@pytest.mark.parametrize("other", ["end", "reading"])
def test_what_somebody_else_waits_for_goes_on(steps: Steps, other: str) -> None:
    """Who needs the same result for another request, or asks for a step that is only a part of it."""
    one, two = Visitor(), Visitor()
    begin(steps.end, Request(spec_of(10)), one)
    until(lambda: steps.begun == [10])
    before = asked_for("reading", "wait")
    job = begin(getattr(steps, other), Request(spec_of(10).changed(layer=1)), two)
    until(lambda: asked_for("reading", "wait") == before + 1)
    begin(steps.described, Request(spec_of(20)), one)  # which gives up the first
    time.sleep(0.05)
    assert steps.stopped == []
    steps.all_free = True
    wait(job)
    assert job.outcome() == {"end": "10 words at 1", "reading": "10 words"}[other] and steps.begun.count(10) == 1


def test_who_waits_for_what_is_stopped_computes_it_again(steps: Steps) -> None:
    """One begins to wait just after the work has heard that nobody waits."""
    one, two = Visitor(), Visitor()
    steps.go_on.clear()
    begin(steps.end, Request(spec_of(10)), one)
    until(lambda: steps.begun == [10])
    begin(steps.described, Request(spec_of(20)), one)
    assert steps.stopping.wait(WAIT)
    before = asked_for("reading", "wait")
    job = begin(steps.reading, Request(spec_of(10)), two)
    until(lambda: asked_for("reading", "wait") == before + 1)
    steps.all_free = True
    steps.go_on.set()
    wait(job)
    assert job.outcome() == "10 words" and steps.begun.count(10) == 2


@pytest.mark.parametrize("seed", range(3))
def test_many_visitors_who_change_their_minds_get_what_they_asked_for_last(steps: Steps, seed: int) -> None:
    """Few keys, so that everybody always waits for what somebody else is just giving up."""
    together = threading.Barrier(12)

    def work() -> None:
        while not steps.all_free:
            steps.free |= {random.randint(10, 14)}
            time.sleep(0.003)
            steps.free.clear()

    def visit(number: int) -> None:
        rng, visitor = random.Random(seed * 100 + number), Visitor()
        together.wait(WAIT)
        for _ in range(15):
            begin(steps.end, Request(spec_of(rng.randint(10, 14)).changed(seed=rng.randint(0, 1))), visitor)
            time.sleep(rng.random() / 200)
        n, layer = rng.randint(10, 14), rng.randint(0, 3)
        request = Request(spec_of(n).changed(layer=layer, seed=number))
        assert obtain(steps.end, request, wait, visitor) == f"{n} words at {layer}"

    in_thread(work)
    with ThreadPoolExecutor(12) as pool:
        for future in [pool.submit(visit, number) for number in range(12)]:
            future.result(WAIT)
    steps.all_free = True
    until(lambda: not pipeline._pages._jobs)
    assert steps.most <= 2, "as many as have places"
    long = admission._lines().long
    assert (long.n_free, long._n_inside, len(long._queue)) == (2, 0, 0)


def test_a_reading_in_a_thread_that_no_visitor_has_is_never_stopped(steps: Steps) -> None:
    """Such as that of the warm start, which a visitor waits for, and gives up."""
    thread = in_thread(lambda: resolve(steps.reading, Request(spec_of(10))))
    until(lambda: steps.begun == [10])
    visitor = Visitor()
    begin(steps.end, Request(spec_of(10)), visitor)
    begin(steps.described, Request(spec_of(20)), visitor)
    steps.all_free = True
    thread.join(WAIT)
    assert peek(steps.reading, Request(spec_of(10))) == "10 words" and steps.stopped == []


def test_a_model_is_loaded_though_nobody_waits_any_more(steps: Steps) -> None:
    visitor = Visitor()
    first = begin(steps.described, Request(spec_of(10)), visitor)
    until(lambda: steps.begun == [0])
    begin(steps.end, Request(spec_of(20)), visitor)
    wait(first)
    assert isinstance(first.error, Abandoned) and steps.stopped == []
    steps.all_free = True
    wait(begin_apart(steps.loaded, Request(SPEC)))
    assert peek(steps.loaded, Request(SPEC)) == "model" and steps.begun.count(0) == 1


def test_a_session_that_ends_leaves_nothing_behind(steps: Steps) -> None:
    others = set(pipeline._pages._asked)  # of other tests
    visitor = Visitor()
    jobs = [begin(wanted, Request(spec_of(10)), visitor) for wanted in (steps.end, steps.described, steps.reading)]
    until(lambda: sorted(steps.begun) == [0, 10])
    del visitor
    gc.collect()
    for job in jobs:
        wait(job)
        assert isinstance(job.error, Abandoned)
    assert steps.stopped == [10] and steps.ended == []
    until(lambda: not pipeline._pages._jobs and set(pipeline._pages._asked) <= others)


def test_who_asks_for_150_keys_delays_another_by_one_at_most(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_READINGS_AT_ONCE", "1")
    attacker, student = Visitor(), Visitor()
    steps.free = set(range(100, 250))  # each of the attacker's is one pass
    hurried, stop = threading.Event(), threading.Event()

    def hurry() -> None:
        for n in range(100, 250):
            if stop.is_set():
                return
            begin(steps.end, Request(spec_of(n)), attacker)
            hurried.set()
            time.sleep(0.002)

    thread = in_thread(hurry)
    assert hurried.wait(WAIT)
    for n in range(10, 15):
        steps.free.add(n)
        before = len(steps.begun)
        assert obtain(steps.end, Request(spec_of(n)), wait, student) == f"{n} words at 3"
        assert steps.begun.index(n) <= before + 2, "that which runs, and that which stood in the line"
    stop.set()
    thread.join(WAIT)
