"""The top of the Evidence page: the neuron, the buttons, and the strip of verdicts, which fills as checks finish."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.evidence import CHECKS, about
from core.records import ContrastResult
from engine.evidence_steps import of_check
from engine.pipeline import Request
from ui import page, remedies, verdicts
from ui.evidence_states import CheckState, ask, cancel, jobs, states_of
from ui.labels import model_label
from ui.panels import one_neuron

_POLL_SECONDS = 1.0
CLAIM = "the-claim"


def draw_introduction() -> None:
    """Draw what this page is for."""
    st.markdown(
        "A difference on word lists makes a neuron a candidate. Here it answers the questions of a careful reviewer: "
        "each check has its rule written beside it, and the claim at the end says no more than they support."
    )


def draw_neuron(result: ContrastResult, neuron: int) -> None:
    """Draw what is known of the selected neuron. Ends the page if it cannot be tested."""
    if np.isnan(result.tests.statistic[neuron]):
        page.show_warning("This neuron does not vary over these words, so it cannot be tested: choose another one.")
        st.stop()
    model = page.plain(model_label(result.spec.model))
    st.caption(f"Neuron {neuron} of layer {result.spec.layer} of {model} · {one_neuron.verdict(result, neuron)}")


def draw_strip(request: Request, pinned: Mapping[int, Request]) -> dict[str, CheckState]:
    """Draw the buttons and the verdicts of all checks, and return where each stands.

    While something runs, the strip looks for news every second, and what has finished is drawn by a run of the page.
    """
    verdicts.draw_style()
    watched = dict.fromkeys((request, *pinned.values()))
    drawn = {each: states_of(each) for each in watched}
    busy = bool(jobs())  # of any layer, neuron or text: their progress is shown too
    _draw_buttons(request, drawn[request])

    @st.fragment(run_every=_POLL_SECONDS if busy else None)
    def strip() -> None:
        with remedies.showing_user_errors():  # also in the runs of this part alone
            now = {each: states_of(each) for each in watched}
        if _words(now) != _words(drawn) or bool(jobs()) != busy:
            st.rerun()
        st.html(verdicts.strip((name, about(name).TITLE, state.word) for name, state in now[request].items()))
        _draw_progress()

    strip()
    return drawn[request]


def _words(states: Mapping[Request, Mapping[str, CheckState]]) -> list[str]:
    return [state.word for of_neuron in states.values() for state in of_neuron.values()]


def _draw_buttons(request: Request, states: Mapping[str, CheckState]) -> None:
    """Draw the buttons that run everything, or stop it."""
    left = [of_check(request, name) for name, state in states.items() if state.finding is None and not state.pending]
    other = "Run the other check" if len(left) == 1 else f"Run the other {len(left)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run all" if len(left) in (0, len(CHECKS)) else other,
            key="run_all",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not left,
            on_click=ask,
            args=(left,),
        )
        if jobs():
            st.button("Cancel all", key="cancel_all", icon=":material/cancel:", on_click=cancel)
        if len(left) == len(CHECKS):
            st.caption("Nothing has run yet. The checks run one after another; you can leave this page meanwhile.")
        elif not left and not any(state.pending for state in states.values()):
            st.caption(f"All checks have run. [What you may claim](#{CLAIM})")


def _draw_progress() -> None:
    """Draw how far this visitor's checks are."""
    pending = jobs()
    if not pending:
        return
    waiting = len(pending) - 1
    then = f" · {waiting} more to come" if waiting else ""
    for asked, job in pending.items():
        if job:
            said = f"{about(asked.check).TITLE} (layer {asked.spec.layer}, neuron {asked.marked})"
            st.progress(job.share, text=page.plain(f"{said}: {job.message or 'Beginning'}{then}"))
            return
    st.progress(0.0, text=f"Waiting: checks of others run first{then}")
