"""A sortable table of all neurons, which *Export* saves. A click on any cell selects its neuron."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.report import alternatives, sentences
from core.report.glossary import GLOSSARY, SIDE_WORDS, statistic_name
from core.report.readable import rounded_auc
from core.report.selection import marked_by_p
from ui import chosen
from ui.rows import choose_row

_KEY = "neurons_table"


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw the table, in which the row of the selected neuron is ticked."""
    st.header("All figures")
    order = result.order
    columns = _columns(result)
    rows = np.flatnonzero(order == neuron).tolist()
    chosen.write(_KEY, {"selection": {"rows": rows, "columns": [], "cells": []}})
    st.dataframe(
        {label: values[order] for label, values, _ in columns},
        key=_KEY,
        alt=alternatives.of_table(result.n_neurons, "neurons", tuple(label for label, _, _ in columns)),
        hide_index=True,
        height=360,
        on_select=partial(choose_row, _KEY, order, chosen.snapshot()),
        selection_mode=["single-row", "single-cell"],
        column_config={label: config for label, _, config in columns},
    )
    if by_p := marked_by_p(result.spec):
        st.caption(by_p)


def _columns(result: ContrastResult) -> list[tuple[str, np.ndarray, Any]]:
    """The label, the values (n_neurons,) and the look of each column."""
    tests, other = result.tests, result.other_side
    name, there = statistic_name(result.spec.test), SIDE_WORDS[other.side]
    target, baseline = sentences.class_names(result.spec)
    marks = np.array(sentences.mark_texts(result), dtype=object)
    share = st.column_config.NumberColumn(format="percent", help=GLOSSARY["above zero"])
    return [
        ("neuron", np.arange(result.n_neurons, dtype=np.int32), _number("%d", GLOSSARY["neuron"])),
        (name, tests.statistic, _number("%.2f", GLOSSARY[name])),
        # A p-value as text would be sorted as text, and as a number it could read 0.
        ("log10 p adj.", result.log10_p_adjusted, _number("%.2f", GLOSSARY["p adjusted"] + " " + GLOSSARY["log10 p"])),
        ("significant", result.significant, st.column_config.CheckboxColumn(help=GLOSSARY["significant"])),
        ("AUC", rounded_auc(tests.auc), _number("%.6g", GLOSSARY["AUC"])),
        (f"AUC {there}", rounded_auc(other.auc), _number("%.6g", f"The AUC {sentences.where(other.side)}.")),
        ("g", result.effect_sizes.hedges_g, _number("%.2f", GLOSSARY["Hedges' g"])),
        ("marks", marks, st.column_config.TextColumn(help=_about_marks())),
        (f"> 0, {target}", other.above_zero_target, share),
        (f"> 0, {baseline}", other.above_zero_baseline, share),
        ("mean difference", tests.mean_difference, _number("%.3g", GLOSSARY["mean difference"])),
    ]


def _number(layout: str, explanation: str) -> Any:
    return st.column_config.NumberColumn(format=layout, help=explanation)


def _about_marks() -> str:
    return f"**Silent**: {GLOSSARY['silent']} **Reverses**: {GLOSSARY['reverses']}"
