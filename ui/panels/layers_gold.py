"""The extreme neurons of every layer in tagged sentences, read in the background while the rest of the page is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import UserError
from core.records.gold import why_no_tags
from core.records.layers import GoldLayers
from core.report import layer_alternatives
from core.report.figures import every_layer as figures
from engine import layer_steps
from engine.pipeline import Request
from ui import page, seen
from ui.visitor import visitor

if TYPE_CHECKING:
    from ui.panels.every_layer import Shown

_POLL_SECONDS = 1.0
# How long the page waits, once, before it shows how far the reading is: what is below waits as long.
_GRACE_SECONDS = 0.3
BACKGROUND = "In the background"  # how the text of its bar begins
# The reading that this session has waited for once: not again at each click, while it goes on.
_WAITED = "_layers_gold_waited"


def draw(shown: Shown) -> GoldLayers | None:
    """Draw the chart once it can be drawn, and until then how far its reading is. Returns what is drawn."""
    st.header("In tagged sentences")
    if why := why_no_tags(shown.spec):
        st.caption(page.plain(why))
        return None
    gold = layer_steps.gold_if_there(shown.spec)
    if gold is None:
        _draw_waiting(layer_steps.gold_request(shown.spec))
        gold = layer_steps.gold_if_there(shown.spec)  # it may have come at once
    if gold is not None:
        _draw_chart(shown, gold)
    return gold


def _draw_chart(shown: Shown, gold: GoldLayers) -> None:
    numbers, names = shown.side(tested=True), shown.names
    for layer, *extremes in zip(numbers.layers, numbers.higher.extreme, numbers.lower.extreme, strict=True):
        for neuron in extremes:
            seen.note("gold_text", shown.spec.changed(layer=layer), int(neuron))
    picture = figures.layer_gold(numbers, gold, names, shown.axis)
    shown.draw_chart("layer_gold", picture, layer_alternatives.of_layer_gold(numbers, gold, names))
    target, baseline = map(page.plain, names)
    tagged = " and ".join(
        f"{n:,} words tagged {' or '.join(tags)}"
        for n, tags in ((gold.n_target, gold.target_tags), (gold.n_baseline, gold.baseline_tags))
    )
    st.caption(
        "The word lists chose the two extreme neurons of each layer. Hollow: their AUC on these lists. Full: on "
        f"{tagged} in the project’s own sentences, which had no part in the choice. Above 0.5 a neuron is higher for "
        f"{target} there, below it for {baseline}. {' '.join(map(page.plain, gold.notes))}"
    )


def _draw_waiting(request: Request) -> None:
    """Draw how far the reading is, or why it has failed. When it is there, the page is drawn anew."""
    queue = layer_steps.gold_queue
    error = queue.error_of(request)
    if error is not None:
        _draw_error(request, error)
        return
    try:
        [job] = queue.ask(visitor(), [request], lambda old: old != request)
    except UserError as busy:
        _draw_error(request, busy)
        return
    first = st.session_state.get(_WAITED) != request.digest
    st.session_state[_WAITED] = request.digest
    if job.finished.wait(_GRACE_SECONDS if first else 0.0):
        if (error := queue.error_of(request)) is not None:
            _draw_error(request, error)
        return
    st.caption("The neurons of all layers are read at the words of the project’s tagged sentences. You can go on.")

    @st.fragment(run_every=_POLL_SECONDS)
    def watch() -> None:
        if job.finished.is_set():
            st.rerun()
        st.progress(job.share, text=page.plain(f"{BACKGROUND}: {job.message or 'waiting for its turn'}"))

    watch()


def _draw_error(request: Request, error: BaseException) -> None:
    if not isinstance(error, UserError):
        raise error
    page.show_mistake(error)
    st.button("Read them again", key="gold_again", icon=":material/refresh:", on_click=_ask_again, args=(request,))


def _ask_again(request: Request) -> None:
    """Callback. To ask forgets the error."""
    try:
        layer_steps.gold_queue.ask(visitor(), [request])
    except UserError as error:
        page.show_toast(str(error))
