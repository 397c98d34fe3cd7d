"""The sidebar: links to the pages, and widgets for the settings of the experiment.

Each widget has state in the session, and also gets the same value as its default. If a run is interrupted, by the next
run or by a lost connection, the browser may see only the one after, which sends defaults but no state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from core.models import CATALOGUE
from core.records import (
    CORRECTIONS,
    CUSTOM,
    FAMILIES,
    HOOK_SIDES,
    POOLINGS,
    SHORT_WORD_CLASSES,
    TESTS,
    WORD_CLASSES,
)
from core.stats.correction import LABELS
from engine.limits import limits
from engine.steps import layers_of
from ui import custom_lists, navigation, page, settings
from ui.defaults import ALPHAS, PRESETS
from ui.labels import FAMILY_LABELS, SOURCE_LABELS, TEST_LABELS, class_label, model_label

_CLASSES = (*WORD_CLASSES, *SHORT_WORD_CLASSES, CUSTOM)


def fit_layer() -> None:
    """If the model has fewer layers than the chosen one, choose its last layer, and show a message."""
    layer, n_layers = st.session_state["layer"], layers_of(st.session_state["model"])
    if n_layers is not None and layer is not None and layer >= n_layers:
        settings.set_values({"layer": n_layers - 1})
        page.show_toast(f"This model has layers 0 to {n_layers - 1}: layer {n_layers - 1} is shown.")


def draw() -> None:
    """Draw the sidebar."""
    with st.sidebar:
        for target, label, icon in navigation.PAGES:
            navigation.draw_link(target, label, icon)
        st.divider()
        _draw_settings()


def _draw_settings() -> None:
    st.segmented_control(
        "Preset",
        list(PRESETS),
        key="preset",
        on_change=settings.apply_preset,
        help="**Notebook**: the course notebook's analysis, number for number. **Careful**: what a methodologist "
        "would ask for: curated words with a leading space after the beginning-of-text token, "
        "Welch's test, Holm's correction over all layers.",
    )
    _draw_model()
    _draw_layer()
    left, right = st.columns(2)
    with left:
        _draw_class("target", "Target", "A positive statistic means higher for these words.")
    with right:
        _draw_class("baseline", "Baseline", "The words that the target is compared with.")
    custom_lists.draw()
    _choice("Test", TESTS, "test", TEST_LABELS.__getitem__)
    _choice(
        "Correction",
        CORRECTIONS,
        "correction",
        LABELS.__getitem__,
        help="With thousands of tests, some are significant by chance. Bonferroni, Šidák and Holm bound the chance "
        "of even one false finding; Benjamini's two bound the share of false findings.",
    )
    st.number_input("Alpha", *ALPHAS, _default("alpha"), key="alpha", step=0.01, format="%.4g")
    with st.expander("Advanced"):
        _draw_advanced()


def _draw_model() -> None:
    allowed, model = limits(), st.session_state["model"]
    known = [*CATALOGUE] if allowed.any_model else [*allowed.models]
    if model not in known:
        known.append(model)
    more: dict[str, Any] = {"help": "The models that this server offers."}
    if allowed.any_model:
        example = "Choose one, or type a hub id such as EleutherAI/pythia-70m, or a folder on the server."
        more = {"accept_new_options": True, "help": example}
    _choice("Model", known, "model", model_label, **more)
    st.caption(CATALOGUE[model].note if model in CATALOGUE else "From the hub, or a folder on the server.")


def _draw_layer() -> None:
    n_layers = layers_of(st.session_state["model"])
    if n_layers is None:
        st.number_input("Layer", 0, 999, _default("layer"), key="layer", help="Counted from 0.")
    elif n_layers > 1:
        last, explanation = n_layers - 1, "Counted from 0, nearest the input, up."
        st.slider("Layer", 0, last, _default("layer"), key="layer", help=explanation)


def _draw_class(side: str, label: str, explanation: str) -> None:
    _choice(label, _CLASSES, side, class_label, help=explanation)
    if st.session_state[side] != CUSTOM:
        key, most = f"n_{side}", limits().max_words
        st.number_input("Words", 2, most, _default(key), 50, key=key, help="The most frequent ones of the list.")


def _draw_advanced() -> None:
    _choice(
        "Word lists",
        SOURCE_LABELS,
        "word_source",
        lambda name: SOURCE_LABELS.get(name, name),
        help="The notebook's lists are the top words of a web corpus, errors included; the curated ones hold words "
        "that are almost always of their class.",
    )
    _flag("leading_space", "Leading space", "Read “ word”, as inside a sentence, not “word”.")
    start = "Read before the word or the text, never pooled: a model's first token behaves unlike all others."
    _flag("prefix", "Beginning-of-text token first", start)
    _flag("drop_shared", "Drop words that stand in both lists", "Of the words that are used, before any test.")
    _choice("Hook side", HOOK_SIDES, "hook_side", help="Before the MLP's nonlinearity, or after it.")
    _choice("Pooling over a word's tokens", POOLINGS, "pooling", str.capitalize)
    _choice(
        "Family of tests",
        FAMILIES,
        "family",
        FAMILY_LABELS.__getitem__,
        help="Which tests the correction counts together. Whoever looks at all layers should count them all.",
    )


def _choice(label: str, options: Iterable[str], key: str, format_func: Callable[[str], str] = str, **more: Any) -> None:
    """A selectbox for a setting."""
    known, first = list(options), _default(key)
    st.selectbox(label, known, known.index(first) if first in known else 0, key=key, format_func=format_func, **more)


def _flag(key: str, label: str, explanation: str) -> None:
    st.checkbox(label, _default(key), key=key, help=explanation)


def _default(key: str) -> Any:
    return settings.current().values[key]
