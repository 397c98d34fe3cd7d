"""Background jobs: once for everyone, errors told and forgotten, old results let go, progress passed on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from unittest.mock import MagicMock

import pytest
from streamlit.testing.v1 import AppTest

from core.records import ContrastSpec
from ui import cached, jobs
from ui.jobs import JobStore, Shelf, obtain_within

WAIT = 30.0
SHELF = Shelf("shelf of a test", 2, 0.1)


@pytest.fixture
def store():
    return JobStore(max_entries=3)


@pytest.fixture
def shelves():
    """The process-wide shelves, emptied around a test."""
    jobs.forget_everything()
    yield
    jobs.forget_everything()


def finished(store, key, work, **options):
    """The result of a key, waited for."""
    job = store.start(key, work, **options)
    assert job.finished.wait(WAIT)
    return store.collect(key, job)


def quiet(share, message):
    """A report to nobody."""


def test_thirty_threads_share_one_run(store):
    calls, gate, together = count(), threading.Event(), threading.Barrier(30)

    def work(report):
        next(calls)
        assert gate.wait(WAIT)
        return object()

    def ask(_):
        together.wait(WAIT)
        job = store.start("key", work)
        gate.set()
        assert job.finished.wait(WAIT)
        return store.collect("key", job)

    with ThreadPoolExecutor(30) as pool:
        results = list(pool.map(ask, range(30)))
    assert next(calls) == 1
    assert len({id(result) for result in results}) == 1


def test_keys_run_beside_each_other(store):
    together = threading.Barrier(2)

    def work(report):
        return together.wait(WAIT)  # passes only where both run at once

    first, second = store.start("a", work), store.start("b", work)
    assert first.finished.wait(WAIT) and second.finished.wait(WAIT)
    assert {store.collect("a", first), store.collect("b", second)} == {0, 1}


def test_an_error_is_raised_to_everyone_then_tried_again(store):
    calls = count(1)

    def work(report):
        if next(calls) == 1:
            raise ValueError("no network")
        return "result"

    job = store.start("key", work)
    assert job.finished.wait(WAIT)
    assert store.start("key", work) is job, "not started anew before anybody was told"
    for _ in range(2):  # two sessions that waited for the same job
        with pytest.raises(ValueError, match="no network"):
            store.collect("key", job)
    assert finished(store, "key", work) == "result"
    with pytest.raises(ValueError, match="no network"):
        store.collect("key", job)  # a third that comes late
    assert finished(store, "key", work) == "result", "a late report of the old error leaves the new result"
    assert next(calls) == 3


def test_even_an_exit_reaches_those_who_wait(store):
    def work(report):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        finished(store, "key", work)


def test_the_least_recently_used_result_is_forgotten(store):
    calls = []

    def ask(key):
        return finished(store, key, lambda report: calls.append(key))

    for key in "abc":
        ask(key)
    ask("a")
    ask("d")  # b is the oldest now
    assert calls == ["a", "b", "c", "d"]
    for key in "acd":
        ask(key)
    assert calls == ["a", "b", "c", "d"]
    ask("b")
    assert calls == ["a", "b", "c", "d", "b"]


def test_what_is_offered_is_forgotten_first():
    """Nothing that was asked for makes room for it; once asked for, it is a result like any other."""
    store = JobStore(max_entries=2)
    for key in "ab":
        finished(store, key, lambda report: "asked for")
        store.offer(f"below {key}", "offered")
    runs = []

    def work(report):
        runs.append(1)
        return "made anew"

    assert [finished(store, key, work) for key in "ab"] == ["asked for"] * 2
    store = JobStore(max_entries=2)
    store.offer("below", "offered")
    assert finished(store, "below", work) == "offered"
    store.offer("below", "offered twice")
    assert finished(store, "below", work) == "offered" and not runs


def test_running_jobs_are_never_forgotten(store):
    gate, calls = threading.Event(), []

    def work(report):
        calls.append(1)
        assert gate.wait(WAIT)

    started = [store.start(key, work) for key in range(6)]  # twice what the shelf holds
    assert [store.start(key, work) for key in range(6)] == started
    gate.set()
    assert all(job.finished.wait(WAIT) for job in started)
    assert len(calls) == 6


def test_an_old_result_is_made_anew_but_not_a_running_one(store, monkeypatch):
    clock, later = time.monotonic, [0.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock() + later[0])
    calls, gate = count(1), threading.Event()

    def work(report):
        gate.wait(WAIT)
        return next(calls)

    job = store.start("key", work, max_age=1000)
    later[0] = 1100
    assert store.start("key", work, max_age=1000) is job
    gate.set()
    assert job.finished.wait(WAIT)
    assert finished(store, "key", work, max_age=2000) == 1
    assert finished(store, "key", work, max_age=1000) == 2
    assert finished(store, "key", work) == 2


def test_reports_stay_between_nothing_and_all():
    job = jobs.Job()
    for given, kept in ((-1.0, 0.0), (0.25, 0.25), (7.0, 1.0)):
        job.report(given, "Reading")
        assert (job.share, job.message) == (kept, "Reading")


def test_inner_work_passes_its_progress_on(shelves):
    seen, gate = [], threading.Event()

    def inner(report):
        report(0.5, "Reading words: 50 of 100")
        assert gate.wait(WAIT)
        return "read"

    def outer_report(share, message):
        seen.append((share, message))
        if message:
            gate.set()

    assert obtain_within(outer_report, SHELF, "key", inner) == "read"
    assert (0.5, "Reading words: 50 of 100") in seen


def test_inner_work_is_shared_and_its_error_raised(shelves):
    calls = count(1)

    def inner(report):
        time.sleep(0.05)
        if next(calls) == 1:
            raise ValueError("broken file")
        return object()

    with pytest.raises(ValueError, match="broken file"):
        obtain_within(quiet, SHELF, "key", inner)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(obtain_within, quiet, SHELF, "key", inner) for _ in range(8)]
        results = [future.result(WAIT) for future in asked]
    assert len({id(result) for result in results}) == 1
    assert next(calls) == 3


def test_begun_work_is_found_by_who_needs_it(shelves):
    gate = threading.Event()
    jobs.begin(SHELF, "name", lambda report: gate.wait(WAIT))
    gate.set()
    assert obtain_within(quiet, SHELF, "name", lambda report: "another") is True


@pytest.fixture
def shown(monkeypatch):
    """A page's progress bar, played by a mock: what it showed, as (share, text)."""
    screen = MagicMock()
    monkeypatch.setattr(jobs.st, "empty", screen.empty)
    monkeypatch.setattr(jobs.st, "caption", screen.caption)
    return lambda: [(call.args[0], call.kwargs["text"]) for call in screen.empty.return_value.progress.call_args_list]


