"""The controls of a step of the lesson: settings of the sidebar, drawn again where they matter.

Two widgets cannot share a key. So each has its own, is set from the setting before it is drawn, and sets it when it is
used: the sidebar, the link and all pages follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from core.records import CORRECTIONS, CUSTOM, FAMILIES, HOOK_SIDES, POOLINGS, TESTS, UNITS, WORD_CLASSES, WORD_SOURCES
from core.records.spec import FLAGS
from core.report.glossary import GLOSSARY
from core.stats.correction import LABELS
from engine.limits import limits
from engine.steps import layers_of
from ui import chosen, class_settings, control, samples, settings
from ui.app_pages import TEXT
from ui.labels import FAMILY_LABELS, SETTING_LABELS, SOURCE_LABELS, TEST_LABELS, UNIT_LABELS, class_label, model_label
from ui.panels import text_input
from ui.widgets import say_why

_NUMBERS = {"n_target": 50, "n_baseline": 50, "alpha": 0.01}  # with the step of their buttons
_HELP = {"shuffle_labels": GLOSSARY["shuffled labels"], "alpha": GLOSSARY["p adjusted"]}
_OWN_TEXT = "Your own text"
_MOST_ABREAST = 30  # characters of labels that have room beside each other


class _Options(NamedTuple):
    """What a setting can be, and how each value is called."""

    values: Sequence[str]
    label: Callable[[str], str] = str


_OPTIONS = {
    "test": _Options(TESTS, TEST_LABELS.__getitem__),
    "correction": _Options(CORRECTIONS, LABELS.__getitem__),
    "family": _Options(FAMILIES, FAMILY_LABELS.__getitem__),
    "hook_side": _Options(HOOK_SIDES, str.capitalize),
    "pooling": _Options(POOLINGS, str.capitalize),
    "unit": _Options(UNITS, UNIT_LABELS.__getitem__),
    "word_source": _Options(WORD_SOURCES, SOURCE_LABELS.__getitem__),
    "target": _Options((*WORD_CLASSES, CUSTOM), class_label),
    "baseline": _Options((*WORD_CLASSES, CUSTOM), class_label),
}


def draw(names: Sequence[str]) -> None:
    """Draw the controls of a step, but for the neuron, whose box needs the result."""
    names = [name for name in names if name != "neuron"]
    for column, name in zip(st.columns(len(names)) if names else (), names, strict=True):
        with column:
            _draw_one(name)


def text() -> str:
    """The text that is coloured: that of the Text heatmap page."""
    named = text_input.sample_shown()
    return samples.find(named).texts[0] if named else st.session_state.get("text") or text_input.first_sample()


def _draw_one(name: str) -> None:
    """Draw one control, set to what the setting is."""
    if name == "sample":
        _draw_sample()
        return
    if name == "seed":
        _draw_seed()
        return
    key, value = f"lesson_{name}", settings.current().values[name]
    more: dict[str, Any] = {
        "key": key,
        "on_change": _change,
        "args": (name, key, chosen.snapshot()),
        "help": _HELP.get(name),
    }
    label = SETTING_LABELS[name]
    if name == "layer":
        _draw_layer(label, value, more)
    elif name in FLAGS:
        chosen.write(key, value)
        st.toggle(label, **more)
    elif name in _NUMBERS:
        chosen.write(key, value)
        st.number_input(label, step=_NUMBERS[name], **more)
        say_why(settings.current().out_of_range.get(name))
    elif name == "model":
        offered = [*dict.fromkeys((*limits().models, value))] if not limits().any_model else [value]
        chosen.write(key, value)
        st.selectbox(label, offered, format_func=model_label, **more)
    else:
        options = _OPTIONS[name]
        chosen.write(key, value)
        labels = "".join(map(options.label, options.values))
        if len(labels) > _MOST_ABREAST:
            st.selectbox(label, options.values, format_func=options.label, **more)
        else:
            st.segmented_control(label, options.values, format_func=options.label, required=True, **more)


def _draw_layer(label: str, value: int, more: dict[str, Any]) -> None:
    n_layers = layers_of(settings.current().view.spec.model)
    if n_layers is None or n_layers < 2:  # none to choose, or not known until the model is here
        st.markdown(f"{label}: **{value}**")
        return
    chosen.write(more["key"], min(value, n_layers - 1))
    st.slider(label, 0, n_layers - 1, **more)


def _draw_sample() -> None:
    """Draw the choice of a text: the samples, and one's own where there is one."""
    shown = text_input.sample_shown()
    offered = {name: samples.find(name).title for name in samples.names() if not name.startswith(f"{samples.TWO}-")}
    names = [*offered] if shown else ["", *offered]
    chosen.write("lesson_sample", shown if shown in names else names[0])
    st.selectbox(
        "Text",
        names,
        key="lesson_sample",
        format_func=lambda name: offered.get(name, _OWN_TEXT),
        on_change=_change_sample,
        args=(chosen.snapshot(),),
        help=class_settings.if_shown(TEXT, "The same text as on the Text heatmap page, where you can write your own.")
        or None,
    )


def _draw_seed() -> None:
    """Draw what draws another shuffle, and which one this is."""
    st.button("Shuffle again", key="lesson_seed", icon=":material/shuffle:", on_click=control.shuffle_again)
    st.caption(f"Shuffle {settings.current().view.spec.seed}")


def _change(name: str, key: str, drawn_with: chosen.Snapshot) -> None:
    """Callback: set the setting, unless what the browser sent belongs to other settings. A box may be empty."""
    value = st.session_state[key]
    if value is not None and not chosen.is_stale(drawn_with, key):
        settings.set_values({name: value})


def _change_sample(drawn_with: chosen.Snapshot) -> None:
    """Callback: show another sample, on the Text heatmap page too. A browser can send any name."""
    name = st.session_state["lesson_sample"]
    if name in samples.names() and not chosen.is_stale(drawn_with, "lesson_sample"):
        settings.choose(sample=name)
