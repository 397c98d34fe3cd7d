"""Which neurons the Text page colours: the pinned ones and the selected one, or two that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.report.readable import readable_auc
from ui import chosen, late, page, parts, settings
from ui.defaults import MAX_NEURONS
from ui.link_values import is_index
from ui.panels import neuron_bar

# What was wrong with what was typed into the box, and the settings then; until the box or a setting is changed.
_WRONG = "_neurons_wrong"
# A neuron's class as in the scatter. An option that began with its number would be taken for another one: with 440 in
# the list, "44" and Enter would add 440.
_HIGHER, _LOWER, _NEITHER = "▲", "▼", "●"


def draw(result: ContrastResult) -> list[int]:
    """Draw the selected neuron and the box of those in colour, and return these."""
    left, right = st.container(key="bar_and_box").columns([2, 3], gap="medium")
    with left:
        selected = neuron_bar.draw(result, chips=False)
    neurons = in_colour(result)
    if parts.embedded():
        return list(neurons)
    chosen.write("neurons", list(neurons))
    right.multiselect(
        "Neurons in colour",
        result.order.tolist(),
        key="neurons",
        format_func=_labels(result).__getitem__,
        max_selections=MAX_NEURONS,
        accept_new_options=True,
        filter_mode="prefix",
        select_all=False,
        wrap=True,
        placeholder="Type a number, or choose",
        on_change=_save,
        args=(neurons, result.n_neurons, chosen.snapshot()),
        help=f"Up to {MAX_NEURONS}. If you change something here, what is in the box is pinned: it stays on all pages, "
        "and in the link. With no pinned neuron, these are the selected one and the extreme of the other direction.",
    )
    if wrong := _still_wrong():
        page.show_warning(wrong)
    if selected not in neurons and settings.current().view.neuron is not None:
        st.caption(f"{len(neurons)} neurons are pinned, so neuron {selected}, the selected one, is not in colour.")
    return list(neurons)


def in_colour(result: ContrastResult) -> tuple[int, ...]:
    """The neurons in colour: the pinned ones and the selected one; without pinned ones, two that differ."""
    view = settings.current().view
    if view.pinned:
        selected = () if view.neuron is None else (view.neuron,)
        return tuple(dict.fromkeys((*view.pinned, *selected)))[:MAX_NEURONS]
    if view.neuron is None:
        return result.largest, result.smallest
    lower = result.tests.statistic[view.neuron] < 0
    return tuple(dict.fromkeys((view.neuron, result.largest if lower else result.smallest)))


def _still_wrong() -> str:
    """What was wrong with what was typed, unless a setting has changed since: another layer has other neurons."""
    wrong, typed_with = st.session_state.get(_WRONG, ("", None))
    if typed_with != chosen.snapshot():
        st.session_state.pop(_WRONG, None)
        return ""
    return cast(str, wrong)


def _labels(result: ContrastResult) -> list[str]:
    """What the box says of each neuron."""
    signs = np.where(~result.significant, _NEITHER, np.where(result.tests.statistic > 0, _HIGHER, _LOWER)).tolist()
    both = zip(signs, result.tests.auc.tolist(), strict=True)
    return [f"{sign} {neuron} (AUC {readable_auc(auc)})" for neuron, (sign, auc) in enumerate(both)]


def _save(drawn: tuple[int, ...], n_neurons: int, drawn_with: chosen.Snapshot) -> None:
    """Callback: pin what is in the box, unless it belongs to settings that have changed since."""
    values = st.session_state["neurons"]
    if chosen.is_stale(drawn_with, "neurons"):
        return
    late.remember("neurons", list(values))
    neurons, wrong = numbers(values, n_neurons)
    st.session_state[_WRONG] = wrong, chosen.snapshot()
    if neurons == drawn:
        return
    # The selected neuron, taken out of the box, would come back at once.
    taken = settings.current().view.neuron in set(drawn) - set(neurons)
    settings.choose(pinned=neurons, **({"neuron": None} if taken else {}))


def numbers(values: Iterable[int | str], n_neurons: int) -> tuple[tuple[int, ...], str]:
    """The neurons that values of the box mean, each once, and a sentence if some mean none; else an empty one.

    Options are numbers. What was typed is text, of one number or several.

    Examples
    --------
    >>> numbers([3, "44", "5, 3"], 512)
    ((3, 44, 5), '')
    >>> numbers([3, "512"], 512)
    ((3,), '“512” is no neuron of this layer: a whole number from 0 to 511 is.')
    """
    neurons: list[int] = []
    strange: list[str] = []
    for value in values:
        for part in [value] if isinstance(value, int) else re.split(r"[\s,;]+", str(value).strip(" \t,;"))[:100]:
            if is_index(str(part)) and int(part) < n_neurons:
                neurons.append(int(part))
            else:
                strange.append(str(part)[:60])
    unique = tuple(dict.fromkeys(neurons))
    if strange:
        return unique[:MAX_NEURONS], (
            f"“{strange[0]}” is no neuron of this layer: a whole number from 0 to {n_neurons - 1:,} is."
        )
    if len(unique) > MAX_NEURONS:
        return unique[:MAX_NEURONS], (
            f"That makes {len(unique)} neurons; at most {MAX_NEURONS} are shown, so the first {MAX_NEURONS} are used."
        )
    return unique, ""
