"""How long ``/readyz`` takes: asked twice a second, by a new connection each time."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from http.client import OK

from benchmarks.fetch import NotFetched, request

_EVERY = 0.5
_GIVEN_UP_AFTER = 10.0


@dataclass(frozen=True)
class Probe:
    """One question: when it was asked, by ``time.time``, how long the answer took, and whether it was 200."""

    at: float
    seconds: float
    ready: bool


class ReadinessWatch:
    """Asks a server until it is stopped, in a thread."""

    def __init__(self, url: str, every: float = _EVERY) -> None:
        self._url, self._every = f"{url}/readyz", every
        self.probes: list[Probe] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> ReadinessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while True:
            self.probes.append(probe(self._url))
            if self._stop.wait(max(0.0, self._every - self.probes[-1].seconds)):
                return

    def worst(self, begins: float, ends: float) -> float:
        """The longest answer to a question asked in this time; infinite where one was not answered with 200."""
        asked = [each for each in self.probes if begins <= each.at <= ends]
        return max((each.seconds if each.ready else math.inf for each in asked), default=math.nan)


def probe(url: str) -> Probe:
    """Ask once."""
    at, start = time.time(), time.perf_counter()
    try:
        status = request(url, seconds=_GIVEN_UP_AFTER)[0]
    except NotFetched:
        status = 0
    return Probe(at, time.perf_counter() - start, status == OK)
