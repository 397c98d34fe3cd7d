"""The parts of the Text heatmap page: the text, the choices, the coloured blocks, the clicked token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from core import export
from core.colour_scales import ColourScale, fixed, per_text_min_max, zero_centred
from core.limits import limits
from core.records import ContrastResult, TokenActivations
from core.tokens import readable
from ui import cached, page
from ui import settings as state
from ui.token_heatmap import HeatmapBlock, token_heatmap

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "texts"
# The widget's own value is gone when another page is shown; this copy is not.
_KEPT = "_text"
# An uploaded file up to so many bytes for each character allowed is put into the box, if only to be shortened there.
_BYTES_PER_CHARACTER = 10
_SCALE_LABELS = {"text": "This text", "zero": "Zero-centred", "words": "Word lists"}
_SCALE_HELP = (
    "**This text**: the palest token is the lowest of this text, the darkest its highest (the notebook's). "
    "**Zero-centred**: the middle colour is zero. **Word lists**: from the lowest to the highest word of the two "
    "lists, so that texts can be compared."
)


def draw_input() -> str:
    """The text box, with samples and an upload; returns what it holds, and keeps it across pages."""
    if _KEPT not in st.session_state:
        st.session_state[_KEPT] = first_sample()
    st.session_state.setdefault("text", st.session_state[_KEPT])
    left, right = st.columns([3, 1], gap="medium")
    with right:
        st.selectbox(
            "Start from a sample",
            _samples(),
            index=None,
            key="sample",
            format_func=_title,
            placeholder="Choose a sample",
            on_change=_take_sample,
        )
        st.file_uploader("… or from a text file", type=["txt", "md"], key="text_file", on_change=_take_file)
    with left:
        st.text_area("Text", st.session_state["text"], key="text", height=190, placeholder="Paste any text here")
        st.button("Colour the text", type="primary", help="Or press Ctrl+Enter in the text box.")
    content = st.session_state["text"] or ""
    st.session_state[_KEPT] = content
    return content


def draw_choices(result: ContrastResult) -> tuple[list[int], str]:
    """The neurons and the scale to show; by default the two extremes, and this text's range."""
    settings = state.begin()
    extremes = (result.largest, result.smallest)
    neurons = tuple(neuron for neuron in settings.neurons if neuron < result.n_neurons)
    if len(neurons) < len(settings.neurons):
        page.show_warning(f"A layer has neurons 0 to {result.n_neurons - 1:,}; others were set aside.")
    st.session_state["neurons"] = list(neurons or extremes)
    st.session_state["scale"] = settings.scale
    left, right = st.columns([3, 2], gap="medium")
    left.multiselect(
        "Neurons",
        np.argsort(-np.abs(np.nan_to_num(result.tests.statistic)), kind="stable").tolist(),
        key="neurons",
        format_func=lambda neuron: f"{neuron} (t {page.signed(float(result.tests.statistic[neuron]), 1)})",
        max_selections=state.MAX_NEURONS,
        on_change=_keep_choices,
        args=(extremes,),
        help=f"Up to {state.MAX_NEURONS}. By default the largest and the smallest statistic of the layer.",
    )
    right.segmented_control(
        "Colour scale",
        state.SCALES,
        key="scale",
        required=True,
        format_func=_SCALE_LABELS.__getitem__,
        on_change=_keep_choices,
        args=(extremes,),
        help=_SCALE_HELP,
    )
    return st.session_state["neurons"], st.session_state["scale"]


def draw_heatmap(result: ContrastResult, activations: TokenActivations, neurons: list[int], scale: str) -> None:
    """One coloured block per neuron, then the token that was clicked, then the CSV."""
    blocks = [_block(result, activations, neuron, scale) for neuron in neurons]
    clicked = token_heatmap(
        activations.pieces, activations.parts, blocks, window_starts=activations.window_starts, key="text_heatmap"
    )
    if clicked is None:
        st.caption("Point at a token to see its value; click it to keep it.")
    else:
        _draw_token(activations, neurons, clicked)
    st.download_button(
        "Values as CSV",
        export.text_csv(activations, neurons),  # no function: it would hold the text's activations
        f"text-layer{result.spec.layer}.csv",
        "text/csv",
        on_click="ignore",
    )


def _block(result: ContrastResult, activations: TokenActivations, neuron: int, scale: str) -> HeatmapBlock:
    statistic = float(result.tests.statistic[neuron])
    for_target = not statistic < 0
    values = activations.values[:, neuron]
    higher = result.spec.target if for_target else result.spec.baseline
    significant = "" if result.significant[neuron] else ", not significant"
    return HeatmapBlock(
        title=f"Neuron {neuron} · higher for {higher}",
        subtitle=f"t = {page.signed(statistic)}{significant}",
        values=values,
        scale=_scale(result, values, neuron, scale, "reds" if for_target else "blues"),
    )


def _scale(result: ContrastResult, values: np.ndarray, neuron: int, scale: str, palette: str) -> ColourScale:
    if scale == "zero":
        return zero_centred(values, palette)
    if scale == "words":
        words = cached.words_of(result, neuron)
        return fixed(float(words.min()), float(words.max()), values, palette)
    return per_text_min_max(values, palette)


def _draw_token(activations: TokenActivations, neurons: list[int], token: int) -> None:
    """The clicked token's values, and where they lie among the text's."""
    values = activations.values[:, neurons]
    lower = (values < values[token]).mean(axis=0)
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


def first_sample() -> str:
    """The text that the page opens with."""
    return _sample(_samples()[0])


def _samples() -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.txt"))


def _sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def _title(name: str) -> str:
    """ "02-the-same-word-twice.txt" -> "The same word twice"."""
    return name.removesuffix(".txt").partition("-")[2].replace("-", " ").capitalize()


def _take_sample() -> None:
    """Callback: a sample's text goes into the box. A browser can send any name: only ours are files to be read."""
    if st.session_state["sample"] in _samples():
        st.session_state["text"] = _sample(st.session_state["sample"])


def _take_file() -> None:
    """Callback: an uploaded file's text goes into the box; what cannot be text is refused, the box kept."""
    file = st.session_state["text_file"]
    if file is None:
        return
    name, most = file.name[:80], limits().max_characters
    if file.size > _BYTES_PER_CHARACTER * most:
        page.show_toast(f"{name} has {file.size:,} bytes, too many to be shortened here: at most {most:,} characters.")
        return
    try:
        text = file.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        page.show_toast(f"{name} is not UTF-8 text; save it as plain text in UTF-8.")
        return
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as the browser does with what is pasted
    st.session_state["text"] = text
    if len(text) > most:
        page.show_toast(f"{name} has {len(text):,} characters: shorten it below.")


def _keep_choices(extremes: tuple[int, int]) -> None:
    settings = state.begin()
    # A browser can send what is not offered, which comes as text.
    neurons = tuple(neuron for neuron in st.session_state["neurons"] if isinstance(neuron, int))[: state.MAX_NEURONS]
    settings.neurons = () if neurons == extremes else neurons
    settings.scale = st.session_state["scale"]
