"""Widgets for single settings, with their value in the session as default (see ``ui.sidebar``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from ui import page, settings
from ui.labels import SETTING_LABELS


def choice(key: str, options: Iterable[str], format_func: Callable[[str], str] = str, **more: Any) -> None:
    """A selectbox for a setting."""
    label, known, first = SETTING_LABELS[key], list(options), default(key)
    st.selectbox(label, known, known.index(first) if first in known else 0, key=key, format_func=format_func, **more)


def flag(key: str, explanation: str) -> None:
    """A checkbox for a setting."""
    st.checkbox(SETTING_LABELS[key], default(key), key=key, help=explanation)


def default(key: str) -> Any:
    """The value of a setting, as a widget's default."""
    return settings.current().values[key]


def say_why(sentence: str | None) -> None:
    """Below a box: why what is in it is not allowed, if so."""
    if sentence:
        st.markdown(f":small[:red[{page.plain(sentence)}]]")
