"""How a page waits for a step: cached results appear at once, quick work shows no bar, long work shows its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import ContrastSpec
from engine.jobs import Job
from engine.limits import limits
from engine.pipeline import OWN_GOLD, GoldSource, Request, Step, obtain
from engine.steps import conclusion, layers_of
from ui.visitor import visitor

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
    gold: GoldSource = OWN_GOLD,
    meanwhile: Callable[[], None] | None = None,
) -> T:
    """The result of a step. While it is computed, draw a progress bar, and below it what ``meanwhile`` draws."""
    return get(step, Request(spec, text, marked, gold=gold), meanwhile)


def get(step: Step[T], request: Request, meanwhile: Callable[[], None] | None = None) -> T:
    """``show``, of a request that may have more, such as the check of a neuron."""

    def wait(job: Job) -> None:
        unknown = layers_of(request.spec.model) is None
        _wait(job, meanwhile)
        if unknown and layers_of(request.spec.model) is not None:
            st.rerun()  # the model has come: now the sidebar can offer its layers, and find the same relative depth

    if step is conclusion or request.check:
        from ui import seen  # late: few pages ask what was seen

        seen.note_request(request)
    return obtain(step, request, wait, visitor())


def _wait(job: Job, meanwhile: Callable[[], None] | None) -> None:
    if job.finished.wait(_GRACE_SECONDS):
        return
    place = st.empty()
    with place.container():
        bar, button = st.empty(), st.empty()
        st.caption(
            "You can leave this page meanwhile: the work goes on, and its result will be here, "
            "unless you choose other settings."
        )
        if meanwhile:
            meanwhile()
    # Streamlit can stop this run at each of its calls, when the user leaves the page.
    drawn = False
    while not job.finished.wait(_POLL_SECONDS):
        bar.progress(job.share, text=job.message or "Starting")
        if drawn != (drawn := job.can_cancel and limits().any_model):
            _draw_cancel(button, job) if drawn else button.empty()
    place.empty()


def _draw_cancel(place: DeltaGenerator, job: Job) -> None:
    """A button that stops a download. On a class server there is none: others may wait for the same model."""
    place.button("Cancel the download", key="cancel_download", icon=":material/cancel:", on_click=job.cancel)
