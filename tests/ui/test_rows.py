"""The row that was clicked, and what no browser of ours sends."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.made_results import made_result
from ui.panels import table
from ui.rows import choose_row, clicked_row


@pytest.mark.parametrize(
    ("cells", "rows", "row"),
    [
        ([(2, "AUC")], [0], 2),
        ([], [1], 1),
        ([], [], None),
        ([(3, "AUC")], [], None),
        ([(-1, "AUC")], [], None),
        ([], [3], None),
        ([("1", "AUC")], [1], None),
        ([], ["1"], None),
        ([], [1.0], None),
        ([], [True], None),
        ([], [[1]], None),
        ([5], [1], 1),
        ([[]], [], None),
        ("12", {"1": 1}, None),
        (None, None, None),
    ],
)
def test_a_row_of_the_table_or_none(cells, rows, row):
    assert clicked_row(SimpleNamespace(cells=cells, rows=rows), 3) == row


@pytest.mark.parametrize("sent", [{"rows": ["1"]}, {"rows": [], "cells": [["1", "AUC"]]}, {"rows": [1e300]}])
def test_the_table_of_all_neurons_chooses_nothing_for_a_forged_row(monkeypatch, sent):
    called = []
    selection = SimpleNamespace(**{"cells": [], **sent})
    monkeypatch.setattr(table.st, "session_state", {table._KEY: SimpleNamespace(selection=selection)})
    monkeypatch.setattr(table.chosen, "choose", lambda *given: called.append(given))
    monkeypatch.setattr(table.chosen, "is_stale", lambda *given: False)
    choose_row(table._KEY, np.arange(made_result().n_neurons), ())
    assert not called
