"""The claim that the findings about a neuron bear, to copy; and the evidence file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from core.evidence.claim import claim_of
from core.program import COMMAND
from core.records import ContrastResult
from core.report.sentences import result_stem
from engine import evidence_steps
from engine.pipeline import Request
from ui.evidence_states import CheckState
from ui.panels.evidence import CLAIM


def draw(result: ContrastResult, request: Request, states: Mapping[str, CheckState]) -> None:
    """Draw the claim, and a button for the file that has all findings."""
    st.header("What you may claim", anchor=CLAIM)
    done = {name: state.finding for name, state in states.items() if state.finding}
    if not done:
        st.caption(
            "Run a check: the claim says what the checks support, with all numbers, and which words they refuse."
        )
        return
    st.code(claim_of(result, request.marked or 0, done), language=None, wrap_lines=True)
    if len(done) < len(states):
        st.caption(f"{len(done)} of {len(states)} checks have run; the claim grows with the others.")
    name = f"evidence-{result_stem(request.spec)}-neuron{request.marked}.json"
    st.download_button(
        "Evidence file (JSON)",
        partial(evidence_steps.document, request, tuple(done)),
        name,
        "application/json",
        key="evidence_file",
        on_click="ignore",
    )
    own = " --gold FILE" if request.gold.digest else ""  # of a treebank, the file has the name
    st.caption(f"All findings, with what is needed to compute them again: `{COMMAND} verify {name}{own}`")
