"""The sidebar: ways to the other pages, and the experiment's settings.

Widgets whose state lives in the session are given it as their default too. When a page's first run is cut
short by the next, the browser may see only the second, which carries defaults but no state. And Home is the
main script, whose widgets Streamlit still holds when the next page begins: they hide what the session is
filled with, then vanish, and the next page's start from their defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from core.correction import LABELS
from core.limits import BUNDLED, limits
from core.models import count_layers
from core.records import (
    CORRECTIONS,
    CUSTOM,
    FAMILIES,
    HOOK_SIDES,
    POOLINGS,
    SHORT_WORD_CLASSES,
    TESTS,
    WORD_CLASSES,
    ContrastSpec,
    UserError,
)
from ui import cached, page
from ui import settings as state

PAGES = (
    ("app.py", "Home", ":material/home:"),
    ("pages/1_Neurons.py", "Neurons", ":material/scatter_plot:"),
    ("pages/2_Words.py", "Words", ":material/dictionary:"),
    ("pages/3_Text_heatmap.py", "Text heatmap", ":material/format_ink_highlighter:"),
)
# What a class should know of a model before choosing it.
MODEL_NOTES = {
    BUNDLED: "9.3 million parameters, 6 layers of 512 neurons; trained for this project on public-domain and "
    "CC BY texts. 19 MB, in the repository.",
    "EleutherAI/gpt-neo-125m": "125 million parameters, 12 layers of 3,072 neurons; trained by EleutherAI on the "
    "Pile (MIT). The notebook's model. 530 MB, downloaded at first use.",
}
MODELS = {
    BUNDLED: "Grammar Neo 9M (bundled)",
    "EleutherAI/gpt-neo-125m": "GPT-Neo 125M (hub)",
}
_CLASS_LABELS = {CUSTOM: "Custom list…"}
_TEST_LABELS = {"paired": "Paired t-test (the notebook's)", "welch": "Welch's t-test"}
_FAMILY_LABELS = {"layer": "This layer's neurons", "model": "All layers' neurons"}
_SOURCE_LABELS = {"notebook": "The notebook's (downloaded)", "bundled": "Curated (bundled)"}


def draw() -> ContrastSpec:
    """Draw the sidebar and return the spec that it shows; a mistake in it ends the page with one sentence."""
    settings = state.begin()
    cached.warm_up(settings.spec)
    n_layers = count_layers(st.session_state["model"])
    _fit_layer(n_layers)
    mistake = None
    try:
        spec = state.read_widgets(settings)
    except UserError as error:
        spec, mistake = settings.spec, error
    st.session_state["preset"] = None if mistake else state.matching_preset(spec)
    with st.sidebar:
        _draw_links(settings)
        _draw_settings(n_layers)
    for problem in settings.problems:
        page.show_warning(problem)
    state.keep(settings)
    if mistake:
        page.show_mistake(mistake)
        st.caption("Your entries are kept: change one of them in the sidebar.")
        st.stop()
    return spec


def _fit_layer(n_layers: int | None) -> None:
    """After a change to a model with fewer layers, show its last one, and say so."""
    layer = st.session_state["layer"]
    if n_layers is not None and layer is not None and layer >= n_layers:
        st.session_state["layer"] = n_layers - 1
        page.show_toast(f"This model has layers 0 to {n_layers - 1}: layer {n_layers - 1} is shown.")


def _draw_links(settings: state.Settings) -> None:
    """The ways to the other pages."""
    # With the settings: where only the next page writes them, that is often a second step in the browser's
    # history, and the Back button must be pressed twice.
    for target, label, icon in PAGES:
        st.page_link(target, label=label, icon=icon, query_params=settings.to_params())
    st.divider()


def _draw_settings(n_layers: int | None) -> None:
    st.segmented_control(
        "Preset",
        list(state.PRESETS),
        key="preset",
        on_change=state.apply_preset,
        help="**Notebook**: the course notebook's analysis, number for number. **Careful**: what a methodologist "
        "would ask for: curated words with a leading space after the beginning-of-text token, "
        "Welch's test, Holm's correction over all layers.",
    )
    _draw_model(n_layers)
    left, right = st.columns(2)
    classes = (*WORD_CLASSES, *SHORT_WORD_CLASSES, CUSTOM)
    with left:
        _draw_class("target", "Target", "A positive statistic means higher for these words.", classes)
    with right:
        _draw_class("baseline", "Baseline", "The words that the target is compared with.", classes)
    _draw_custom_lists()
    _choice("Test", TESTS, "test", _TEST_LABELS.__getitem__)
    _choice(
        "Correction",
        CORRECTIONS,
        "correction",
        LABELS.__getitem__,
        help="With thousands of tests, some are significant by chance. Bonferroni, Šidák and Holm bound the chance "
        "of even one false finding; Benjamini's two bound the share of false findings.",
    )
    st.number_input("Alpha", *state.ALPHAS, st.session_state["alpha"], key="alpha", step=0.01, format="%.4g")
    with st.expander("Advanced"):
        _draw_advanced()


def _draw_model(n_layers: int | None) -> None:
    allowed = limits()
    known = [*MODELS] if allowed.any_model else [*allowed.models]
    if st.session_state["model"] not in known:
        known.append(st.session_state["model"])
    more: dict[str, Any] = {"help": "The models that this server offers."}
    if allowed.any_model:
        example = "Choose one, or type a hub id such as EleutherAI/pythia-70m, or a folder on the server."
        more = {"accept_new_options": True, "help": example}
    _choice(
        "Model",
        known,
        "model",
        lambda name: MODELS.get(name, name),
        **more,
    )
    st.caption(MODEL_NOTES.get(st.session_state["model"], "From the hub, or a folder on the server."))
    if n_layers is None:
        st.number_input("Layer", 0, 999, st.session_state["layer"], key="layer", help="Counted from 0.")
    elif n_layers > 1:
        st.slider(
            "Layer",
            0,
            n_layers - 1,
            st.session_state["layer"],
            key="layer",
            help="Counted from 0, nearest the input, up.",
        )


def _draw_class(side: str, label: str, explanation: str, classes: tuple[str, ...]) -> None:
    _choice(label, classes, side, lambda name: _CLASS_LABELS.get(name, name.capitalize()), help=explanation)
    if st.session_state[side] != CUSTOM:
        key = f"n_{side}"
        st.number_input(
            "Words",
            2,
            limits().max_words,
            st.session_state[key],
            key=key,
            step=50,
            help="The most frequent ones of the list.",
        )


def _draw_custom_lists() -> None:
    for side in ("target", "baseline"):
        if st.session_state[side] != CUSTOM:
            continue
        key = f"{side}_text"
        st.text_area(f"Custom {side} list", st.session_state[key], key=key, height=140, placeholder="One word a line")
        _draw_custom_notes(side)
        st.file_uploader(
            "… or a text file, one word a line",
            type=["txt", "csv", "tsv"],
            key=f"{side}_file",
            on_change=_take_file,
            args=(side,),
        )


def _draw_custom_notes(side: str) -> None:
    """How many words the pasted list holds, and what was dropped from it; a mistake is told on the page."""
    from core.words import custom_list

    try:
        words = custom_list(st.session_state[f"{side}_text"] or "", f"custom {side} list")
    except UserError:
        return
    st.caption(page.plain(" ".join((f"{len(words.words):,} words.", *words.notes))))


def _take_file(side: str) -> None:
    """Callback: put an uploaded file's words into the text box, where they can be seen and changed."""
    from core.words import custom_list

    file = st.session_state[f"{side}_file"]
    if file is None:
        return
    try:
        words = custom_list(file.getvalue(), file.name)
    except UserError as error:
        page.show_toast(str(error))
        return
    st.session_state[f"{side}_text"] = "\n".join(words.words)
    for note in words.notes:  # the box now holds the words without what these tell of
        page.show_toast(note)


