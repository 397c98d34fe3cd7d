"""What a learner has done: the lesson's guesses, the quiz, what was registered, the seat in a class.

    learner.begin()                          # each page of learning, once a run, before anything else
    learner.part("quiz")                     # plain JSON, as it was kept; {} if there is nothing
    learner.keep("quiz", {"rounds": [...]})  # for this session, and for the browser

The browser keeps it (``ui.kept_in_browser``). A part that comes back may be forged: who uses it checks it.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import kept_in_browser

PARTS = ("lesson", "quiz", "registered", "seat")
_STATE = "_learner"


def begin() -> None:
    """Take over what the browser has given back, and draw the component that keeps it.

    What was done in this session before the browser's answer goes before what it had.
    """
    state = st.session_state.setdefault(_STATE, {})
    for name, kept in kept_in_browser.answer().items():
        if name in PARTS and isinstance(kept, dict) and name not in state.setdefault("_taken", []):
            state[name] = {**kept, **state.get(name, {})}
            state["_taken"].append(name)
    kept_in_browser.draw(everything())


def part(name: str) -> dict[str, Any]:
    """One part, as it was kept: plain JSON. Empty if there is nothing."""
    return dict(st.session_state.get(_STATE, {}).get(name, {}))


def keep(name: str, value: dict[str, Any]) -> None:
    """Replace one part."""
    if name not in PARTS:
        raise ValueError(f"{name!r} is no part of what a learner has done; the parts are {', '.join(PARTS)}.")
    st.session_state.setdefault(_STATE, {})[name] = value


def everything() -> dict[str, Any]:
    """All parts that have something."""
    return {name: part(name) for name in PARTS if part(name)}


def forget(*names: str) -> None:
    """Callback: forget these parts, or all without names, also in the browser."""
    state = st.session_state.setdefault(_STATE, {})
    state["_taken"] = list({*state.get("_taken", []), *(names or PARTS)})  # what the browser had must not come back
    for name in names or PARTS:
        state.pop(name, None)
