"""Evidence: does one neuron survive the questions of a careful reviewer, and what may be claimed about it?"""

import streamlit as st

from engine import steps
from engine.pipeline import Request
from ui import page, parts, remedies, settings
from ui.evidence_states import states_of
from ui.panels import evidence, evidence_check, evidence_claim, evidence_gold, evidence_pinned, export, neuron_bar
from ui.progress import show

page.require_shell()
spec = settings.current().view.spec
with remedies.showing_user_errors():
    result = show(steps.conclusion, spec)
    neuron = neuron_bar.draw(result)
    shown = parts.of("Evidence")
    if not parts.embedded():
        evidence.draw_introduction()
    page.show_notes(result.notes)
    left, right = st.columns(2, gap="medium")
    with left:
        evidence.draw_neuron(result, neuron)
    with right:
        request = Request(spec, marked=neuron, gold=evidence_gold.draw(spec))
    pinned = evidence_pinned.pinned(result, request)
    # The buttons and the strip lead to the checks: a frame without these has neither.
    states = evidence.draw_strip(request, pinned) if "checks" in shown else states_of(request)
    if "pinned" in shown:
        evidence_pinned.draw(result, pinned)
    if "checks" in shown:
        for name, state in states.items():
            evidence_check.draw(request, name, state)
    if "claim" in shown:
        evidence_claim.draw(result, request, states)
    export.draw(result, of_neuron=evidence_check.picture_titles(states))