def _draw_advanced() -> None:
    _choice(
        "Word lists",
        _SOURCE_LABELS,
        "word_source",
        lambda name: _SOURCE_LABELS.get(name, name),
        help="The notebook's lists are the top words of a web corpus, errors included; the curated ones hold words "
        "that are almost always of their class.",
    )
    for key, label, explanation in (
        ("leading_space", "Leading space", "Read “ word”, as inside a sentence, not “word”."),
        (
            "prefix",
            "Beginning-of-text token first",
            "Read before the word or the text, never pooled: a model's first token behaves unlike all others.",
        ),
        ("drop_shared", "Drop words that stand in both lists", "Of the words that are used, before any test."),
    ):
        st.checkbox(label, st.session_state[key], key=key, help=explanation)
    _choice("Hook side", HOOK_SIDES, "hook_side", help="Before the MLP's nonlinearity, or after it.")
    _choice("Pooling over a word's tokens", POOLINGS, "pooling", str.capitalize)
    _choice(
        "Family of tests",
        FAMILIES,
        "family",
        _FAMILY_LABELS.__getitem__,
        help="Which tests the correction counts together. Whoever looks at all layers should count them all.",
    )


def _choice(label: str, options: Iterable[str], key: str, format_func: Callable[[str], str] = str, **more: Any) -> None:
    """A selectbox for a setting, with what the session holds as its default."""
    known = list(options)
    value = st.session_state[key]
    st.selectbox(label, known, known.index(value) if value in known else 0, key=key, format_func=format_func, **more)
