"""Checks that a test can watch and stop, in place of those of ``core.evidence``."""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any

import pytest

from core.evidence import CHECKS, Subject
from core.progress import Progress
from core.records import FAILS, HOLDS, UNCLEAR, Finding
from engine import evidence_steps
from tests.support.threads import WAIT

VERDICTS = (HOLDS, FAILS, UNCLEAR)


def verdict_of(name: str) -> str:
    """What the fake check of a name always finds."""
    return VERDICTS[CHECKS.index(name) % len(VERDICTS)]


class FakeChecks:
    """All checks, which find nothing and are quick.

    ``ran`` has the name and the neuron of each run, in order. A check in ``held`` reports its progress until it is let
    go. What is in ``raised`` is raised instead.
    """

    def __init__(self) -> None:
        self.ran: list[tuple[str, int]] = []
        self.held: dict[str, threading.Event] = {}
        self.raised: dict[str, Exception] = {}
        self.most_at_once = self._n_running = 0
        self._lock = threading.Lock()

    def hold(self, *names: str) -> None:
        self.held |= {name: threading.Event() for name in names}

    def let_go(self, *names: str) -> None:
        for name in names:
            self.held[name].set()

    def module(self, name: str) -> ModuleType:
        module: Any = ModuleType(f"core.evidence.{name}")
        module.TITLE = f"Check {name.replace('_', ' ')}"
        module.QUESTION, module.LIMITS = f"What of {name}?", f"{name} cannot show everything."
        module.RULE = f"The rule of {name}."
        module.VALUE = f"measure of {name}"
        module.check = lambda subject, progress: self._check(name, subject, progress)
        return module

    def _check(self, name: str, subject: Subject, progress: Progress) -> Finding:
        with self._lock:
            self.ran.append((name, subject.neuron))
            self._n_running += 1
            self.most_at_once = max(self.most_at_once, self._n_running)
        try:
            if name in self.raised:
                raise self.raised[name]
            self._wait(name, progress)
            n_gold = len(subject.gold.sentences)
            auc = float(subject.toward(subject.result.tests.auc[subject.neuron]))
            rows = [{"word": "<b>*time*</b>", "auc": auc}]
            figures = {"neuron": subject.neuron, "n_sentences": n_gold, "rows": rows}
            figures |= {"text": subject.gold.digest, "n_own": 10, "n_other": 10}  # the claim names them
            return Finding(verdict_of(name), f"The rule of {name}.", f"It is {name}.", auc, (auc / 2, auc), figures)
        finally:
            with self._lock:
                self._n_running -= 1

    def _wait(self, name: str, progress: Progress) -> None:
        held = self.held.get(name)
        for _ in range(int(WAIT / 0.01)):
            progress(0.5, f"Working on {name}")
            if held is None or held.wait(0.01):
                return
        raise TimeoutError(f"{name} was not let go")


def picture(figures: Any) -> dict[str, Any]:
    """A picture of a fake finding."""
    bar = {"type": "bar", "x": ["neuron"], "y": [figures["neuron"]]}
    return {"data": [bar], "layout": {"height": 200}}


def install(monkeypatch: pytest.MonkeyPatch) -> FakeChecks:
    """Put fake ones in the place of all checks and their pictures, and begin with an empty queue."""
    fakes = FakeChecks()
    for name in CHECKS:
        monkeypatch.setitem(sys.modules, f"core.evidence.{name}", fakes.module(name))
        drawn: Any = ModuleType(f"core.report.figures.evidence.{name}")
        drawn.picture = picture
        monkeypatch.setitem(sys.modules, f"core.report.figures.evidence.{name}", drawn)
    monkeypatch.setattr(evidence_steps, "checks", evidence_steps.new_queue())
    return fakes
