"""This session, as one who asks the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any, cast

import streamlit as st

from engine.visitors import Visitor

_VISITOR = "_visitor"


def visitor() -> Visitor:
    """The visitor of this session. It ends with the session, and so does what only it waits for."""
    return cast(Visitor, st.session_state.setdefault(_VISITOR, Visitor()))


def visitor_of(state: Any) -> Visitor | None:
    """The visitor of another session, by the session's state; None if its page has not run yet."""
    try:
        return cast(Visitor, state[_VISITOR])
    except KeyError:
        return None


def begin_as(state: Any, seconds: float) -> None:
    """Let a session, whose page has not run yet, begin as one who has spent so much."""
    asking = Visitor()
    asking.spend(seconds)
    state[_VISITOR] = asking


@contextmanager
def spending() -> Iterator[None]:
    """Charge the processor time of a run of the page to the visitor of this session."""
    asking, began = visitor(), thread_time()
    try:
        yield
    finally:
        asking.spend(thread_time() - began)
