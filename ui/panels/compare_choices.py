"""What differs in B: the choice of the settings, and a widget for each.

The view has the changes (``View.other``). Every run writes the widgets from it, and a widget's callback changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import UserError
from core.models import CATALOGUE
from core.models.hub import canonical
from core.records import (
    CORRECTIONS,
    CUSTOM,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    POOLINGS,
    SIDES,
    TESTS,
    UNITS,
    WORD_CLASSES,
    WORD_SOURCES,
    ContrastSpec,
)
from core.records.spec import COUNTS, FLAGS
from core.stats.correction import LABELS
from engine.limits import limits
from engine.steps import layers_of
from ui import chosen, late, settings
from ui import other as of_other
from ui.custom_words import custom_words, words_in
from ui.labels import (
    DTYPE_LABELS,
    FAMILY_LABELS,
    SETTING_LABELS,
    SOURCE_LABELS,
    TEST_LABELS,
    UNIT_LABELS,
    class_label,
    model_label,
)
from ui.other import Changes

_KEY = "b_fields"
_IN_A_ROW = 4
_LABELS = {**SETTING_LABELS, "model": "Model or revision", "seed": "Seed", "shuffle_labels": "Shuffled labels"}
# The values of a field that has a few, and what they are called.
_OPTIONS: dict[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "hook_side": (HOOK_SIDES, {}),
    "pooling": (POOLINGS, {}),
    "unit": (UNITS, UNIT_LABELS),
    "test": (TESTS, TEST_LABELS),
    "correction": (CORRECTIONS, LABELS),
    "family": (FAMILIES, FAMILY_LABELS),
    "dtype": (DTYPES, DTYPE_LABELS),
    "word_source": (WORD_SOURCES, SOURCE_LABELS),
}
_CLASSES = (*WORD_CLASSES, CUSTOM)


def draw(a: ContrastSpec, other: Changes) -> UserError | None:
    """Draw the choice of what differs, and its widgets. Return what is wrong with a list that was typed."""
    chosen.write(_KEY, list(of_other.chosen_fields(other)))
    st.multiselect(
        "What differs in B",
        of_other.FIELDS,
        key=_KEY,
        format_func=_LABELS.__getitem__,
        placeholder="Choose settings",
        select_all=False,
        wrap=True,
        on_change=_save_fields,
        args=(a, chosen.snapshot()),
        help="B has all other settings of A, also when you change them in the sidebar.",
    )
    fields, values, mistake = of_other.chosen_fields(other), dict(other), None
    for first in range(0, len(fields), _IN_A_ROW):
        columns = st.columns(_IN_A_ROW, vertical_alignment="bottom")
        for column, name in zip(columns, fields[first : first + _IN_A_ROW], strict=False):
            with column:
                _draw_field(name, values[name])
    for side in SIDES:
        if values.get(side) == CUSTOM:
            mistake = _draw_list(side, values) or mistake
    return mistake


def put(other: Changes, drawn_with: chosen.Snapshot) -> None:
    """Callback: B has these changes, unless a setting of A has changed since."""
    if not chosen.is_stale(drawn_with):
        settings.choose(other=other)


def first_value(name: str, a: ContrastSpec) -> Any:
    """What a field has in B as soon as it is chosen: something else than in A.

    Examples
    --------
    >>> a = ContrastSpec()
    >>> first_value("layer", a), first_value("hook_side", a), first_value("n_target", a), first_value("prefix", a)
    (4, 'activation', 50, True)
    """
    value = getattr(a, name)
    if name == "layer":
        n_layers = layers_of(a.model)
        return value + 1 if n_layers is None or value + 1 < n_layers else max(0, value - 1)
    if name in ("n_target", "n_baseline"):
        return max(2, value // 2)
    if name == "seed":
        return value + 1 if value < COUNTS["seed"][1] else 0
    if name in FLAGS:
        return not value
    if name == "alpha":
        return 0.01 if value != 0.01 else 0.05
    options = _models(a.model) if name == "model" else _CLASSES if name in SIDES else _OPTIONS[name][0]
    taken = (value, CUSTOM, *((a.target, a.baseline) if name in SIDES else ()))
    return next((option for option in options if option not in taken), value)


def _models(model: str) -> tuple[str, ...]:
    known = tuple(CATALOGUE) if limits().any_model else limits().models
    return known if model in known else (*known, model)


def _draw_field(name: str, value: Any) -> None:
    """Draw the widget of one field."""
    key, label = of_other.MARK + name, _LABELS[name]
    chosen.write(key, value)
    more: dict[str, Any] = {"key": key, "on_change": _save, "args": (name, chosen.snapshot())}
    if name in FLAGS:
        st.toggle(label, value, **more)
    elif name in COUNTS or name == "alpha":  # no bounds: a browser would keep a number beyond them, and not send it
        looks = {"step": 0.01, "format": "%.4g"} if name == "alpha" else {"step": 1}
        st.number_input(label, value=value, **looks, **more)
    elif name == "model":
        options = _models(value)
        if limits().any_model:
            more |= {"accept_new_options": True, "help": "A revision is after an @: EleutherAI/pythia-70m@step1000."}
        st.selectbox(label, options, options.index(value), format_func=model_label, **more)
    else:
        options, names = (_CLASSES, {}) if name in SIDES else _OPTIONS[name]
        shown = options if value in options else (*options, value)
        show_as = class_label if name in SIDES else lambda option: names.get(option, option)
        st.selectbox(label, shown, shown.index(value), format_func=show_as, **more)


def _draw_list(side: str, values: Mapping[str, Any]) -> UserError | None:
    """Draw the box of a list of B's own. Return what is wrong with it."""
    # The server keeps the whole text of a box whose key ends so (server/sessions/messages.py).
    key, words = f"b-{side}_text", values.get(f"{side}_words", ())
    text = st.session_state.get(key) or ""
    mistake = None
    if words and words_in(side, text, {"\n".join(words)}) != words:
        text = "\n".join(words)  # they are from a link, a file, or the browser's history
    elif not words and text.strip():
        try:
            custom_words(side, text)
        except UserError as error:
            mistake = error
    st.session_state[key] = text
    st.text_area(
        f"{_LABELS[f'{side}_words']} of B",
        text,
        key=key,
        height=120,
        placeholder="One word a line",
        on_change=_save_list,
        args=(side, chosen.snapshot()),
    )
    return mistake


