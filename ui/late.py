"""Values that code has replaced: a browser that has not heard of it sends them again with whatever is done next."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

# The last values that were replaced, by the key of the widget, each with the time when.
_REPLACED = "_late_replaced"
_N_REPLACED = 50
# How late a browser's answer may come: many times what it takes on a busy class server.
_SECONDS = 2.0


def remember(key: str, value: Any) -> None:
    """Remember a value of a widget that code replaces, such as a number as it was typed: it may come again."""
    replaced = st.session_state.setdefault(_REPLACED, {}).setdefault(key, [])
    replaced.append((value, time.monotonic()))
    del replaced[:-_N_REPLACED]


def is_late(key: str, value: Any) -> bool:
    """Whether a value of a widget is one that code has replaced in the last seconds."""
    since = time.monotonic() - _SECONDS
    return any(at > since and value == before for before, at in st.session_state.get(_REPLACED, {}).get(key, ()))
