"""The table of the finder: its columns, its order, and what a click in it does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.errors import UserError
from core.report import alternatives, sentences
from core.report.glossary import statistic_name
from core.report.readable import rounded_auc
from engine.pipeline import digest_of
from ui import chosen, settings
from ui.rows import clicked_row

if TYPE_CHECKING:
    from core.report.neuron_table import NeuronTable

_ROW = 35  # pixels
_AUCS = ("auc_before", "auc_after", "gold_auc")


def key_of(order: str, drawn: str) -> str:
    """The key of the table in an order, of what it shows (``drawn``).

    In another one, a row that a browser still has ticked would be another neuron, and the head of a column that was
    clicked would stay marked.
    """
    return f"finder_table{order}_{drawn}"


def labels(table: NeuronTable) -> dict[str, str]:
    """The columns of the page's table, each with its label."""
    target, baseline = sentences.class_names(table.found.spec)
    labels = {
        "layer": "layer",
        "neuron": "neuron",
        "statistic": statistic_name(table.found.spec.test),
        "top": "top %",
        "log10_p_adjusted": "log10 p adj.",
        "significant": "significant",
        "strong": "strong",
        "hedges_g": "g",
        "auc_before": "AUC before",
        "auc_after": "AUC after",
        "gold_auc": "gold AUC",
        "above_zero_target": f"> 0, {target}",
        "above_zero_baseline": f"> 0, {baseline}",
        "silent": "silent",
        "reverses": "reverses",
        "mean_difference": "mean difference",
    }
    return {name: label for name, label in labels.items() if name in table.columns}


def _config(name: str, label: str, meaning: str) -> Any:
    """The look of a column. A p-value as text would be sorted as text, and as a number it could read 0."""
    if name in ("significant", "strong", "silent", "reverses"):
        return st.column_config.CheckboxColumn(label, help=meaning)
    layouts = {"layer": "%d", "neuron": "%d", "mean_difference": "%.3g"}
    layouts |= dict.fromkeys(_AUCS, "%.6g")
    layouts |= dict.fromkeys(("above_zero_target", "above_zero_baseline"), "percent")
    return st.column_config.NumberColumn(label, format=layouts.get(name, "%.2f"), help=meaning)


def draw(table: NeuronTable, rows: np.ndarray, sort: str, selected: tuple[int, int | None]) -> None:
    """Draw some rows, in their order; that of the selected neuron (its layer and number) is ticked, if it is there."""
    from core.report.columns import definition_of

    names, (by, way) = labels(table), order_of(table, sort)
    shown = {name: table.column(name)[rows] for name in names}
    ticked = np.flatnonzero((shown["layer"] == selected[0]) & (shown["neuron"] == selected[1])).tolist()
    places = list(zip(shown["layer"].tolist(), shown["neuron"].tolist(), strict=True))
    shown |= {name: rounded_auc(values) for name, values in shown.items() if name in _AUCS}
    drawn = digest_of(table.found.spec.changed(layer=0).digest, rows.tobytes())[:12]
    key = key_of(sort, drawn)
    st.session_state[key] = {"selection": {"rows": ticked, "columns": [], "cells": []}}
    arrow = {by: " ↓" if way else " ↑"}
    st.dataframe(
        shown,
        key=key,
        alt=alternatives.of_table(len(rows), "neurons of every layer", tuple(names.values())),
        hide_index=True,
        height=min(400, _ROW * (len(rows) + 1) + 3),
        placeholder="",
        on_select=partial(_choose, key, places, (by, way), tuple(names), chosen.snapshot()),
        selection_mode=["single-row", "single-cell", "single-column"],
        column_config={
            name: _config(name, f"{label}{arrow.get(name, '')}", definition_of(name)) for name, label in names.items()
        },
    )


def is_order(table: NeuronTable, sort: str) -> bool:
    """Whether there is such a column here: another test has another letter, and some classes have no gold AUC."""
    from core.report.neuron_table import sort_of

    try:
        return bool(sort and sort_of(sort, table.found.spec.test, table.columns))
    except UserError:
        return False


def order_of(table: NeuronTable, sort: str) -> tuple[str, str]:
    """The column that sorts, "" for the default, and the direction."""
    from core.report.neuron_table import sort_of

    if not is_order(table, sort):
        return "", "-"
    name, sign = sort_of(sort, table.found.spec.test, table.columns)
    return ("log10_p_adjusted" if name == "p_adjusted" else name), "-" if sign < 0 else ""


def first_way(name: str) -> str:
    """The order by a column that did not sort before: the highest first, but layers and neurons in their own order."""
    return name if name in ("", "layer", "neuron", "top", "log10_p_adjusted") else f"-{name}"


def _choose(
    key: str, places: Sequence[tuple[int, int]], order: tuple[str, str], columns: Sequence[str], drawn: chosen.Snapshot
) -> None:
    """Callback. A click on a cell is one on its row; one on the head of a column sorts by it, or turns the order."""
    selection = st.session_state[key].selection
    by = next((name for name in getattr(selection, "columns", ()) if name in columns), None)
    if by is not None:
        turned = f"{'' if order[1] else '-'}{by}"
        settings.choose(sort=turned if by == order[0] else first_way(by))
    elif (row := clicked_row(selection, len(places))) is not None:
        chosen.choose_in_layer(*places[row], drawn)
