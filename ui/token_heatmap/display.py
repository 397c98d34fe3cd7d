"""How the text is shown: what a reader may choose, and what the browser has said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ui.defaults import DISPLAY

DEFAULT = {name: options[0] for name, options in DISPLAY.items()}


def valid(heard: Any) -> dict[str, str]:
    """What is valid of what a browser has said, which can be anything.

    Examples
    --------
    >>> valid({"scale": "zero", "by": "page", "at": 5}), valid("anything")
    ({'scale': 'zero'}, {})
    """
    if not isinstance(heard, Mapping):
        return {}
    # Not by membership alone: a list cannot be looked up in some containers, and True equals 1.
    return {
        name: heard[name]
        for name, options in DISPLAY.items()
        if isinstance(heard.get(name), str) and heard[name] in options
    }


def said(state: Any, name: str) -> Mapping[str, Any] | None:
    """What the browser has last said under a name; None if it has said nothing, or nothing that our script says."""
    told = state.get(name) if isinstance(state, Mapping) else None
    return told if isinstance(told, Mapping) else None


def heard_at(state: Any, name: str) -> float:
    """When the browser has last said something, by its own clock, in milliseconds; 0 if it has not."""
    at = (said(state, name) or {}).get("at")
    return at if isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at < 1e15 else 0


def listener(key: str, on_display: Callable[[dict[str, str]], None] | None) -> Callable[[], None]:
    """The callback of the component's state ``display``."""

    def hear() -> None:
        if on_display is not None and (choices := valid(said(st.session_state.get(key), "display"))):
            on_display(choices)

    return hear
