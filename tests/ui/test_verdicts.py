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
    ("value", "interval", "what", "shown"),
    [
        (0.97, (0.9, 0.99999), "held-out AUC", "0.970 [0.900, 0.99999]"),
        (0.0123, None, "lowest AUC", "0.012"),
        (0.0123, None, "difference of loss (nats)", "0.0123"),
        (-0.25, None, "selectivity", "\N{MINUS SIGN}0.250"),
        (0.0, None, "selectivity", "0"),
        (1e-9, None, "p (max-T, model)", "1.0e\N{MINUS SIGN}9"),
        (1 / 2001, None, "p (max-T, model)", "0.00050"),
        (13.0, (9.75, 1234.5), "Hedges' g", "13.0 [9.75, 1,230]"),
        (0.5, (float("nan"), 0.6), "AUC", "0.500 [not known, 0.600]"),
        (None, None, "AUC", ""),
    ],
)
def test_a_value_is_written_with_its_interval(value, interval, what, shown):
    assert verdicts.number_of(Finding("holds", "", "", value, interval), what) == shown


def test_figures_of_any_shape_have_a_row_each():
    figures = {"none": None, "ok": True, "deep": {"er": {"p": 0.5}}, "names": ["a", "b"], "none_at_all": [], "n": 1_000}
    singles, tables = evidence_numbers.parts(figures)
    assert singles == {
        "none": "none", "ok": "yes", "deep.er.p": "0.500", "names": "a, b", "none_at_all": "", "n": "1,000",
    }  # fmt: skip
    assert tables == {}
