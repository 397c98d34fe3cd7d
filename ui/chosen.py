"""The neuron that a user has selected, on any page and in any way, those that are pinned, and which choices count."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

from core.records import ContrastResult
from ui import late, link, page, settings
from ui.defaults import MAX_NEURONS

# The values of the settings with which a widget was drawn.
Snapshot = tuple[object, ...]
# The values of the settings with which code has set a widget last, by its key.
_WRITTEN_WITH = "_chosen_written_with"


def shown_neuron(result: ContrastResult) -> int:
    """The neuron to show: the chosen one, else the one with the largest statistic."""
    neuron = settings.current().view.neuron
    if neuron is not None and neuron >= result.n_neurons:
        page.show_warning(
            f"Neuron {neuron} was asked for; a layer of this model has 0 to {result.n_neurons - 1:,}. "
            "The one with the largest statistic is shown."
        )
        settings.choose(neuron=None)
        link.write(settings.current().view)
        neuron = None
    shown = result.largest if neuron is None else neuron
    write("neuron", shown)
    return shown


def pinned(result: ContrastResult) -> tuple[int, ...]:
    """The pinned neurons that the layer has."""
    neurons = settings.current().view.pinned
    there = tuple(neuron for neuron in neurons if neuron < result.n_neurons)
    if len(there) < len(neurons):
        page.show_warning(f"A layer has neurons 0 to {result.n_neurons - 1:,}; other pinned ones were set aside.")
        settings.choose(pinned=there)
        link.write(settings.current().view)
    return there


def write(key: str, value: Any) -> None:
    """Set a widget from code, and remember the value that it had: a browser may send it again (``is_stale``).

    It is set in every run, even where the widget seems to have it: the last run may have set another value since the
    browser sent this one.
    """
    before, now = st.session_state.get(key), snapshot()
    st.session_state[key] = value
    written_with = st.session_state.setdefault(_WRITTEN_WITH, {})
    if before != value and written_with.get(key) != now:  # a setting has changed, and with it what the value means
        late.remember(key, before)
    written_with[key] = now


def choose(neuron: int | None, drawn_with: Snapshot, key: str = "") -> None:
    """Callback: select a neuron, for all pages; None resets it to the default.

    Not if the value is stale: it then belongs to another layer. ``key`` is that of a widget whose value code sets too.
    """
    if not is_stale(drawn_with, key):
        settings.choose(neuron=neuron)


def choose_in_layer(layer: int, neuron: int, drawn_with: Snapshot) -> None:
    """Callback: select a neuron of any layer, which becomes the experiment's, for all pages, unless it is stale."""
    if is_stale(drawn_with):
        return
    view = settings.current().view
    if layer != view.spec.layer:
        settings.set_values({"layer": layer})
        page.say_unpinned(view.pinned)
        # With the layer in the spec already, the next run keeps the neuron.
        settings.choose(spec=view.spec.changed(layer=layer), pinned=())
    settings.choose(neuron=neuron)


def pin(neuron: int, drawn_with: Snapshot) -> None:
    """Callback: pin a neuron, for all pages, unless the value is stale, or no more may be pinned: this is said."""
    there = settings.current().view.pinned
    if is_stale(drawn_with) or neuron in there:
        return
    if len(there) >= MAX_NEURONS:
        page.show_toast(f"Neuron {neuron} was not pinned: at most {MAX_NEURONS} are. Unpin one first.")
        return
    settings.choose(pinned=(*there, neuron))


def unpin(neurons: Collection[int], drawn_with: Snapshot) -> None:
    """Callback: take neurons away from the pinned ones, unless the value is stale."""
    if not is_stale(drawn_with):
        settings.choose(pinned=tuple(each for each in settings.current().view.pinned if each not in neurons))


def snapshot() -> Snapshot:
    """The current values of the settings. Pass it to the callback of a widget, for ``is_stale``."""
    return tuple(st.session_state.get(key) for key in settings.WIDGETS)


def is_stale(drawn_with: Snapshot, key: str = "") -> bool:
    """Whether the new value of a widget is no user's choice, but belongs to settings that have changed since.

    A browser sends all values with every change, and it may not have heard yet of what code has set. So a value does
    not count if a setting has changed since the widget was drawn, or changes with the same message. After quick
    changes there and back, neither shows it. So a value that code has replaced in the last seconds does not count
    either.
    """
    now = settings.current()
    if drawn_with != snapshot() or any(
        st.session_state.get(name, value) != value for name, value in now.values.items()
    ):
        return True
    return bool(key) and late.is_late(key, st.session_state[key])  # of a plot, a table or a button there is none


def marked(neuron: int) -> tuple[int, ...]:
    """The neurons that have marks in plots: those that are pinned, and the selected one."""
    return (*settings.current().view.pinned, neuron)