def test_quick_work_never_flashes_a_bar(shelves, shown):
    assert jobs.obtain(SHELF, "key", lambda report: "quick") == "quick"
    assert shown() == []


def test_a_page_shows_how_far_slow_work_is(shelves, shown):
    gate, meanwhile = threading.Event(), []

    def work(report):
        report(0.5, "Half way")
        assert gate.wait(WAIT)
        return "the result"

    threading.Timer(1.0, gate.set).start()
    result = jobs.obtain(SHELF, "key", work, meanwhile=lambda: meanwhile.append(1))
    assert result == "the result"
    assert shown() and set(shown()) == {(0.5, "Half way")}
    assert meanwhile == [1]


def test_an_error_of_slow_work_is_raised_in_the_page(shelves, shown):
    def work(report):
        time.sleep(0.6)
        raise ValueError("no network")

    with pytest.raises(ValueError, match="no network"):
        jobs.obtain(SHELF, "key", work)
    assert set(shown()) <= {(0.0, "Starting")}


def test_the_bar_is_gone_once_the_page_is_done():
    def script():
        import time

        import streamlit as st

        from ui.jobs import Shelf, obtain

        st.write("before")
        st.write(obtain(Shelf("page", 2, 0.1), "slow", lambda report: time.sleep(0.8) or "the result"))

    at = AppTest.from_function(script, default_timeout=30).run()
    assert not at.exception and not at.get("progress") and not at.caption
    assert [item.value for item in at.markdown] == ["before", "the result"]


def test_a_layer_below_the_deepest_read_costs_no_pass(shelves, tiny_folder):
    """Nor does the deepest again; a deeper one does."""
    from prometheus_client import REGISTRY

    def passes():
        return REGISTRY.get_sample_value("grammar_neurons_forward_passes_total", {"kind": "text"}) or 0.0

    spec = ContrastSpec(model=str(tiny_folder("gpt_neo")))
    before = passes()
    for layer, expected in ((2, 1), (0, 1), (1, 1), (2, 1), (3, 2), (1, 2)):
        activations = cached.text(spec.changed(layer=layer), "The river runs past the old mill.")
        assert activations.layer == layer and passes() - before == expected
