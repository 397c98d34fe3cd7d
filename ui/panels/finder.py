"""The finder: the neurons of every layer as a table, with a filter that is typed and an order. A click selects one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.errors import UserError
from core.records import ContrastSpec
from core.records.gold import why_no_tags
from core.report import sentences
from core.report.glossary import GLOSSARY, SIDE_WORDS, statistic_name
from core.report.one_layer import one_layer_read
from engine import files, steps
from ui import class_settings, page, seen, settings
from ui.app_pages import EVIDENCE
from ui.link_values import View
from ui.panels import finder_table, layers
from ui.panels.export import FileButton, Files
from ui.progress import show
from ui.widgets import say_why

if TYPE_CHECKING:
    from core.records.layers import GoldLayers
    from core.report.neuron_table import NeuronTable

FILTER, EXAMPLES, ORDER, DIRECTION = "finder_filter", "finder_examples", "finder_order", "finder_way"
MOST = 1_000  # rows that a browser gets: the table of a large model would take tens of megabytes of each student's
_LONGEST = 2_000  # characters that stay in the box: a link has to hold them
_VALID = "_finder_valid"  # the last filter that could be read
_WORKED = "auc_after >= 0.9 and not reverses and gold_auc > 0.8"
_TESTED_ELSEWHERE = ": *Evidence* tests a neuron on words that it was not picked by"
_AT_FIRST = "|AUC − 0.5|"
_WAYS = {"-": "Highest first", "": "Lowest first"}


def draw(view: View, neuron: int | None) -> tuple[Files, ...]:
    """Draw the finder, and return the files of what it shows, each with a title, for *Export*.

    ``neuron`` is the selected one of the experiment's layer, None where that layer has no tests.
    """
    from core.report.neuron_table import NeuronTable  # the start needs none of it
    from engine.layer_steps import all_layers

    st.header("Find neurons")
    spec = view.spec
    every = show(all_layers, spec)
    if every is None:
        page.show_notes((one_layer_read("the neurons of every layer"),))
        return ()
    table = NeuronTable(every, *_gold(spec, view))
    if table.gold is not None:
        seen.note_every_neuron("gold_text", spec)
    order = view.sort if finder_table.is_order(table, view.sort) else ""
    problem, applied, rows = _rows(table, view.filter, order)
    _draw_filter(table, view, problem)
    buttons = _buttons(spec, files.Found(applied, order))
    _draw_bar(_said(table, rows, applied, problem), len(rows), buttons)
    if rows.size:
        _draw_order(table, order)
        finder_table.draw(table, rows[:MOST], order, (spec.layer, neuron))
    _draw_about(table)
    return (Files("Neurons of every layer, as the finder shows them", buttons),)


def _gold(spec: ContrastSpec, view: View) -> tuple[GoldLayers | None, str]:
    """The gold AUC, if it is there or the filter or the order needs it; and why there is none."""
    from core.report.neuron_table import uses_gold
    from engine.layer_steps import gold_if_there, gold_of_layers, gold_request

    if why := why_no_tags(spec):
        return None, why
    if not uses_gold(view.filter, view.sort, spec.test):
        return gold_if_there(spec), ""
    try:
        return show(gold_of_layers, gold_request(spec).spec), ""
    except UserError as error:
        return None, str(error)


def _draw_filter(table: NeuronTable, view: View, problem: str) -> None:
    """Draw the box, the names, and the examples, and what is wrong with the filter, if anything is."""
    # Only another text: what is set in a run replaces what somebody is just typing, and the page runs again by itself
    # once the tagged sentences are read.
    if st.session_state.get(FILTER, "") != view.filter:
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
        side = SIDE_WORDS[table.found.spec.hook_side]
        examples[_WORKED] = f"AUC high after, and in tagged text ({side}, tested)"
    return examples


def _about_names(table: NeuronTable) -> str:
    """What a filter may have, as Markdown."""
    from core.report.markdown import table as markdown_table
    from core.report.neuron_table import meanings

    known = meanings(table.found.spec.test).items()
    rows = [
        (" ".join(f"`{name}`" for name in names), meaning)
        for names, meaning in known
        if "gold_auc" not in names or not table.no_gold
    ]
    return (
        "A filter may have these names, numbers, `true`, `false`, comparisons (`<` `<=` `>` `>=` `==` `!=`), `and`, "
        "`or`, `not`, `+` `-` `*` `/`, `abs(…)` and parentheses. A comparison with a missing value is false. For "
        "example:\n"
        + "".join(f"\n- `{each}`" for each in (_WORKED, "abs(g) > 1 and layer <= 2", "0.4 < auc_after < 0.6"))
        + f"\n\n{markdown_table(('name', 'meaning'), rows)}"
    )


def _rows(table: NeuronTable, text: str, order: str) -> tuple[str, str, np.ndarray]:
    """What is wrong with a filter, the one that is applied, and the rows that it leaves, in their order.

    Of a mistake, the last valid filter is applied; none, if that was valid with other settings.
    """
    problem, applied = "", text
    try:
        rows = table.rows(text, order)
    except UserError as error:
        problem, applied = str(error), st.session_state.get(_VALID, "")
        try:
            rows = table.rows(applied, order)
        except UserError:
            applied, rows = "", table.rows("", order)
    st.session_state[_VALID] = applied
    return problem, applied, rows


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
        last = f"The table has the last filter that could be read, “{page.plain(applied)}”. "
        said = f"{last if applied.strip() else 'The table has no filter. '}{said}"
    return f"{said} {MOST:,} of {len(rows):,} are shown; the CSV has all." if len(rows) > MOST else said


def _draw_bar(said: str, n_rows: int, buttons: Sequence[FileButton]) -> None:
    """Draw how many neurons there are, and the buttons that save them: not where the table's own tools appear."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.markdown(said, width="stretch")
        if not n_rows:
            return
        place = st.container(horizontal=True, gap="small", width="content")
        for key, label, make, name in buttons:
            place.download_button(
                label,
                make,
                name,
                "text/csv" if name.endswith(".csv") else "application/json",
                key=f"{key}_beside",
                on_click="ignore",
                icon=":material/download:",
                help=f"Save all {n_rows:,} rows, in this order, with all digits.",
            )


