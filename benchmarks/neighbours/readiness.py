"""How long ``/readyz`` takes: asked twice a second, by a new connection each time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from http.client import OK

from benchmarks.fetch import NotFetched, request
from benchmarks.watch import Watch

_EVERY = 0.5
_GIVEN_UP_AFTER = 10.0


@dataclass(frozen=True)
class Probe:
    """One question: when it was asked, by ``time.time``, how long the answer took, and whether it was 200."""

    at: float
    seconds: float
    ready: bool


class ReadinessWatch(Watch):
    """Asks a server twice a second."""

    def __init__(self, url: str, every: float = _EVERY) -> None:
        super().__init__(every)
        self._url = f"{url}/readyz"
        self.probes: list[Probe] = []

    def _look(self) -> None:
        self.probes.append(probe(self._url))

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
