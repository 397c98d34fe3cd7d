"""What a learner has done stays in the browser, in its local storage: a component that nobody sees.

It stays when the tab is closed, and it is in no address and not on the server's disk. What comes back may be forged, so
each part is checked by who uses it (``ui.learner``).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from ui.kept_in_tab import bytes_of

KEY = "kept_in_browser"
MOST_BYTES = 200_000  # of all that is kept
_SESSION, _ANSWERED, _FULL = "_browser_session", "_browser_answered", "_browser_full"
_BLOCKED = "blocked"  # what a browser answers instead of parts

_component = st.components.v2.component(
    KEY, html="<div></div>", js=(Path(__file__).parent / "kept_in_browser.js").read_text(encoding="utf-8")
)


def draw(keep: Mapping[str, Any]) -> None:
    """Draw the component: it gives back what the browser has to a session that begins, and then stores ``keep``.

    Until this session has what the browser had, nothing is stored. If ``keep`` is too much, the browser keeps what it
    has. Of what other tabs have stored since, only that is replaced which this session has changed.
    """
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(8))
    full = st.session_state[_FULL] = _is_too_much(keep)
    data = {"session": session, "answered": answered(), "full": full, "keep": {} if full else dict(keep)}
    _component(key=KEY, data=data, on_kept_change=_note_answer)


def draw_problem() -> None:
    """Draw one sentence if what is done now ends with the tab: the browser keeps nothing, or there is too much."""
    if blocked():
        st.caption("This browser keeps nothing, so what you do here ends with this tab.")
    elif st.session_state.get(_FULL):
        st.caption(
            f"This is more than the {MOST_BYTES // 1_000:,} kB that this browser keeps, so what is new ends with this "
            "tab. Save your registrations and your print-out; “Forget my guesses” at the end of the lesson, and “Start "
            "the quiz again”, make room."
        )


def blocked() -> bool:
    """Whether the browser has said that it keeps nothing."""
    return answer().get(_BLOCKED) is True


def answered() -> bool:
    """Whether the browser has given something back. One that has nothing does not say so."""
    return _ANSWERED in st.session_state


def answer() -> dict[str, Any]:
    """What the browser has given back, each time the same; empty before. Whatever has another form is left out."""
    return dict(st.session_state.get(_ANSWERED, {}))


def _note_answer() -> None:
    """Callback of the component. Only its first answer counts."""
    if not answered():
        st.session_state[_ANSWERED] = _checked((st.session_state.get(KEY) or {}).get("kept"))


def _checked(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) and not _is_too_much(value) else {}


def _is_too_much(value: Any) -> bool:
    """Whether a value cannot be kept: it has too many bytes, or is no JSON."""
    size = bytes_of(value)
    return size is None or size > MOST_BYTES