def _save_fields(a: ContrastSpec, drawn_with: chosen.Snapshot) -> None:
    """Callback. A browser can send any value."""
    sent = st.session_state[_KEY]
    if chosen.is_stale(drawn_with, _KEY):
        return
    late.remember(_KEY, list(sent))
    fields = [name for name in of_other.FIELDS if name in sent]
    values = dict(settings.current().view.other)
    kept = {name: values.get(name, first_value(name, a)) for name in fields}
    kept |= {name: values[name] for name in of_other.LISTS if name in values and name.split("_")[0] in fields}
    if fields and of_other.NEURON in values:
        kept[of_other.NEURON] = values[of_other.NEURON]
    settings.choose(other=of_other.changed((), **kept))


def _save(name: str, drawn_with: chosen.Snapshot) -> None:
    """Callback. A browser can send any value, and an empty box has none."""
    key = of_other.MARK + name
    value = st.session_state[key]
    if chosen.is_stale(drawn_with, key) or not of_other.may_be(name, value):
        return
    late.remember(key, value)
    value = canonical(value) if name == "model" else value
    settings.choose(other=of_other.changed(settings.current().view.other, **{name: value}))


def _save_list(side: str, drawn_with: chosen.Snapshot) -> None:
    """Callback: use the words of a list, if they are right; else the page says what is wrong."""
    text, other = st.session_state[f"b-{side}_text"], settings.current().view.other
    if chosen.is_stale(drawn_with) or not isinstance(text, str):
        return
    try:
        words = custom_words(side, text, {"\n".join(dict(other).get(f"{side}_words", ()))})
    except UserError:
        words = None
    settings.choose(other=of_other.changed(other, **{f"{side}_words": words}))
