"""One token of the coloured text: the shown neurons there, and the neurons that stand out most."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.experiment import unit_values
from core.records import ContrastResult, TokenActivations
from core.report import alternatives
from core.report.glossary import GLOSSARY
from core.report.readable import readable, readable_auc, readable_number, readable_share, signed
from core.stats.standing_out import StandingOut, standing_out
from ui import chosen, page
from ui.readable_table import readable_table
from ui.rows import choose_row

# With fewer other tokens, their mean and standard deviation are rough.
_ENOUGH_OTHERS = 30
# Short, so that a phone shows both.
_IN_TEXT, _IN_LISTS = "above in text", "above in lists"


def draw(result: ContrastResult, activations: TokenActivations, neurons: Sequence[int], token: int) -> None:
    """Draw the place of a token, the values of the shown neurons there, and the ten neurons that stand out most."""
    shown = page.plain(readable(activations.pieces[token], activations.parts[token]))
    st.markdown(f"**Token {token + 1:,} of {len(activations.pieces):,}**: {shown}")
    left, right = st.columns(2, gap="medium")
    with left:
        st.caption("The neurons in colour, at this token")
        _draw_shown(result, activations, neurons, token)
    with right:
        _draw_standing_out(result, activations, token)


def _draw_shown(result: ContrastResult, activations: TokenActivations, neurons: Sequence[int], token: int) -> None:
    """Draw the value of each shown neuron, and its rank in the text and among the words of the experiment."""
    values = activations.values[:, list(neurons)]  # [n_tokens, d_mlp] -> [n_tokens, n_neurons]
    side = result.spec.hook_side
    words = [np.concatenate(unit_values(result, neuron, side)) for neuron in neurons]  # n_neurons arrays [n_units]
    above_words = [float((units < value).mean()) for units, value in zip(words, values[token], strict=True)]
    columns: dict[str, Any] = {
        "neuron": list(neurons),
        "value": values[token],
        _IN_TEXT: (values < values[token]).mean(axis=0),  # [n_tokens, n_neurons] -> [n_neurons]
        _IN_LISTS: above_words,
    }
    st.dataframe(
        readable_table(columns, {"value": readable_number, _IN_TEXT: readable_share, _IN_LISTS: readable_share}),
        alt=alternatives.of_table(len(neurons), "neurons in colour, at the chosen token", tuple(columns)),
        hide_index=True,
        column_config={
            "neuron": st.column_config.NumberColumn(format="%d"),
            _IN_TEXT: _share("this text's tokens"),
            _IN_LISTS: _share(f"the {result.spec.unit}s of both lists, which were read without context,"),
        },
    )


def _share(of_what: str) -> Any:
    return st.column_config.NumberColumn(help=f"The share of {of_what} that have a lower value.")


def _draw_standing_out(result: ContrastResult, activations: TokenActivations, token: int) -> None:
    """Draw the neurons that stand out most at the token. A click shows one."""
    found = standing_out(activations.values, token, skip_first=not result.spec.prefix)
    if found is None or not len(found.neurons):
        st.caption("There are too few other tokens to say which neurons stand out at this one.")
        return
    st.caption(_about(result, found), help=GLOSSARY["stands out"])
    key = f"standing_out_{token}"
    columns: dict[str, Any] = {
        "neuron": found.neurons,
        "value": activations.values[token, found.neurons],
        "elsewhere": found.means,
        "SD away": found.deviations,
        "AUC": result.tests.auc[found.neurons],
    }
    texts = {"value": readable_number, "elsewhere": readable_number, "SD away": signed, "AUC": readable_auc}
    st.dataframe(
        readable_table(columns, texts),
        key=key,
        alt=alternatives.of_table(len(found.neurons), "neurons that stand out at the chosen token", tuple(columns)),
        hide_index=True,
        on_select=partial(choose_row, key, found.neurons.tolist(), chosen.snapshot()),
        selection_mode="single-cell",
        column_config={
            "neuron": st.column_config.NumberColumn(format="%d", help="Click a row to show its neuron."),
            "elsewhere": st.column_config.NumberColumn(help="Its mean over the text's other tokens."),
            "SD away": st.column_config.NumberColumn(help="From that mean, in standard deviations."),
            "AUC": st.column_config.NumberColumn(help="On the word lists."),
        },
    )


def _about(result: ContrastResult, found: StandingOut) -> str:
    about = f"Of {result.n_neurons:,} neurons, those that stand out most here. Click one to show it."
    if found.n_others < _ENOUGH_OTHERS:
        about += f" Compared with {found.n_others} other tokens, which are few: the order means little."
    return about
