"""One text, coloured by a neuron of A and by a neuron of B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.errors import UserError
from core.records import ContrastResult, TokenActivations
from core.records.agreement import Agreement
from core.report.sentences import after_start
from engine import steps
from ui import chosen, class_settings, late, page, parts, settings
from ui import other as of_other
from ui.app_pages import TEXT
from ui.defaults import DISPLAY
from ui.panels import text_input
from ui.panels.text_blocks import blocks_of, sentences_of
from ui.progress import show
from ui.token_heatmap import BOTH, HeatmapBlock, token_heatmap
from ui.widgets import say_why

_KEY = of_other.MARK + of_other.NEURON


def draw(a: ContrastResult, b: ContrastResult, found: Agreement, neuron: int) -> None:
    """Draw the choice of the text and of B's neuron, and the text once for each."""
    st.header("One text, coloured by both")
    texts, _ = text_input.draw()
    if len(texts) > 1:
        more = class_settings.if_shown(TEXT, " The Text heatmap page compares both.")
        st.caption(f"Of the two texts, the first one is coloured.{more}")
    other_neuron = _neuron_of_b(a, b, found, neuron)
    if not parts.embedded():
        _draw_choice(b, other_neuron, found)
    try:
        readings = [show(steps.text, each.spec, text=texts[0]) for each in (a, b)]
    except UserError as error:  # what is above stands without the text
        page.show_mistake(error)
        return
    page.show_notes(tuple(note for reading in readings for note in reading.notes))
    _draw_texts((a, b), readings, (neuron, other_neuron))
    starts = [page.plain(after_start(each.model, each.spec.prefix)) for each in (a, b)]
    if starts[0] and starts[0] == starts[1]:
        st.caption(f"The text was read{starts[0]}.")
        return
    for name, start in zip("AB", starts, strict=True):
        if start:
            st.caption(f"For {name}, the text was read {start}.")


def _neuron_of_b(a: ContrastResult, b: ContrastResult, found: Agreement, neuron: int) -> int:
    """The chosen neuron of B; without a choice the same neuron, or B's extreme of the same direction."""
    asked = dict(settings.current().view.other).get(of_other.NEURON)
    if asked is not None and asked < b.n_neurons:
        return int(asked)
    if found.neurons is not None:
        return neuron
    return b.largest if a.favours_target(neuron) else b.smallest


def _draw_choice(b: ContrastResult, neuron: int, found: Agreement) -> None:
    asked = dict(settings.current().view.other).get(of_other.NEURON)
    chosen.write(_KEY, neuron)
    same = "the same neuron as in A" if found.neurons is not None else "B's most extreme one of the direction of A's"
    st.number_input(
        "Neuron of B",
        value=neuron,  # if the user empties the box
        step=1,
        key=_KEY,
        on_change=_save,
        args=(chosen.snapshot(),),
        width=150,
        help=f"The neuron of A is the selected one. Without a choice, that of B is {same}. Empty the box to go back to "
        "that.",
    )
    if asked is not None and asked >= b.n_neurons:
        say_why(f"{asked:,} is out of range: neurons 0 to {b.n_neurons - 1:,} are allowed. Neuron {neuron} is shown.")


def _draw_texts(
    results: Sequence[ContrastResult], readings: Sequence[TokenActivations], neurons: Sequence[int]
) -> None:
    """Draw two blocks of one text; or, if the two models have other tokens, the text twice."""
    shown = [
        blocks_of(*each, [neuron]) for each, neuron in zip(zip(results, readings, strict=True), neurons, strict=True)
    ]
    blocks = [
        [_named(name, block, result) for block in its.blocks if block.role != BOTH]
        for name, its, result in zip("AB", shown, results, strict=True)
    ]
    said = [
        sentences_of(result, len(reading.pieces), its.n_words)
        for result, reading, its in zip(results, readings, shown, strict=True)
    ]
    a, b = readings
    if (a.pieces, a.parts, a.window_starts, results[0].spec.pooling) == (
        b.pieces,
        b.parts,
        b.window_starts,
        results[1].spec.pooling,
    ):
        _draw_text(a, [*blocks[0], *blocks[1]], shown[0].word_starts, said[0], "compare_text")
        return
    st.caption(
        f"The two are not read alike: A has {len(a.pieces):,} tokens, B {len(b.pieces):,}. So the text stands twice."
    )
    for column, reading, its, block, words, name in zip(
        st.columns(2, gap="medium"), readings, shown, blocks, said, "ab", strict=True
    ):
        with column:
            _draw_text(reading, block, its.word_starts, words, f"compare_text_{name}")


def _named(name: str, block: HeatmapBlock, result: ContrastResult) -> HeatmapBlock:
    return replace(block, title=f"{name} · {block.title}", subtitle=f"Layer {result.spec.layer} · {block.subtitle}")


def _draw_text(
    reading: TokenActivations, blocks: list[HeatmapBlock], word_starts: list[int], said: dict[str, Any], key: str
) -> None:
    view = settings.current().view
    token_heatmap(
        reading.pieces,
        reading.parts,
        blocks,
        window_starts=reading.window_starts,
        word_starts=word_starts,
        sentences=said,
        display={name: getattr(view, name) for name in DISPLAY},
        on_display=_save_display,
        key=key,
    )


def _save(drawn_with: chosen.Snapshot) -> None:
    """Callback. A browser can send any value; an empty box goes back to the default."""
    typed = st.session_state[_KEY]
    if chosen.is_stale(drawn_with, _KEY) or (typed is not None and not of_other.may_be(of_other.NEURON, typed)):
        return
    late.remember(_KEY, typed)
    neuron = typed if typed is None or typed >= 0 else None
    settings.choose(other=of_other.changed(settings.current().view.other, neuron=neuron))


def _save_display(choices: dict[str, str]) -> None:
    """Callback: keep how the text is shown, in this session and in its link."""
    settings.choose(**choices)
