"""The checks of neurons that this session has asked for, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from core.errors import UserError
from core.evidence import CHECKS
from core.records import NOT_RUN, Finding
from engine import evidence_steps
from engine.evidence_steps import found, of_check
from engine.jobs import Job
from engine.pipeline import Request
from ui import page
from ui.verdicts import FAILED, RUNNING, WAITING
from ui.visitor import visitor


@dataclass(frozen=True, eq=False)
class CheckState:
    """Where a check of a neuron stands: a verdict, or ``ui.verdicts``' RUNNING, WAITING or FAILED."""

    word: str
    finding: Finding | None = None
    error: BaseException | None = None

    @property
    def pending(self) -> bool:
        """Whether it waits or runs."""
        return self.word in (RUNNING, WAITING)


def ask(requests: Iterable[Request]) -> None:
    """Callback: run checks in the background."""
    try:
        evidence_steps.checks.ask(visitor(), requests)
    except UserError as error:
        page.show_toast(str(error))


def cancel(requests: Iterable[Request] | None = None) -> None:
    """Callback: no longer wait for some checks; for none at all without ``requests``."""
    queue = evidence_steps.checks
    queue.cancel(visitor(), queue.jobs_of(visitor()) if requests is None else requests)


def states_of(request: Request) -> dict[str, CheckState]:
    """Where each check of the request's neuron stands, in the order of the checks."""
    pending = jobs()  # first: what ends meanwhile is then still pending, or found
    findings, states = found(request), {}
    for name in CHECKS:
        asked = of_check(request, name)
        if name in findings:
            states[name] = CheckState(findings[name].verdict, findings[name])
        elif asked in pending:
            states[name] = CheckState(RUNNING if pending[asked] else WAITING)
        elif error := evidence_steps.checks.error_of(asked):
            states[name] = CheckState(FAILED, error=error)
        else:
            states[name] = CheckState(NOT_RUN)
    return states


def jobs() -> dict[Request, Job | None]:
    """What this session waits for: the job of a check that runs, None for one that waits."""
    return cast(dict[Request, Job | None], evidence_steps.checks.jobs_of(visitor()))
