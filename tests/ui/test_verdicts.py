"""Verdicts, values and figures, as the Evidence page writes them."""

from __future__ import annotations

import pytest

from core.records import Finding
from ui import verdicts
from ui.panels import evidence_numbers


def test_texts_in_labels_are_escaped():
    strip = verdicts.strip([("x", "<b>", "holds")])
    assert "<b><b>" not in strip and "&lt;b&gt;" in strip
    table = verdicts.table([("<i>", "<u>")], [(("<s>", "<em>"), [verdicts.label("holds", "<a>")])])
    assert all(f"&lt;{tag}&gt;" in table for tag in ("i", "u", "s", "em", "a"))


@pytest.mark.parametrize(
    ("value", "interval", "shown"),
    [
        (0.97, (0.9, 0.99999), "0.970 [0.900, 0.99999]"),
        (-0.25, None, "\N{MINUS SIGN}0.250"),
        (0.0, None, "0"),
        (1e-9, None, "1.00e\N{MINUS SIGN}9"),
        (1 / 2001, None, "0.000500"),
        (13.0, (9.75, 1234.5), "13.0 [9.75, 1,230]"),
        (0.5, (float("nan"), 0.6), "0.500 [not known, 0.600]"),
        (None, None, ""),
    ],
)
def test_a_value_is_written_with_its_interval(value, interval, shown):
    assert verdicts.number_of(Finding("holds", "", "", value, interval)) == shown


def test_figures_of_any_shape_have_a_row_each():
    figures = {"none": None, "ok": True, "deep": {"er": {"p": 0.5}}, "names": ["a", "b"], "none_at_all": [], "n": 1_000}
    singles, tables = evidence_numbers.parts(figures)
    assert singles == {
        "none": "none", "ok": "yes", "deep.er.p": "0.500", "names": "a, b", "none_at_all": "", "n": "1,000",
    }  # fmt: skip
    assert tables == {}
