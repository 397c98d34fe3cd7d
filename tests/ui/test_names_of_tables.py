"""Each table and chart says in words what it is: who hears a page has only that."""

from __future__ import annotations

import ast

import pytest

from tests.support.browser import ROOT
from tests.support.sources import sources

DRAWN = {"dataframe", "plotly_chart"}
PLACES = ("app.py", "pages", "ui")


def nameless(source: str) -> list[int]:
    """The lines of calls that draw a table or a chart, and give it no text."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if _draws(call) and "alt" not in {each.arg for each in call.keywords}]


def _draws(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in DRAWN


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("st.dataframe(rows, alt=words)", []),
        ("left.dataframe(rows)\n\nst.plotly_chart(\n    made, key='alt')", [1, 3]),
        ("with st.container():\n    st.dataframe(rows, hide_index=True)", [2]),
    ],
)
def test_calls_without_a_text_are_found(source: str, lines: list[int]) -> None:
    assert nameless(source) == lines


def test_each_table_and_chart_has_a_text() -> None:
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources(*PLACES)}
    assert any(".dataframe(" in text for text in files.values())
    assert not {name: lines for name, text in files.items() if (lines := nameless(text))}
