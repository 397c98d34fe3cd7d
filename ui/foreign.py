"""Parameters of the address that no setting has, such as a course's or a newsletter's own: they stay in it.

They are never shown. Of a long address, only so much stays as nobody would miss. ``show``, which names the parts of a
view for a frame (``ui.parts``), is the app's own: it stays whatever comes with it, or a frame would become the whole
app.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

SHOW = "show"
LONGEST_SHOW = 10_000  # characters, far more than the names of all parts
MOST = 10  # parameters, and values of one
LONGEST_NAME, LONGEST_VALUE = 50, 200  # characters
_STATE = "_foreign_params"


def note(own: Collection[str]) -> None:
    """Keep the parameters of the address whose names are not the app's ``own``, for all runs of this session."""
    kept: dict[str, str | list[str]] = {}
    own = {*own, SHOW}
    for name in st.query_params:
        if len(kept) < MOST and name not in own and _fits(name, LONGEST_NAME):
            values = [value for value in st.query_params.get_all(name) if _fits(value, LONGEST_VALUE)][:MOST]
            if values:
                kept[name] = values[0] if len(values) == 1 else values
    if SHOW in st.query_params:
        kept[SHOW] = ",".join(st.query_params.get_all(SHOW))[:LONGEST_SHOW]
    st.session_state[_STATE] = kept


def params() -> dict[str, str | list[str]]:
    """The parameters that ``note`` has kept; a name that came several times has a list."""
    kept: dict[str, str | list[str]] = st.session_state.get(_STATE, {})
    return kept


def _fits(text: str, longest: int) -> bool:
    return len(text) <= longest and text.isprintable()
