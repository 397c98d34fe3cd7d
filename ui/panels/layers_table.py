"""The numbers of every layer as a small table, which says in cells what the charts show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.records import ContrastResult, ContrastSpec
from core.records.layers import GoldLayers
from core.report import alternatives, sentences
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import readable_auc, signed, to_decimals
from engine import files, steps
from ui.panels.export import Files
from ui.readable_table import readable_table

if TYPE_CHECKING:
    from core.report.layer_numbers import LayerNumbers


def draw(spec: ContrastSpec, sides: tuple[LayerNumbers, LayerNumbers], gold: GoldLayers | None) -> None:
    """Draw a row for each layer and side. *Export* has the same with all digits, and more quantiles."""
    from core.report.layer_table import layer_table

    st.header("Every layer in numbers")
    table = layer_table(sides, spec.hook_side, gold)
    by_name = dict(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    shown = _columns(spec, gold)
    columns: dict[str, list[Any]] = {label: list(by_name[name]) for label, name, _ in shown}
    columns["side"] = [_side(side, spec) for side in columns["side"]]
    st.dataframe(
        readable_table(
            {label: columns[label] for label, _, _ in shown},
            {label: write for label, _, write in shown if write is not None},
        ),
        key="layers_table",
        alt=alternatives.of_table(len(table.rows), "layers and sides", tuple(label for label, _, _ in shown)),
        hide_index=True,
        height="content" if len(table.rows) <= 14 else 460,
    )
    st.caption("Neurons of different layers are different neurons, also where they have the same number.")


def files_of(result: ContrastResult) -> tuple[Files, ...]:
    """The files of the table, for *Export*; none if only one layer was read."""
    if not steps.reads_all_layers(result.spec):
        return ()
    given, stem = (result.spec, steps.sources(result.words)), f"{sentences.result_stem(result.spec)}-layers"
    buttons = (
        ("layers_csv", "CSV", partial(files.layers_csv, *given), f"{stem}.csv"),
        ("layers_json", "JSON", partial(files.layers_json, *given), f"{stem}.json"),
    )
    about = "Both sides of the nonlinearity, and the AUC in tagged sentences of classes that have tags."
    return (Files("Every layer", buttons, about),)


def _side(side: str, spec: ContrastSpec) -> str:
    return f"{SIDE_WORDS[side]}, tested" if side == spec.hook_side else SIDE_WORDS[side]


def _columns(spec: ContrastSpec, gold: GoldLayers | None) -> list[tuple[str, str, Callable[[float], str] | None]]:
    """The label of each column, its name in the table that is exported, and how its numbers are written."""
    target, baseline = sentences.class_names(spec)
    name = statistic_name(spec.test)
    columns: list[tuple[str, str, Callable[[float], str] | None]] = [
        ("layer", "layer", None),
        ("depth", "relative_depth", lambda value: to_decimals(value, 2)),
        ("side", "hook_side", None),
        (f"{target}: significant", "higher_significant", _count),
        (f"{target}: strong", "higher_strong", _count),
        (f"{baseline}: significant", "lower_significant", _count),
        (f"{baseline}: strong", "lower_strong", _count),
        ("AUC, highest", "auc_highest", readable_auc),
        ("AUC, lowest", "auc_lowest", readable_auc),
        ("g, highest", "g_largest", signed),
        ("g, lowest", "g_smallest", signed),
        (f"{name}, 5%", "statistic_5", signed),
        (f"{name}, median", "statistic_50", signed),
        (f"{name}, 95%", "statistic_95", signed),
        (f"largest {name}: neuron", "largest_neuron", _index),
        (f"smallest {name}: neuron", "smallest_neuron", _index),
    ]
    if gold is not None:
        columns += [
            ("AUC in sentences, largest", "text_auc_of_largest", readable_auc),
            ("AUC in sentences, smallest", "text_auc_of_smallest", readable_auc),
        ]
    return columns


def _count(value: float) -> str:
    return f"{int(value):,}"


def _index(value: float) -> str:
    return str(int(value))