def _draw_order(table: NeuronTable, sort: str) -> None:
    """Draw the choice of the column that sorts, and of the direction."""
    labels, (by, way) = finder_table.labels(table), finder_table.order_of(table, sort)
    st.session_state[ORDER], st.session_state[DIRECTION] = by, way
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Order",
            ["", *labels],
            key=ORDER,
            format_func=lambda column: labels.get(column, _AT_FIRST),
            on_change=_save_order,
            args=(tuple(labels),),
            width=190,
            help=f"{_AT_FIRST} is how far the AUC of the tested side is from no difference. It orders by the size of a "
            f"difference: {statistic_name(table.found.spec.test)} grows with the number of words, and an AUC does not. "
            "A click on the head of a column sorts by it, a second one the other way. The menu in the head sorts only "
            "the rows that are shown.",
        )
        st.segmented_control(
            "Direction",
            list(_WAYS),
            key=DIRECTION,
            required=True,
            format_func=lambda way: _WAYS.get(way, ""),
            on_change=_save_way,
            args=(by,),
            disabled=not by,
            label_visibility="collapsed",
        )


def _buttons(spec: ContrastSpec, found: files.Found) -> tuple[FileButton, FileButton]:
    """The buttons of the files with all rows that the filter leaves."""
    stem = sentences.result_stem(spec.changed(layer=0)).replace("-layer0", "-every-layer", 1)
    given, stem = (spec, steps.sources(show(steps.words, spec)), found), f"{stem}{'-filtered' if found.filter else ''}"
    return (
        ("finder_csv", "CSV", partial(files.every_layer_csv, *given), f"{stem}.csv"),
        ("finder_json", "JSON", partial(files.every_layer_json, *given), f"{stem}.json"),
    )


def _draw_about(table: NeuronTable) -> None:
    """Draw what a reader of the table should know."""
    if table.no_gold:
        gold = f"There is no gold AUC. {page.plain(table.no_gold)}"
    elif table.gold is None:
        gold = (
            "The gold AUC is empty until it is computed, which a filter or an order with it starts; the files have it."
        )
    else:
        gold = f"Gold AUC: {GLOSSARY['gold AUC'][0].lower()}{GLOSSARY['gold AUC'][1:]}"
    st.caption(
        "Click a row to go to its neuron, in its layer. The same number in two layers is not the same neuron, and mean "
        "differences of two layers have different scales. Neurons that a filter picks out by their numbers look better "
        f"here than on other words{class_settings.if_shown(EVIDENCE, _TESTED_ELSEWHERE)}. "
        f"{layers.about_correction(table.found)} {gold}"
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
        settings.choose(sort=finder_table.first_way(name))


def _save_way(name: str) -> None:
    """Callback."""
    if name and (way := st.session_state[DIRECTION]) in _WAYS:
        settings.choose(sort=f"{way}{name}")
