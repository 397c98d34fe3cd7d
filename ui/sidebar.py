"""The sidebar: links to the pages, and widgets for the settings of the experiment.

Each widget has state in the session, and also gets the same value as its default. If a run is interrupted, by the next
run or by a lost connection, the browser may see only the one after, which sends defaults but no state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from core.models import CATALOGUE
from core.records import CORRECTIONS, FAMILIES, HOOK_SIDES, POOLINGS, TESTS
from core.report.glossary import GLOSSARY
from core.stats.correction import LABELS
from engine.limits import limits
from engine.steps import layers_of
from ui import custom_lists, navigation, page, settings, word_settings
from ui.defaults import ALPHAS, PRESETS
from ui.labels import FAMILY_LABELS, SOURCE_LABELS, TEST_LABELS, model_label


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
        help="**Notebook**: the course notebook's analysis, number for number. **Careful**: curated words with a "
        "leading space after the beginning-of-text token, one value for each lemma, Welch's test, Holm's correction "
        "over all layers.",
    )
    _draw_model()
    _draw_layer()
    left, right = st.columns(2)
    with left:
        word_settings.draw_class("target", "Target", "Its most frequent words. A positive statistic: higher for these.")
    with right:
        word_settings.draw_class("baseline", "Baseline", "The words to compare with: the most frequent of this class.")
    custom_lists.draw()
    word_settings.draw_unit()
    _choice(
        "Test",
        TESTS,
        "test",
        TEST_LABELS.__getitem__,
        help="The paired test pairs word i with word i. Welch's compares the means of two groups, whose variances may "
        "differ. Mann–Whitney compares ranks, so a few extreme words count little.",
    )
    _choice(
        "Correction",
        CORRECTIONS,
        "correction",
        LABELS.__getitem__,
        help="With thousands of tests, some are significant by chance. Bonferroni, Šidák, Holm and max-T bound the "
        "chance of even one false finding in the family. Benjamini's two bound the *expected* share of false "
        f"findings. **Max-T**: {GLOSSARY['max-T']} It needs no normal distribution, and takes seconds.",
    )
    st.number_input(
        "Alpha", *ALPHAS, _default("alpha"), key="alpha", step=0.01, format="%.4g", help=GLOSSARY["p adjusted"]
    )
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
        st.number_input("Layer", 0, 999, _default("layer"), key="layer", disabled=True, help="Until the model is here.")
    elif n_layers > 1:
        last, explanation = n_layers - 1, "Counted from 0, nearest the input, up."
        st.slider("Layer", 0, last, _default("layer"), key="layer", help=explanation)


def _draw_advanced() -> None:
    _choice(
        "Word lists",
        SOURCE_LABELS,
        "word_source",
        lambda name: SOURCE_LABELS.get(name, name),
        help="The notebook's lists are the top words of a web corpus, errors included; the curated ones hold words "
        "that are almost always of their class.",
    )
    _flag("leading_space", "Leading space", "Read the word as inside a sentence, after a space, not as a text alone.")
    start = "Read before the word or the text, never pooled: a model's first token behaves unlike all others."
    _flag("prefix", "Beginning-of-text token first", start)
    _flag("drop_shared", "Drop words that stand in both lists", "Of the words that are used, before any test.")
    sides = " ".join(f"**{side.capitalize()}**: {GLOSSARY[side]}" for side in HOOK_SIDES)
    _choice("Hook side", HOOK_SIDES, "hook_side", help=sides)
    _choice("Pooling over a word's tokens", POOLINGS, "pooling", str.capitalize)
    _choice(
        "Family of tests",
        FAMILIES,
        "family",
        FAMILY_LABELS.__getitem__,
        help=f"{GLOSSARY['family']} If you look at all layers, count them all.",
    )


def _choice(label: str, options: Iterable[str], key: str, format_func: Callable[[str], str] = str, **more: Any) -> None:
    """A selectbox for a setting."""
    known, first = list(options), _default(key)
    st.selectbox(label, known, known.index(first) if first in known else 0, key=key, format_func=format_func, **more)


def _flag(key: str, label: str, explanation: str) -> None:
    st.checkbox(label, _default(key), key=key, help=explanation)


def _default(key: str) -> Any:
    return settings.current().values[key]
