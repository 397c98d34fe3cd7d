"""Waiting for a server no longer than one must, and not again at once."""

from __future__ import annotations

import threading

import pytest

from core.remote import FailureMemory, call_with_timeout

PATIENCE = 300.0  # seconds that a busy machine may need for what takes one


def test_call_with_timeout_returns_the_result_and_passes_progress_on() -> None:
    heard: list[tuple[float, str]] = []

    def work(report: object) -> str:
        assert callable(report)
        report(0.5, "half")
        return "done"

    assert call_with_timeout(PATIENCE, work, lambda share, message: heard.append((share, message))) == "done"
    assert heard == [(0.5, "half")]


@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError("of the work's own"), KeyboardInterrupt()], ids=repr)
def test_call_with_timeout_raises_what_the_work_raises(error: BaseException) -> None:
    def work(report: object) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        call_with_timeout(PATIENCE, work)
    assert caught.value is error


def test_call_with_timeout_does_not_wait_for_work_that_hangs() -> None:
    released, ended = threading.Event(), threading.Event()

    def work(report: object) -> None:
        released.wait(PATIENCE)
        ended.set()

    with pytest.raises(TimeoutError, match=r"received nothing for 0\.1 s"):
        call_with_timeout(0.1, work)
    assert not ended.is_set()
    released.set()
    assert ended.wait(PATIENCE), "the thread that was given up never ended"


def test_call_with_timeout_waits_for_work_that_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock is ours: far more time passes than it may take, but never between two reports."""
    now = [0.0]
    monkeypatch.setattr("core.remote.time.monotonic", lambda: now[0])

    def work(report: object) -> str:
        assert callable(report)
        for n in range(100):
            now[0] += 0.9 * PATIENCE
            report(n / 100, "")
        return "done"

    assert call_with_timeout(PATIENCE, work) == "done"


def test_call_with_timeout_leaves_a_daemon_behind() -> None:
    threads: list[threading.Thread] = []
    call_with_timeout(PATIENCE, lambda report: threads.append(threading.current_thread()))
    assert threads[0].daemon and threads[0] is not threading.current_thread()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_failure_memory_forgets_after_its_time() -> None:
    clock = Clock()
    memory = FailureMemory[str](60.0, clock)
    assert memory.get("a") is None
    memory.put("a", "why")
    clock.now = 59.0
    assert memory.get("a") == ("why", 1.0)
    clock.now = 60.0
    assert memory.get("a") is None


def test_failure_memory_looks_for_the_first_key_that_failed() -> None:
    memory = FailureMemory[str](60.0, Clock())
    memory.put("host", "down")
    memory.put("file", "missing")
    assert memory.get("other", "file", "host") == ("missing", 60.0)
    assert memory.get("host") == ("down", 60.0)
    assert memory.get("other") is None


def test_failure_memory_starts_anew_with_the_newest() -> None:
    clock = Clock()
    memory = FailureMemory[str](60.0, clock)
    memory.put("a", "first")
    clock.now = 30.0
    memory.put("a", "second")
    clock.now = 80.0
    assert memory.get("a") == ("second", 10.0)


def test_failure_memory_holds_no_old_failures() -> None:
    """Many names that nobody asks for again do not fill the memory."""
    clock = Clock()
    memory = FailureMemory[str](60.0, clock)
    for n in range(1_000):
        clock.now = float(n)
        memory.put(str(n), "why")
    assert len(memory._failures) == 60
    memory.clear()
    assert memory.get("999") is None


@pytest.mark.parametrize("seconds", [0.0, 300.0])
def test_failure_memory_uses_a_clock_that_does_not_jump(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Ten years on or back, by the clock of the wall, a failure of a moment ago is one for as long as it should be."""
    memory = FailureMemory[str](seconds)
    memory.put("a", "why")
    for years in (-10, 10):
        monkeypatch.setattr("time.time", lambda years=years: 1.8e9 + years * 31_557_600)
        assert (memory.get("a") is not None) == (seconds > 0)
