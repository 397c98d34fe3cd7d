"""The coloured text: the choice of the colour scale, a block for each neuron, and the clicked token."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.experiment import unit_values
from core.records import ContrastResult, TokenActivations
from core.report.colours import ColourScale, fixed, per_text_min_max, zero_centred
from core.report.glossary import GLOSSARY
from core.report.readable import readable, readable_auc
from core.report.sentences import after_start, higher_for, where
from core.report.tables import text_csv
from ui import page, settings
from ui.defaults import SCALES
from ui.token_heatmap import HeatmapBlock, token_heatmap

_SCALE_LABELS = {"text": "This text", "zero": "Zero-centred", "words": "Word lists"}
_SCALE_HELP = (
    f"{GLOSSARY['colour scale']} **This text**: the lowest token of this text has the faintest colour, the highest one "
    "the strongest (the notebook's). **Zero-centred**: zero has no colour. **Word lists**: from the lowest to the "
    "highest value of the two lists' words (or lemmas), so that texts can be compared."
)


def draw_scale() -> str:
    """Draw the choice of the colour scale, and return it. Default: this text's range."""
    st.session_state["scale"] = settings.current().view.scale
    st.segmented_control(
        "Colour scale",
        SCALES,
        key="scale",
        required=True,
        format_func=_SCALE_LABELS.__getitem__,
        on_change=_save_scale,
        help=_SCALE_HELP,
    )
    return str(st.session_state["scale"])


def draw(result: ContrastResult, activations: TokenActivations, neurons: list[int], scale: str) -> None:
    """Draw one coloured block for each neuron, the clicked token, and the CSV download."""
    blocks = [_block(result, activations, neuron, scale) for neuron in neurons]
    clicked = token_heatmap(
        activations.pieces, activations.parts, blocks, window_starts=activations.window_starts, key="text_heatmap"
    )
    if result.spec.prefix:
        st.caption(page.plain(f"The text was read{after_start(result.model, True)}."))
    if clicked is None:
        st.caption("Point at a token to see its value; click it to keep it.")
    else:
        _draw_token(activations, neurons, clicked)
    st.download_button(
        "Values as CSV",
        text_csv(activations, neurons),  # not a callback, which would hold the text's activations in memory
        f"text-layer{result.spec.layer}.csv",
        "text/csv",
        on_click="ignore",
    )


def _block(result: ContrastResult, activations: TokenActivations, neuron: int, scale: str) -> HeatmapBlock:
    for_target = not result.tests.statistic[neuron] < 0
    values = activations.values[:, neuron]  # [n_tokens, d_mlp] -> [n_tokens]
    significant = "" if result.significant[neuron] else ", not significant"
    return HeatmapBlock(
        title=f"Neuron {neuron} · higher for {higher_for(result, neuron)}",
        subtitle=f"AUC {readable_auc(result.tests.auc[neuron])} on the word lists{significant}, "
        f"{where(result.spec.hook_side)}",
        values=values,
        scale=_scale(result, values, neuron, scale, "reds" if for_target else "blues"),
    )


def _scale(result: ContrastResult, values: np.ndarray, neuron: int, scale: str, palette: str) -> ColourScale:
    if scale == "zero":
        return zero_centred(values, palette)
    if scale == "words":
        units = np.concatenate(unit_values(result, neuron, result.spec.hook_side))
        return fixed(float(units.min()), float(units.max()), values, palette)
    return per_text_min_max(values, palette)


def _draw_token(activations: TokenActivations, neurons: list[int], token: int) -> None:
    """Draw the values of the clicked token, and their rank in the text."""
    values = activations.values[:, neurons]  # [n_tokens, d_mlp] -> [n_tokens, n_neurons]
    lower = (values < values[token]).mean(axis=0)  # [n_neurons]
    st.markdown(f"**Token {token + 1:,} of {len(activations.pieces):,}**")
    st.dataframe(
        {
            "token": [readable(activations.pieces[token], activations.parts[token])] * len(neurons),
            "neuron": neurons,
            "value": values[token],
            "higher than … of this text's tokens": lower,
        },
        hide_index=True,
        column_config={
            "value": st.column_config.NumberColumn(format="%.4g"),
            "higher than … of this text's tokens": st.column_config.NumberColumn(format="percent"),
        },
    )


def _save_scale() -> None:
    settings.choose(scale=st.session_state["scale"])
