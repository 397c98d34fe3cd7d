"""The finder: the neurons of every layer as a table, with a filter that is typed and an order. A click selects one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.errors import UserError
from core.records import ContrastResult, ContrastSpec
from core.report import alternatives, sentences
from core.report.glossary import GLOSSARY, statistic_name
from core.report.readable import rounded_auc
from engine import files, steps
from engine.pipeline import NotCached, Request, peek
from ui import chosen, page, settings
from ui.link import View
from ui.panels.export import FileButton
from ui.progress import show
from ui.rows import clicked_row
from ui.widgets import say_why

if TYPE_CHECKING:
    from core.records.layers import GoldLayers
    from core.report.neuron_table import NeuronTable

FILTER, EXAMPLES, ORDER, DIRECTION, TABLE = "finder_filter", "finder_examples", "finder_order", "finder_way", "finder"
MOST = 1_000  # rows that a browser gets: the table of a large model would take tens of megabytes of each student's
_LONGEST = 2_000  # characters that stay in the box: a link has to hold them
_VALID = "_finder_valid"  # the last filter that could be read
_WORKED = "auc_after >= 0.9 and not reverses and gold_auc > 0.8"
_AT_FIRST = "|AUC − 0.5|"
_WAYS = {"-": "Highest first", "": "Lowest first"}


def draw(result: ContrastResult, view: View) -> Sequence[tuple[str, Sequence[FileButton]]]:
    """Draw the finder, and return the files of what it shows, each with a title, for *Export*."""
    from core.report.neuron_table import NeuronTable  # the start needs none of it
    from engine.layer_steps import all_layers

    st.header("Find neurons")
    every = show(all_layers, result.spec)
    if every is None:
        st.caption(
            "With so many words only the chosen layer is read; with fewer words, neurons of every layer are here."
        )
        return ()
    table = NeuronTable(every, *_gold(result.spec, view))
    problem = _draw_filter(table, view)
    applied, rows, said = _rows(table, view, problem)
    found = files.Found(applied, view.sort if _is_order(table, view.sort) else "", table.gold is not None)
    buttons = _buttons(result, found)
    _draw_bar(table, view, rows, said, buttons)
    if rows.size:
        _draw_table(table, result, view, rows[:MOST])
    _draw_about(table, result)
    return (("Neurons of every layer, as the finder shows them", buttons),)


def _gold(spec: ContrastSpec, view: View) -> tuple[GoldLayers | None, str]:
    """The gold AUC, if it is there or the filter or the order needs it; and why there is none."""
    from core.report.neuron_table import uses_gold
    from core.whole_model import gold_tags
    from engine.layer_steps import gold_of_layers

    try:
        gold_tags(spec)
        if uses_gold(view.filter, view.sort, spec.test):
            return show(gold_of_layers, spec), ""
        return peek(gold_of_layers, Request(spec)), ""
    except NotCached:
        return None, ""
    except UserError as error:
        return None, str(error)


def _draw_filter(table: NeuronTable, view: View) -> str:
    """Draw the box, the names, and the examples, and return what is wrong with the filter, "" if nothing is."""
    problem = ""
    if view.filter.strip():
        try:
            table.rows(view.filter)
        except UserError as error:
            problem = str(error)
    st.session_state[FILTER] = view.filter
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Filter",
            key=FILTER,
            placeholder=_WORKED,
            on_change=_save_filter,
            help=f"A condition on the columns, such as `{_WORKED}`. Press Enter. An empty box shows every neuron.",
        )
        with st.popover("Names", icon=":material/list:", width="content"):
            st.markdown(_about_names(table))
    say_why(problem)
    examples = _examples(table)
    st.session_state[EXAMPLES] = view.filter if view.filter in examples else None
    st.pills(
        "Examples",
        list(examples),
        key=EXAMPLES,
        format_func=lambda text: examples.get(text, text),
        on_change=_save_example,
        args=(tuple(examples),),
        label_visibility="collapsed",
    )
    return problem


def _examples(table: NeuronTable) -> dict[str, str]:
    """Filters to begin with, each with what it finds."""
    name = statistic_name(table.found.spec.test)
    target, baseline = map(page.plain, sentences.class_names(table.found.spec))
    examples = {
        "strong and auc_before >= 0.9 and auc_after >= 0.9": f"Strong for {target}, before and after",
        "strong and auc_before <= 0.1 and auc_after <= 0.1": f"Strong for {baseline}, before and after",
        "strong and reverses": "Strong, but reversed",
        "abs(g) > 1 and silent": "Large g, but silent",
        "top <= 1": f"Top 1% by {name}",
    }
    if not table.no_gold:
        examples[_WORKED] = "Strong after, and in tagged text"
    return examples


def _about_names(table: NeuronTable) -> str:
    """What a filter may have, as Markdown."""
    from core.report.markdown import table as markdown_table
    from core.report.neuron_filter import ALLOWED
    from core.report.neuron_table import meanings

    known = meanings(table.found.spec.test).items()
    rows = [(f"`{name}`", meaning) for name, meaning in known if name != "gold_auc" or not table.no_gold]
    return (
        f"A filter may have {ALLOWED}. For example, `{_WORKED}`, `abs(g) > 1 and layer <= 2`, `0.4 < auc_after < 0.6`. "
        f"A comparison with a missing value is false.\n\n{markdown_table(('name', 'meaning'), rows)}"
    )


def _rows(table: NeuronTable, view: View, problem: str) -> tuple[str, np.ndarray, str]:
    """The filter that is applied, the rows that it leaves in their order, and a sentence on how many these are."""
    applied, state = view.filter if not problem else st.session_state.get(_VALID, ""), st.session_state
    order = view.sort if _is_order(table, view.sort) else ""
    try:
        rows = table.rows(applied, order)
    except UserError:  # it was valid with other settings
        applied, rows = "", table.rows("", order)
    state[_VALID] = applied
    return applied, rows, _said(table, rows, applied, problem)


def _is_order(table: NeuronTable, sort: str) -> bool:
    """Whether there is such a column here: another test has another letter, and some classes have no gold AUC."""
    from core.report.neuron_table import sort_of

    try:
        return bool(sort and sort_of(sort, table.found.spec.test, table.columns))
    except UserError:
        return False


def _said(table: NeuronTable, rows: np.ndarray, applied: str, problem: str) -> str:
    """How many neurons the filter leaves, how many of these are strong, and how many are shown."""
    n_strong = int(table.column("strong")[rows].sum())
    strong = f"{n_strong:,} of them strong" if n_strong else "none of them strong"
    layers = f"{table.found.n_layers} layer{'' if table.found.n_layers == 1 else 's'}"
    if not applied.strip():
        said = f"All **{len(rows):,}** neurons of {layers}, {strong}."
    elif not rows.size:
        said = f"None of the {table.n_rows:,} neurons of {layers} fits."
    else:
        said = f"**{len(rows):,}** of {table.n_rows:,} neurons of {layers} fit, {strong}."
    if problem:
        which = f"with the last filter that could be read, “{page.plain(applied)}”" if applied.strip() else "unfiltered"
        said = f"The table is {which}. {said}"
    return f"{said} {MOST:,} of {len(rows):,} are shown; the CSV has all." if len(rows) > MOST else said


def _draw_bar(table: NeuronTable, view: View, rows: np.ndarray, said: str, buttons: Sequence[FileButton]) -> None:
    """Draw how many neurons there are, the order, and the buttons that save them."""
    labels = _labels(table)
    name, way = _order(table, view.sort)
    st.session_state[ORDER], st.session_state[DIRECTION] = name, way
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", gap="small"):
        st.markdown(said, width="stretch")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
            st.selectbox(
                "Order",
                ["", *labels],
                key=ORDER,
                format_func=lambda column: labels.get(column, _AT_FIRST),
                on_change=_save_order,
                args=(tuple(labels),),
                width=190,
                help=f"{_AT_FIRST} is how far the AUC of the tested side is from no difference. It orders by the size "
                f"of a difference: {statistic_name(table.found.spec.test)} grows with the number of words, and an AUC "
                "does not. A click on the head of a column sorts by it, a second one the other way.",
            )
            st.segmented_control(
                "Direction",
                list(_WAYS),
                key=DIRECTION,
                required=True,
                format_func=lambda way: _WAYS.get(way, ""),
                on_change=_save_way,
                args=(name,),
                disabled=not name,
                label_visibility="collapsed",
            )
            for key, label, make, file_name in buttons:
                st.download_button(
                    label,
                    make,
                    file_name,
                    "text/csv" if file_name.endswith(".csv") else "application/json",
                    key=f"{key}_beside",
                    on_click="ignore",
                    icon=":material/download:",
                    disabled=not rows.size,
                    help=f"Save all {len(rows):,} rows, in this order, with all digits.",
                )


def _order(table: NeuronTable, sort: str) -> tuple[str, str]:
    """The column that sorts, "" for the default, and the direction."""
    from core.report.neuron_table import sort_of

    if not _is_order(table, sort):
        return "", "-"
    name, sign = sort_of(sort, table.found.spec.test, table.columns)
    return ("log10_p_adjusted" if name == "p_adjusted" else name), "-" if sign < 0 else ""


def _buttons(result: ContrastResult, found: files.Found) -> tuple[FileButton, FileButton]:
    """The buttons of the files with all rows that the filter leaves."""
    stem = sentences.result_stem(result.spec.changed(layer=0)).replace("-layer0", "-every-layer", 1)
    given, stem = (result.spec, steps.sources(result.words), found), f"{stem}{'-filtered' if found.filter else ''}"
    return (
        ("finder_csv", "CSV", partial(files.every_layer_csv, *given), f"{stem}.csv"),
        ("finder_json", "JSON", partial(files.every_layer_json, *given), f"{stem}.json"),
    )


def _labels(table: NeuronTable) -> dict[str, str]:
    """The columns of the page's table, each with its label."""
    target, baseline = sentences.class_names(table.found.spec)
    labels = {
        "layer": "layer",
        "neuron": "neuron",
        "statistic": statistic_name(table.found.spec.test),
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
    layouts |= dict.fromkeys(("auc_before", "auc_after", "gold_auc"), "%.6g")
    layouts |= dict.fromkeys(("above_zero_target", "above_zero_baseline"), "percent")
    return st.column_config.NumberColumn(label, format=layouts.get(name, "%.2f"), help=meaning)


def _draw_table(table: NeuronTable, result: ContrastResult, view: View, rows: np.ndarray) -> None:
    """Draw the rows; that of the selected neuron is ticked, if it is among them."""
    from core.report.columns import definition_of

    labels, (by, way) = _labels(table), _order(table, view.sort)
    shown = {name: table.column(name)[rows] for name in labels}
    selected = (result.spec.layer, result.largest if view.neuron is None else view.neuron)
    is_selected = (shown["layer"] == selected[0]) & (shown["neuron"] == selected[1])
    for name in ("auc_before", "auc_after", "gold_auc"):
        if name in shown:
            shown[name] = rounded_auc(shown[name])
    ticked = np.flatnonzero(is_selected).tolist()
    chosen.write(TABLE, {"selection": {"rows": ticked, "columns": [], "cells": []}})
    places = list(zip(shown["layer"].tolist(), shown["neuron"].tolist(), strict=True))
    arrow = {by: " ↓" if way else " ↑"}
    st.dataframe(
        shown,
        key=TABLE,
        alt=alternatives.of_table(len(rows), "neurons of every layer", tuple(labels.values())),
        hide_index=True,
        height=min(400, 35 * (len(rows) + 1) + 3),
        placeholder="",
        on_select=partial(_choose, places, _order(table, view.sort), tuple(labels), chosen.snapshot()),
        selection_mode=["single-row", "single-cell", "single-column"],
        column_config={
            name: _config(name, f"{label}{arrow.get(name, '')}", definition_of(name)) for name, label in labels.items()
        },
    )


def _draw_about(table: NeuronTable, result: ContrastResult) -> None:
    """Draw what a reader of the table should know."""
    if table.no_gold:
        gold = f"There is no gold AUC. {page.plain(table.no_gold)}"
    elif table.gold is None:
        gold = "The gold AUC is empty until it is computed, which a filter or an order with it starts."
    else:
        gold = f"Gold AUC: {GLOSSARY['gold AUC'][0].lower()}{GLOSSARY['gold AUC'][1:]}"
    st.caption(
        "Click a row to go to its neuron, in its layer. The same number in two layers is not the same neuron, and mean "
        "differences of two layers have different scales. Neurons that a filter picks out by their numbers look better "
        f"here than on other words: *Evidence* tests a neuron on words that it was not picked by. {gold}"
    )


def _save_filter() -> None:
    """Callback. A browser can send any value."""
    typed = st.session_state[FILTER]
    if isinstance(typed, str):
        settings.choose(filter="".join(char if char.isprintable() else " " for char in typed[:_LONGEST]))


def _save_example(examples: Sequence[str]) -> None:
    """Callback. A press on the example that is in use empties the box."""
    if (text := st.session_state[EXAMPLES]) is None or text in examples:
        settings.choose(filter=text or "")


def _save_order(columns: Sequence[str]) -> None:
    """Callback. Of another column, the highest come first, but the layers and neurons are in their own order."""
    if (name := st.session_state[ORDER]) in ("", *columns):
        settings.choose(sort=_first_way(name))


def _save_way(name: str) -> None:
    """Callback."""
    if name and (way := st.session_state[DIRECTION]) in _WAYS:
        settings.choose(sort=f"{way}{name}")


def _first_way(name: str) -> str:
    return name if name in ("", "layer", "neuron", "log10_p_adjusted") else f"-{name}"


def _choose(
    places: Sequence[tuple[int, int]], order: tuple[str, str], columns: Sequence[str], drawn_with: chosen.Snapshot
) -> None:
    """Callback. A click on a cell is one on its row; one on the head of a column sorts by it."""
    selection = st.session_state[TABLE].selection
    by = [name for name in getattr(selection, "columns", ()) if name in columns]
    if by:
        turned = f"{'' if order[1] else '-'}{by[0]}"
        settings.choose(sort=turned if by[0] == order[0] else _first_way(by[0]))
    elif (row := clicked_row(selection, len(places))) is not None:
        chosen.choose_in_layer(*places[row], drawn_with)
