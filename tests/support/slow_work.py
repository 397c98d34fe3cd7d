"""Work for tests of what is made once and kept: quick, never to be done, and as slow as a test likes."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from prometheus_client import REGISTRY

from engine.jobs import Results, Work
from tests.support.threads import WAIT, in_thread, until


def making(result: Any) -> Work:
    return lambda progress: result


def never(progress: object) -> Any:
    raise AssertionError("it was kept, and is made anew")


def is_kept(results: Results, key: object) -> bool:
    """Whether a result is kept; asking does not count as using it."""
    return key in results._jobs


def asked_for(name: str, outcome: str) -> float:
    """How often results of a name were asked for with an outcome (hit, miss, wait)."""
    labels = {"cache": name, "outcome": outcome}
    return REGISTRY.get_sample_value("grammar_neurons_cache_requests_total", labels) or 0.0


def waiting_for(results: Results, key: object, **options: Any) -> Future[Any]:
    """What comes to a thread that waits, now, for what another one makes."""
    outcome: Future[Any] = Future()

    def wait() -> None:
        try:
            outcome.set_result(results.obtain(key, never, **options))
        except BaseException as error:
            outcome.set_exception(error)

    before = asked_for(results.name, "wait")
    in_thread(wait)
    until(lambda: asked_for(results.name, "wait") == before + 1)
    return outcome


class Slow:
    """Work that has begun when ``begun`` is set, and ends when ``go_on`` is."""

    def __init__(self, outcome: Any = "result") -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.outcome = outcome

    def __call__(self, progress: object) -> Any:
        self.begun.set()
        assert self.go_on.wait(WAIT)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def asked(self, results: Results, key: object, **options: Any) -> threading.Thread:
        """A thread that asks for it, once it has begun."""
        thread = in_thread(lambda: results.obtain(key, self, **options))
        assert self.begun.wait(WAIT)
        return thread

    def end(self, thread: threading.Thread) -> None:
        self.go_on.set()
        thread.join(WAIT)
        assert not thread.is_alive()
