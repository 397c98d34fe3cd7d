"""What this session has been shown of data that test a hypothesis: for ``core.records.registration.SEEN``.

    seen.note("gold_text", spec, neuron)   # by the panel that shows it
    seen.of(spec, neuron)                  # by the page that locks a hypothesis

It is of this session alone: another browser, or a reload, knows nothing of it.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.records import CUSTOM, SIDES, ContrastSpec
from engine.pipeline import Request

_NEURONS, _WORDS = "_seen_neurons", "_seen_words"


def note(what: str, spec: ContrastSpec, neuron: int) -> None:
    """Note that a page shows ``what`` ("held_out" or "gold_text") of a neuron of the spec's layer."""
    st.session_state.setdefault(_NEURONS, set()).add((what, spec.model, spec.layer, neuron))


def note_every_neuron(what: str, spec: ContrastSpec) -> None:
    """Note that a page shows ``what`` of every neuron of the model."""
    st.session_state.setdefault(_NEURONS, set()).add((what, spec.model))


def note_words(spec: ContrastSpec) -> None:
    """Note how many words of its lists an experiment reads, which a page shows."""
    most: dict[Any, int] = st.session_state.setdefault(_WORDS, {})
    for side in SIDES:
        if getattr(spec, side) != CUSTOM:
            key = spec.word_source, getattr(spec, side)
            most[key] = max(most.get(key, 0), getattr(spec, f"n_{side}"))


def note_request(request: Request) -> None:
    """Note what a page waits for, to show it: the words of an experiment, or a check of a neuron."""
    note_words(request.spec)
    if request.check in ("held_out", "gold_text") and request.marked is not None:
        note(request.check, request.spec, request.marked)


def of(spec: ContrastSpec, neuron: int) -> tuple[str, ...]:
    """What this session has been shown of a neuron, or of words that the experiment does not read."""
    neurons, most = st.session_state.get(_NEURONS, set()), st.session_state.get(_WORDS, {})
    found = [
        what
        for what in ("held_out", "gold_text")
        if {(what, spec.model, spec.layer, neuron), (what, spec.model)} & neurons
    ]
    if any(most.get((spec.word_source, getattr(spec, side)), 0) > getattr(spec, f"n_{side}") for side in SIDES):
        found.append("more_words")
    return tuple(found)
