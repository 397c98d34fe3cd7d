"""Several neurons side by side: the verdict and the number of each check of the pinned ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import streamlit as st

from core.evidence import CHECKS, about
from core.records import ContrastResult
from core.report.sentences import higher_for
from engine.evidence_steps import of_check
from engine.pipeline import Request
from ui import chosen, link, page, settings, verdicts
from ui.defaults import MAX_NEURONS
from ui.evidence_states import CheckState, ask, states_of


def pinned(result: ContrastResult, request: Request) -> dict[int, Request]:
    """The requests of the pinned neurons that the layer has."""
    neurons = settings.current().view.pinned
    there = [neuron for neuron in neurons if neuron < result.n_neurons]
    if len(there) < len(neurons):
        page.show_warning(f"A layer has neurons 0 to {result.n_neurons - 1:,}; other pinned ones were set aside.")
        settings.choose(pinned=tuple(there))
        link.write(settings.current().view)
    return {neuron: replace(request, marked=neuron) for neuron in there}


def draw_pin(neuron: int) -> None:
    """Draw the button that pins the shown neuron, or takes it away."""
    neurons = settings.current().view.pinned
    if neuron in neurons:
        rest = tuple(each for each in neurons if each != neuron)
        st.button(f"Unpin neuron {neuron}", key="pin", on_click=_pin, args=(rest, chosen.snapshot()))
        return
    full = len(neurons) >= MAX_NEURONS
    st.button(
        f"Pin neuron {neuron}",
        key="pin",
        icon=":material/keep:",
        disabled=full,
        help=f"Up to {MAX_NEURONS} neurons can be compared side by side, and stay in the link."
        + (" Unpin one first." if full else ""),
        on_click=_pin,
        args=((*neurons, neuron), chosen.snapshot()),
    )


def draw(result: ContrastResult, requests: Mapping[int, Request]) -> None:
    """Draw the table of the pinned neurons, and buttons that run their checks and show one of them."""
    if not requests:
        return
    states = {neuron: states_of(request) for neuron, request in requests.items()}
    with st.container(border=True, key="pinned_neurons"):
        st.subheader("Pinned neurons", anchor="pinned")
        columns = [(f"Neuron {neuron}", f"higher for {higher_for(result, neuron)}") for neuron in requests]
        rows = [((about(name).TITLE, about(name).VALUE), _cells(name, states.values())) for name in CHECKS]
        st.html(verdicts.table(columns, rows))
        left = [
            of_check(requests[neuron], name)
            for neuron, of_neuron in states.items()
            for name, state in of_neuron.items()
            if state.finding is None and not state.pending
        ]
        with st.container(horizontal=True):
            st.button("Run all for these", key="run_pinned", disabled=not left, on_click=ask, args=(left,))
            for neuron in requests:
                st.button(
                    f"Show {neuron}", key=f"show_{neuron}", on_click=chosen.choose, args=(neuron, chosen.snapshot())
                )


def _cells(name: str, states: Iterable[Mapping[str, CheckState]]) -> Iterator[str]:
    """The verdict and the number of a check, of each neuron."""
    for of_neuron in states:
        state = of_neuron[name]
        number = verdicts.number_of(state.finding, with_interval=False) if state.finding else ""
        yield verdicts.label(state.word, number)


def _pin(neurons: tuple[int, ...], drawn_with: chosen.Snapshot) -> None:
    """Callback: pin these neurons, unless they belong to settings that have changed since."""
    if not chosen.is_stale(drawn_with):
        settings.choose(pinned=neurons)
