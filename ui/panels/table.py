"""A sortable table of all neurons, with downloads (CSV, JSON) below. A click on a row chooses a neuron."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.report.tables import summary_json
from engine import steps
from ui import chosen


def draw(result: ContrastResult) -> None:
    """Draw the table and its downloads."""
    st.subheader("All figures")
    order = np.argsort(-np.abs(np.nan_to_num(result.tests.statistic)), kind="stable")
    tests = result.tests
    st.dataframe(
        {
            "neuron": order,
            "t": tests.statistic[order],
            "adjusted p": result.p_adjusted[order],
            "significant": result.significant[order],
            "mean difference": tests.mean_difference[order],
            "Cohen's d": tests.cohens_d[order],
            "AUC": tests.auc[order],
        },
        key="neurons_table",
        hide_index=True,
        height=360,
        on_select=partial(_choose, order, chosen.snapshot()),
        selection_mode="single-row",
        column_config={
            "t": st.column_config.NumberColumn(format="%.3f"),
            "adjusted p": st.column_config.NumberColumn(format="%.2e"),
            "mean difference": st.column_config.NumberColumn(format="%.4g"),
            "Cohen's d": st.column_config.NumberColumn(format="%.3f"),
            "AUC": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    spec = result.spec
    name = f"{spec.target}-{spec.baseline}-layer{spec.layer}"
    left, right = st.columns(2)
    # Computed when the button is pressed, from the spec. At every run it would take longer than the rest of the page,
    # and the session would hold the file in memory.
    left.download_button(
        "Table as CSV",
        partial(steps.csv, spec, steps.sources(result.words)),
        f"{name}.csv",
        "text/csv",
        key="csv",
        on_click="ignore",
    )
    right.download_button(
        "Settings and summary as JSON",
        summary_json(result).encode(),
        f"{name}.json",
        "application/json",
        on_click="ignore",
    )


def _choose(order: np.ndarray, drawn_with: chosen.Snapshot) -> None:
    rows = st.session_state["neurons_table"].selection.rows
    if rows:
        chosen.choose(int(order[rows[0]]), drawn_with)
