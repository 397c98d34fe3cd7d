"""How a page waits for a step: cached results appear at once, quick work shows no bar, long work shows its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.records import ContrastSpec
from engine.jobs import Job
from engine.pipeline import Request, Step, obtain

T = TypeVar("T")

# How long a page waits before it shows a progress bar.
_GRACE_SECONDS = 0.4
_POLL_SECONDS = 0.2


def show(
    step: Step[T],
    spec: ContrastSpec,
    *,
    text: str = "",
    marked: int | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> T:
    """The result of a step. While it is computed, draw a progress bar, and below it what ``meanwhile`` draws."""
    return obtain(step, Request(spec, text, marked), lambda job: _wait(job, meanwhile))


def _wait(job: Job, meanwhile: Callable[[], None] | None) -> None:
    if job.finished.wait(_GRACE_SECONDS):
        return
    place = st.empty()
    with place.container():
        bar = st.empty()
        st.caption("You can leave this page meanwhile: the work goes on, and its result will be here.")
        if meanwhile:
            meanwhile()
    # Streamlit can stop this run at each of its calls, when the user leaves the page.
    while not job.finished.wait(_POLL_SECONDS):
        bar.progress(job.share, text=job.message or "Starting")
    place.empty()
