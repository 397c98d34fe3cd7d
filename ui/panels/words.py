"""The Words page: its headline, and its tabs, which are files of their own (``words_lists``, ``words_image``, ...)."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import ContrastResult
from core.report import sentences
from ui import page, settings
from ui.defaults import TABS

_TABS = {"lists": "The two lists", "image": "Words by neurons", "means": "Mean activation"}


def draw_headline(result: ContrastResult) -> None:
    """Draw one sentence about what was read."""
    spec, (target, baseline) = result.spec, map(page.plain, sentences.counted_words(result))
    how = "averaged over its tokens" if spec.pooling == "mean" else "at its last token"
    read_as = page.plain(sentences.read_as(result))
    st.markdown(
        f"**{target}** and **{baseline}**, each read on its own {read_as}: the {spec.hook_side} of layer "
        f"**{spec.layer}**'s {result.n_neurons:,} neurons, {how}."
    )


def draw_tabs(shown: Collection[str]) -> dict[str, DeltaGenerator]:
    """Draw the tabs that are shown, with the view's open, and return them by their names in a link."""
    names = [name for name in TABS if name in shown]
    if len(names) == 1:
        return {names[0]: st.container()}
    tab = settings.current().view.tab
    st.session_state["words_tab"] = _TABS[tab if tab in names else names[0]]
    tabs = st.tabs([_TABS[name] for name in names], key="words_tab", on_change=_save_tab)
    return dict(zip(names, tabs, strict=True))


def _save_tab() -> None:
    """Callback. A browser can send any value."""
    names = {label: name for name, label in _TABS.items()}
    if st.session_state["words_tab"] in names:
        settings.choose(tab=names[st.session_state["words_tab"]])
