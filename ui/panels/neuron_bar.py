"""The bar of every page: the selected neuron, the button that pins it, and the pinned ones, each a click away."""

from __future__ import annotations

from functools import partial
from typing import cast

import streamlit as st

from core.records import ContrastResult
from core.report import sentences
from ui import chosen, page, parts, settings
from ui.defaults import MAX_NEURONS
from ui.widgets import say_why

_TYPED = "_neuron_typed"  # a number that no neuron has, the settings, and the neuron that was selected then


def draw(result: ContrastResult, *, chips: bool = True) -> int:
    """Draw the bar, and return the selected neuron. In a view for a frame, there is no bar.

    ``chips`` are the pinned neurons; the text page has another place for them.
    """
    neuron, pinned = chosen.shown_neuron(result), chosen.pinned(result)
    if parts.embedded():
        return neuron
    typed = _keep_typed()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="neuron_bar"):
        # Without bounds: a browser would keep a number beyond them in the box, and not send it.
        st.number_input(
            "Neuron",
            value=neuron,  # if the user empties the box
            step=1,
            key="neuron",
            on_change=_type,
            args=(result.n_neurons, chosen.snapshot()),
            width=150,
            help="It goes with you to all pages. You can also click a point, a column or a row where there are some. "
            f"Without a choice, it is the one with the largest statistic.{_read_at(result)}",
        )
        _draw_pin(neuron, pinned)
        if chips and pinned:
            _draw_chips(result, neuron, pinned)
    if typed is not None:
        allowed = f"neurons 0 to {result.n_neurons - 1:,} are allowed"
        say_why(f"{typed:,} is out of range: {allowed}. Neuron {neuron} is shown.")
    return neuron


def _read_at(result: ContrastResult) -> str:
    """Where in the model the neurons are read, as a sentence after a space; "" where that is not known."""
    place = sentences.read_at(result)
    return f" Each neuron is {page.plain(place)}." if place else ""


def _keep_typed() -> int | None:
    """Leave a number in the box that no neuron has, and return it; None once a neuron or a setting is chosen."""
    typed, *when = st.session_state.get(_TYPED, (None,))
    if when != [chosen.snapshot(), settings.current().view.neuron]:
        st.session_state.pop(_TYPED, None)
        return None
    st.session_state["neuron"] = typed
    return cast(int, typed)


def _draw_pin(neuron: int, pinned: tuple[int, ...]) -> None:
    """Draw the button that pins the selected neuron, or takes it away."""
    if neuron in pinned:
        args = ([neuron], chosen.snapshot())
        st.button(f"Unpin neuron {neuron}", key="pin", icon=":material/keep_off:", on_click=chosen.unpin, args=args)
        return
    full = len(pinned) >= MAX_NEURONS
    st.button(
        f"Pin neuron {neuron}",
        key="pin",
        icon=":material/keep:",
        disabled=full,
        help=f"Up to {MAX_NEURONS} neurons stay at hand on all pages, and in the link."
        + (" Unpin one first." if full else ""),
        on_click=chosen.pin,
        args=(neuron, chosen.snapshot()),
    )


def _chip(result: ContrastResult, neuron: int) -> str:
    """A neuron's number, after a triangle in the colour of the class for which it is significantly higher."""
    statistic = result.tests.statistic[neuron] if result.significant[neuron] else 0.0
    return f":orange[▲] {neuron}" if statistic > 0 else f":blue[▼] {neuron}" if statistic < 0 else f"{neuron}"


def _draw_chips(result: ContrastResult, neuron: int, pinned: tuple[int, ...]) -> None:
    """Draw the pinned neurons. A click selects one."""
    chosen.write("pinned_chips", neuron if neuron in pinned else None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
        st.pills(
            f"Pinned ({len(pinned)} of {MAX_NEURONS})",
            pinned,
            key="pinned_chips",
            required=True,
            format_func=partial(_chip, result),
            on_change=_press,
            args=(chosen.snapshot(),),
            help="Click one to select it.",
        )
        if len(pinned) > 1:
            args = (pinned, chosen.snapshot())
            st.button("Unpin all", key="unpin_all", type="tertiary", on_click=chosen.unpin, args=args)


def _type(n_neurons: int, drawn_with: chosen.Snapshot) -> None:
    """Callback. The box is empty if the user has emptied it."""
    typed = st.session_state["neuron"]
    st.session_state.pop(_TYPED, None)
    if typed is not None and 0 <= typed < n_neurons:
        chosen.choose(typed, drawn_with, "neuron")
    elif typed is not None and not chosen.is_stale(drawn_with, "neuron"):
        st.session_state[_TYPED] = (typed, chosen.snapshot(), settings.current().view.neuron)


def _press(drawn_with: chosen.Snapshot) -> None:
    """Callback. A browser can send any value."""
    if isinstance(st.session_state["pinned_chips"], int):
        chosen.choose(st.session_state["pinned_chips"], drawn_with, "pinned_chips")
