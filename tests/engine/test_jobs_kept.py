"""Which results are kept, and which are forgotten first: by use, by number, by bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.records import BothSides, Caution, Remedy, WordActivations, WordList, WordPair
from engine.jobs import NotCached, Results, bytes_in_memory
from tests.support.slow_work import Slow, is_kept, making, never, waiting_for
from tests.support.threads import WAIT


@pytest.fixture
def results() -> Results:
    return Results("of a test", max_entries=3)


def test_the_least_used_result_is_forgotten_and_of_several_the_one_that_was_used_first(results: Results) -> None:
    for key in "abc":
        results.obtain(key, making(key))
    results.obtain("a", never)
    results.get("b")
    results.obtain("d", making("d"))  # c is the oldest now
    assert [is_kept(results, key) for key in "abcd"] == [True, True, False, True]
    results.obtain("e", making("e"))  # d was used once, the others twice
    assert [is_kept(results, key) for key in "abde"] == [True, True, False, True]
    results.obtain("e", never)
    results.obtain("f", making("f"))
    assert [is_kept(results, key) for key in "abef"] == [False, True, True, True]


def test_a_result_is_kept_though_others_were_used_while_it_was_made() -> None:
    """A slow model would otherwise be loaded anew by each who asks, while others look at two quick ones."""
    results = Results("of a test", max_entries=2)
    for key in "ab":
        results.obtain(key, making(key))
    slow = Slow()
    thread = slow.asked(results, "slow")
    for key in "ab":
        results.obtain(key, never)
    slow.end(thread)
    assert [is_kept(results, key) for key in ("a", "b", "slow")] == [False, True, True]


def test_arrays_are_bounded_in_bytes_and_the_newest_stays() -> None:
    results = Results("of a test", max_entries=100, max_bytes=1_000)
    for key in "abc":
        results.obtain(key, making(np.zeros(400, dtype=np.int8)))
    assert [is_kept(results, key) for key in "abc"] == [False, True, True]
    results.obtain("large", making(np.zeros(5_000, dtype=np.int8)))
    assert [is_kept(results, key) for key in ("b", "c", "large")] == [False, False, True]
    assert results.get("large").size == 5_000


def test_what_is_waited_for_is_handed_on_though_it_is_forgotten_at_once() -> None:
    results = Results("of a test", max_entries=1)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(results.obtain, key, making(key)) for key in range(64)]
        assert [future.result(WAIT) for future in asked] == list(range(64))
    assert len(results._jobs) == 1


def test_running_jobs_are_never_forgotten(results: Results) -> None:
    """Though they are twice what is kept."""
    running = {key: Slow() for key in range(6)}
    threads = {key: work.asked(results, key) for key, work in running.items()}
    results.obtain("another", making("another"))
    assert all(is_kept(results, key) for key in running)
    waiting = waiting_for(results, 0)
    for key, work in running.items():
        work.end(threads[key])
    assert waiting.result(WAIT) == "result"
    assert [is_kept(results, key) for key in running] == [False] * 3 + [True] * 3


def test_what_is_put_is_forgotten_first() -> None:
    """Nothing that was asked for makes room for it; once asked for, it is a result like any other."""
    results = Results("of a test", max_entries=3)
    for key in "ab":
        results.obtain(key, making("asked for"))
    results.put("below", "put")
    results.obtain("c", making("asked for"))
    assert [is_kept(results, key) for key in ("a", "b", "c", "below")] == [True, True, True, False]
    results.put("below", "put")
    assert not is_kept(results, "below"), "there is no room"

    results = Results("of a test", max_entries=2)
    results.put("below", "put")
    results.put("below", "put twice")
    assert results.obtain("below", never) == "put"
    results.obtain("a", making("asked for"))
    assert results.obtain("below", never) == "put"
    results.obtain("b", making("asked for"))
    assert [is_kept(results, key) for key in ("a", "b", "below")] == [False, True, True]


def test_what_is_put_takes_only_the_bytes_that_are_free() -> None:
    results = Results("of a test", max_entries=100, max_bytes=1_000)
    results.obtain("a", making(np.zeros(700, dtype=np.int8)))
    results.put("too large", np.zeros(301, dtype=np.int8))
    results.put("fits", np.zeros(300, dtype=np.int8))
    results.put("another", np.zeros(1, dtype=np.int8))
    assert list(results._jobs) == ["fits", "a"]
    results.obtain("b", making(np.zeros(1, dtype=np.int8)))
    assert list(results._jobs) == ["a", "b"]


def test_what_is_put_drives_nothing_out_while_much_is_under_way() -> None:
    """What runs counts as kept: where there is more of it than may be kept, the results are over their bound."""
    results = Results("of a test", max_entries=2)
    for key in "ab":
        results.obtain(key, making("asked for"))
    slow = Slow()
    thread = slow.asked(results, "slow")
    results.put("below", "put")
    assert [is_kept(results, key) for key in ("a", "b", "slow", "below")] == [True, True, True, False]
    slow.end(thread)


def test_what_is_put_leaves_what_is_there_and_what_is_under_way(results: Results) -> None:
    results.obtain("made", making("made"))
    slow = Slow(outcome="made, too")
    thread = slow.asked(results, "slow")
    results.put("made", "put")
    results.put("slow", "put")
    slow.end(thread)
    assert (results.get("made"), results.get("slow")) == ("made", "made, too")


def test_the_bytes_of_a_result_are_those_of_its_arrays_in_memory(tmp_path) -> None:
    array = np.zeros((3, 4), dtype=np.float32)
    mapped = np.memmap(tmp_path / "array", dtype=np.float32, mode="w+", shape=(3, 4))
    assert bytes_in_memory(array) == 48
    assert bytes_in_memory(array[:2]) == 32
    assert bytes_in_memory((array, [array, b"12345"])) == 101
    assert bytes_in_memory(mapped) == bytes_in_memory(mapped[1:]) == bytes_in_memory(np.asarray(mapped)) == 0
    assert bytes_in_memory("text") == bytes_in_memory(None) == bytes_in_memory(["text"] * 9) == bytes_in_memory(()) == 0


@pytest.mark.parametrize("mapped", [False, True])
def test_the_bytes_of_nested_records(tmp_path, mapped: bool) -> None:
    """Two records of both sides are views of one array, which counts once; in a mapped file, it does not count."""
    values = np.memmap(tmp_path / "array", np.float32, "w+", shape=(2, 9, 4)) if mapped else np.zeros((2, 9, 4), "f4")
    n_tokens, pair = np.ones(3, np.int64), WordPair(("a",) * 3, ("b",) * 3, *[WordList("", (), "")] * 2, ())
    stored = np.array([0, 2])
    target = BothSides(values[:, :3], values[:, 6:8], stored, np.tanh)
    baseline = BothSides(values[:, 3:6], values[:, 8:], stored[:1], np.tanh)
    activations = WordActivations(pair, (0, 1), target, baseline, "activation", n_tokens, n_tokens)
    small = 2 * n_tokens.nbytes + stored.nbytes + stored[:1].nbytes
    assert bytes_in_memory(activations) == small + (0 if mapped else values.nbytes)
    assert bytes_in_memory((Caution("", (Remedy("", (("test", "welch"),)),)), target.layer(1))) == stored.nbytes + (
        0 if mapped else 5 * 4 * 4
    )


def test_who_steps_through_hundreds_of_settings_evicts_nothing_that_a_class_uses() -> None:
    results = Results("steps", max_entries=20)
    for _ in range(30):  # a class looks at ten experiments
        for key in range(10):
            results.obtain(("class", key), lambda progress, key=key: key)
    for key in range(400):  # four tabs step through the same numbers, and some of these are asked for again
        for _ in range(4):
            results.obtain(("steps", key % 150), lambda progress, key=key: key)
        if key % 40 == 0:  # the class goes on, slowly
            for own in range(10):
                assert results.get(("class", own)) == own
    assert [results.get(("class", key)) for key in range(10)] == list(range(10))


def test_what_a_class_used_long_ago_goes_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("engine.jobs.time.monotonic", lambda: now)
    results = Results("steps", max_entries=10)
    for _ in range(1_000):
        results.obtain("then", lambda progress: "then")
    for key in range(400):
        now += 20.0
        for _ in range(3):
            results.obtain(key, lambda progress, key=key: key)
    with pytest.raises(NotCached):
        results.get("then")
