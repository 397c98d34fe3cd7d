"""Two texts, token above token: what each shown neuron is in both, and how it changes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import UserError
from core.records import ContrastResult, ContrastSpec, TokenActivations
from core.report.glossary import GLOSSARY
from core.report.sentences import after_start
from core.report.two_texts import CHANGED, DELETED, EQUAL, INSERTED, TwoTexts, colour_bound, pair_tokens
from core.words.entries import count_of
from engine import steps
from ui import page, settings
from ui.panels.text_blocks import titles_of
from ui.progress import show
from ui.token_pair import PairBlock, token_pair

# The palettes of target and baseline, by the colours that the reader has chosen.
_PALETTES = {"app": ("oranges", "blues"), "notebook": ("reds", "blues")}


def draw(result: ContrastResult, texts: Sequence[str], neurons: Sequence[int]) -> None:
    """Draw the pairs of tokens once for each neuron, and what was found.

    Raises
    ------
    UserError
        A text cannot be read, or the two differ in too much to be compared.
    """
    readings = _read(result.spec, texts)
    pairs = pair_tokens(*(reading.token_ids for reading in readings))
    page.show_notes((*result.notes, *(note for reading in readings for note in reading.notes)))
    st.caption(_about(pairs, readings), help=GLOSSARY["change between texts"])
    token_pair(readings, pairs, [_block(result, readings, pairs, neuron) for neuron in neurons])
    if result.spec.prefix:
        st.caption(page.plain(f"The texts were read{after_start(result.model, True)}."))


def _read(spec: ContrastSpec, texts: Sequence[str]) -> list[TokenActivations]:
    """Every neuron at every token of both texts. A mistake names the text that it is in."""
    readings = []
    for name, text in zip(("first", "second"), texts, strict=True):
        try:
            readings.append(show(steps.text, spec, text=text))
        except UserError as error:
            raise UserError(str(error).replace("The text", f"The {name} text", 1), about=error.about) from error
    return readings


def _about(pairs: TwoTexts, readings: Sequence[TokenActivations]) -> str:
    """How many tokens are equal and how many differ, and why the first ones do not change."""
    n = {kind: pairs.kinds.count(kind) for kind in (EQUAL, CHANGED, DELETED, INSERTED)}
    if n[EQUAL] == len(pairs.kinds):
        return "The two texts have the same tokens, so nothing changes. Change a word in one of them."
    only = {DELETED: "only in the first text", INSERTED: "only in the second"}
    parts = [f"{count_of(n[EQUAL], 'token')} equal", f"{n[CHANGED]:,} changed"]
    parts += [f"{n[kind]:,} {said}" for kind, said in only.items() if n[kind]]
    about = f"{', '.join(parts)}."
    if any(len(reading.window_starts) > 1 for reading in readings):  # their windows may begin at different tokens
        return about
    return (
        f"{about} The model reads from left to right: before the first difference, no value can change; after it, "
        "equal tokens change by what stands before them."
    )


def _block(result: ContrastResult, readings: Sequence[TokenActivations], pairs: TwoTexts, neuron: int) -> PairBlock:
    values = pairs.values(readings, neuron)
    target, baseline = _PALETTES[settings.current().view.colours]
    own, other = (target, baseline) if result.favours_target(neuron) else (baseline, target)
    return PairBlock(
        *titles_of(result, neuron),
        *values,
        bound=colour_bound(*values),
        palette=own,
        below=other,
    )
