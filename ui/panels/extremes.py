"""The two extreme neurons of A and of B, and what each is in the other experiment, if that has the same neurons."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.records import ContrastResult
from core.records.agreement import Agreement, Extreme
from core.report import alternatives
from core.report.glossary import statistic_name
from core.report.readable import readable_auc, readable_p, signed
from core.report.sentences import higher_for
from ui import chosen
from ui.readable_table import readable_table
from ui.rows import choose_row

_KEY = "extremes_table"


def draw(a: ContrastResult, b: ContrastResult, found: Agreement) -> None:
    """Draw a row for each extreme neuron."""
    st.header("The extremes of each")
    if found.neurons is None:
        _draw_apart(a, b)
        return
    rows = found.neurons.extremes
    columns: dict[str, Any] = {
        "extreme of": [f"{row.of}, {row.end}" for row in rows],
        "neuron": [row.neuron for row in rows],
    }
    for place, (name, each) in enumerate((("A", a), ("B", b))):
        columns |= {
            f"{statistic_name(each.spec.test)} in {name}": [signed(row.statistic[place]) for row in rows],
            f"AUC in {name}": [readable_auc(row.auc[place]) for row in rows],
            f"adjusted p in {name}": [readable_p(row.log10_p_adjusted[place]) for row in rows],
            f"rank in {name}": [_rank(row, place) for row in rows],
        }
    st.dataframe(
        readable_table(columns, {}),
        key=_KEY,
        alt=alternatives.of_table(len(rows), "extreme neurons, with their numbers in both", tuple(columns)),
        hide_index=True,
        width="content",
        on_select=partial(choose_row, _KEY, [row.neuron for row in rows], chosen.snapshot()),
        selection_mode="single-cell",
    )
    st.caption(
        "Rank: the place by the statistic, from the same end, 1 for the most extreme neuron. An extreme was chosen as "
        "the largest of many, so expect it to be less extreme in the other experiment. Click a cell to select its "
        "neuron."
    )


def _rank(row: Extreme, place: int) -> str:
    rank = row.ranks[place]
    return "not tested" if rank is None else f"{rank:,}"


def _draw_apart(a: ContrastResult, b: ContrastResult) -> None:
    """Draw the extremes of each by themselves: they are different neurons."""
    rows = [
        (name, each, end, neuron)
        for name, each in (("A", a), ("B", b))
        for end, neuron in (("largest", each.largest), ("smallest", each.smallest))
    ]
    columns: dict[str, Any] = {
        "extreme of": [f"{name}, {end}" for name, _, end, _ in rows],
        "neuron": [f"{neuron} of layer {each.spec.layer}" for _, each, _, neuron in rows],
        "higher for": [higher_for(each, neuron) for _, each, _, neuron in rows],
        "statistic": [
            f"{statistic_name(each.spec.test)} = {signed(each.tests.statistic[neuron])}" for _, each, _, neuron in rows
        ],
        "AUC": [readable_auc(each.tests.auc[neuron]) for _, each, _, neuron in rows],
        "g": [signed(each.effect_sizes.hedges_g[neuron]) for _, each, _, neuron in rows],
        "adjusted p": [readable_p(each.log10_p_adjusted[neuron]) for _, each, _, neuron in rows],
    }
    alt = alternatives.of_table(len(rows), "extreme neurons, which are not the same ones", tuple(columns))
    st.dataframe(readable_table(columns, {}), key="extremes_apart", alt=alt, hide_index=True, width="content")
    st.caption("Equal numbers in A and B would not be the same neuron.")
