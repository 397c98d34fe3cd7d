"""This session, as one who asks the engine."""

from __future__ import annotations

from typing import cast

import streamlit as st

from engine.fair_queue import Visitor

_VISITOR = "_visitor"


def visitor() -> Visitor:
    """The visitor of this session. It ends with the session, and so does what only it waits for."""
    return cast(Visitor, st.session_state.setdefault(_VISITOR, Visitor()))
