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
from ui import chosen, seen, verdicts
from ui.evidence_states import CheckState, ask, states_of


def pinned(result: ContrastResult, request: Request) -> dict[int, Request]:
    """The requests of the pinned neurons."""
    return {neuron: replace(request, marked=neuron) for neuron in chosen.pinned(result)}


def draw(result: ContrastResult, requests: Mapping[int, Request]) -> None:
    """Draw the table of the pinned neurons, and buttons that run their checks and show one of them."""
    if not requests:
        return
    states = {neuron: states_of(request) for neuron, request in requests.items()}
    for neuron, of_neuron in states.items():
        for name in ("held_out", "gold_text"):
            if of_neuron[name].finding:
                seen.note(name, result.spec, neuron)
    with st.container(border=True, key="pinned_neurons"):
        st.header("Pinned neurons", anchor="pinned")
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
        number = verdicts.number_of(state.finding, about(name).VALUE, with_interval=False) if state.finding else ""
        yield verdicts.label(state.word, number)
