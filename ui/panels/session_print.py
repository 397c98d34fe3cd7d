"""The print-out of a session: a name and a claim that are typed for it, and the button that makes the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.records import ContrastResult, ContrastSpec
from core.report.sentences import own_and_other
from engine import files, steps
from engine.pipeline import Request
from ui import chosen, page, registrations, remedies, session_parts, settings
from ui.progress import get

if TYPE_CHECKING:
    from core.report.session_report import Session

_NAME, _CLAIM = "session_name", "session_claim"


def draw_of_now() -> None:
    """Draw the panel on a page that shows no experiment: of the one in the sidebar, once it is there."""
    with remedies.showing_user_errors():
        result = get(steps.conclusion, Request(settings.current().view.spec))
        draw(result, chosen.shown_neuron(result))


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw the panel.

    Parameters
    ----------
    result : ContrastResult
        The experiment that is on the pages now.
    neuron : int
        The selected one, whose values and checks are in the file.
    """
    from core.evidence.own_claim import MAX_CLAIM, words_not_borne  # the start needs none of it
    from core.report.session_report import MAX_NAME

    st.header("Print-out of your session")
    st.markdown(
        "One file to print or to hand in: your guesses, your score, your registrations with what was changed, your "
        f"claim, the settings, and the figures and checks of neuron {neuron}. It opens without a network."
    )
    name = st.text_input(
        "Your name, for the file alone",
        st.session_state.get(_NAME, ""),
        key=_NAME,
        max_chars=MAX_NAME,
        persist_state="session",
        help="It is in no link, and neither the server nor the browser keeps it.",
    )
    claim = st.text_input(
        f"Your claim about neuron {neuron} in one sentence",
        st.session_state.get(_CLAIM, ""),
        key=_CLAIM,
        max_chars=MAX_CLAIM,
        persist_state="session",
    )
    found = session_parts.findings(result, neuron)
    not_borne = words_not_borne(claim or "", *own_and_other(result, neuron), found)
    if not_borne:
        words = "; ".join(f"“{word}” ({reason})" for word, reason in not_borne)
        page.show_warning(f"The checks of this neuron do not bear: {words}. The file says so, too.")
    elif claim:
        st.caption("None of these words is one that a check would have to bear first. It may still say too much.")
    done = _session(result, neuron, name=name or "", claim=claim or "", not_borne=not_borne)
    st.download_button(
        "Print-out (HTML)",
        partial(_file, result.spec, steps.sources(result.words), done),
        "grammar-neurons-session.html",
        "text/html",
        key="session_print",
        icon=":material/print:",
        on_click="ignore",
        help="About 5 MB. Print it from the browser, also as a PDF.",
    )


def _session(result: ContrastResult, neuron: int, **typed: Any) -> Session:
    """What was done, as it is now: the button's file is made elsewhere, which knows nothing of a session."""
    from core.evidence.claim import claim_of
    from core.report.session_report import Session

    found = session_parts.findings(result, neuron)
    utc, local = registrations.now()
    return Session(
        neuron=neuron,
        saved_at=utc,
        saved_at_local=local,
        answers=session_parts.answers(result.spec),
        scores=session_parts.scores(),
        registered=session_parts.registered(result, neuron),
        seat=session_parts.seat(),
        evidence=claim_of(result, neuron, found) if found else "",
        checks=session_parts.checks(found),
        **typed,
    )


def _file(spec: ContrastSpec, shown: tuple[str, str], done: Session) -> bytes:
    """The file, with the time at which its button was pressed."""
    now = datetime.now(UTC).replace(microsecond=0)
    local = now.astimezone(datetime.fromisoformat(done.saved_at_local).tzinfo)
    return files.session(spec, shown, replace(done, saved_at=now.isoformat(), saved_at_local=local.isoformat()))
