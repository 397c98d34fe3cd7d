"""The figures of a finding as tables: whatever a check has, under the names that docs/methods.md defines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from core.report import alternatives
from core.report.readable import readable, readable_number
from ui.readable_table import readable_table

_MOST_ROWS = 500
_NAMES = frozenset({"neuron", "layer", "seed"})  # numbers that count nothing
_CONTEXTS = {"counterexamples": "Counterexamples, the strongest first", "contexts": "Contexts"}


def draw(figures: Mapping[str, Any]) -> None:
    """Draw single values as one table, and each list of objects as another."""
    singles, tables = parts(figures)
    if singles:
        alt = alternatives.of_table(len(singles), "figures of the check", ("figure", "value"))
        st.dataframe({"figure": list(singles), "value": list(singles.values())}, hide_index=True, alt=alt)
    for name, rows in tables.items():
        st.markdown(f"`{name}`")
        draw_rows(rows, name)


def draw_contexts(figures: Mapping[str, Any]) -> None:
    """Draw the contexts of a neuron, with the counterexamples first."""
    for name, title in _CONTEXTS.items():
        if _is_table(figures.get(name)):
            st.markdown(f"**{title}**")
            draw_rows(figures[name], title)


def draw_rows(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Draw a list of objects as a table with this title. Cells are shown as they are: they may come from a text."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    shown = rows[:_MOST_ROWS]
    numbers = [name for name in columns if all(_is_number(row.get(name)) for row in shown)]
    layout: dict[str, Any] = {}
    if "token" in columns:  # a text around a token, which stays between its two parts
        layout["before"] = st.column_config.TextColumn(alignment="right", width="large")
        layout["after"] = st.column_config.TextColumn(width="large")
    cells = {name: [_cell(name, row.get(name)) for row in shown] for name in columns}
    whole = {name for name in numbers if all(isinstance(value, int | None) for value in cells[name])}
    writers = {name: (_name if name in _NAMES else _count) if name in whole else readable_number for name in numbers}
    st.dataframe(
        readable_table(cells, writers),
        alt=alternatives.of_table(len(shown), f"rows: {title}", columns),
        hide_index=True,
        column_config=layout,
    )
    if len(rows) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(rows):,}; the file has all.")


def parts(figures: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Sequence[Mapping[str, Any]]]]:
    """Single values by their path, as text; and lists of objects by theirs.

    Examples
    --------
    >>> parts({"n": 3, "layer": {"p": 0.25}, "draws": [1, 2.5], "ways": [{"auc": 0.5}]})
    ({'n': '3', 'layer.p': '0.25', 'draws': '2 numbers from 1 to 2.5'}, {'ways': [{'auc': 0.5}]})
    """
    singles, tables = {}, {}
    for path, value in _walk(figures, ""):
        if _is_table(value):
            tables[path] = value
        else:
            singles[path] = _text(value)
    return singles, tables


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _walk(item, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _count(value: float) -> str:
    return f"{int(value):,}"


def _name(value: float) -> str:
    return str(int(value))


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _cell(name: str, value: Any) -> Any:
    if name == "token" and isinstance(value, str):
        return readable(value)
    return value if isinstance(value, (bool, int, float, str, type(None))) else _text(value)


def _text(value: Any) -> str:
    """Any plain value in a line."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return readable_number(value) if isinstance(value, float) else str(value)


def _listed(values: list[Any]) -> str:
    if values and all(isinstance(value, (int, float)) for value in values) and len(values) > 1:
        return f"{len(values):,} numbers from {_text(min(values))} to {_text(max(values))}"
    shown = ", ".join(map(_text, values[:20]))
    return f"{shown} and {len(values) - 20:,} more" if len(values) > 20 else shown
