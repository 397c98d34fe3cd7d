"""The bar of every page: the selected neuron, the button that pins it, and the pinned ones, each a click away."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult
from ui import chosen
from ui.defaults import MAX_NEURONS


def draw(result: ContrastResult, *, chips: bool = True) -> int:
    """Draw the bar, and return the selected neuron.

    ``chips`` are the pinned neurons; the text page has another place for them.
    """
    neuron, pinned = chosen.shown_neuron(result), chosen.pinned(result)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="neuron_bar"):
        st.number_input(
            "Neuron",
            0,
            result.n_neurons - 1,
            neuron,  # the value if the user empties the box
            key="neuron",
            on_change=_type,
            args=(chosen.snapshot(),),
            width=150,
            help="It goes with you to all pages. You can also click a point, a column or a row where there are some. "
            "Without a choice, it is the one with the largest statistic.",
        )
        _draw_pin(neuron, pinned)
        if chips and pinned:
            _draw_chips(neuron, pinned)
    return neuron


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


def _draw_chips(neuron: int, pinned: tuple[int, ...]) -> None:
    """Draw the pinned neurons. A click selects one."""
    chosen.write("pinned_chips", neuron if neuron in pinned else None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
        st.pills(
            f"Pinned ({len(pinned)} of {MAX_NEURONS})",
            pinned,
            key="pinned_chips",
            required=True,
            on_change=_press,
            args=(chosen.snapshot(),),
            help="Click one to select it.",
        )
        if len(pinned) > 1:
            args = (pinned, chosen.snapshot())
            st.button("Unpin all", key="unpin_all", type="tertiary", on_click=chosen.unpin, args=args)


def _type(drawn_with: chosen.Snapshot) -> None:
    """Callback. The box is empty if the user has emptied it."""
    if st.session_state["neuron"] is not None:
        chosen.choose(st.session_state["neuron"], drawn_with, "neuron")


def _press(drawn_with: chosen.Snapshot) -> None:
    """Callback. A browser can send any value."""
    if isinstance(st.session_state["pinned_chips"], int):
        chosen.choose(st.session_state["pinned_chips"], drawn_with, "pinned_chips")
