"""The panel of a clicked token: ranks by counting, the neurons that stand out by NumPy, and what a click does."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import unit_values
from core.models import load_model
from tests.support.pages import SMALL, TEXT, heatmap, link, neurons_drawn, open_page, said, settle
from ui.panels import text_token
from ui.rows import choose_row

TEXT_OF_WORDS = (
    "The old ferry crosses the river twice a day. In the morning it takes the workers over, and in the evening it "
    "brings them back. Nobody knows how long it will run, for a bridge is planned."
)


def click(at, token):
    """Select a token, as a click in the browser does."""
    at.session_state["text_heatmap_last_seen"] = {"text": heatmap(at)["text"], "clicked_at": None, "selected": token}
    return settle(at)


def open_at(token, text=TEXT_OF_WORDS):
    at = open_page(TEXT)
    at.text_area(key="text").set_value(text)
    return click(settle(at), token)


def read(text=TEXT_OF_WORDS):
    return token_activations(load_model("bundled"), text, SMALL.layer, side=SMALL.hook_side, prefix=SMALL.prefix)


def tables(at):
    """The table of the neurons in colour, and that of those that stand out."""
    shown = next(t.value for t in at.dataframe if "above in text" in t.value.columns)
    others = [t.value for t in at.dataframe if "SD away" in t.value.columns]
    return shown, others[0] if others else None


@pytest.mark.parametrize("token", [0, 9, 20])
def test_values_and_ranks_are_counted(token, contrast):
    at, found, result = open_at(token), read(), contrast(SMALL)
    assert any(re.match(rf"\*\*Token {token + 1} of {len(found.pieces)}\*\*", each.value) for each in at.markdown)
    shown, _ = tables(at)
    assert shown["neuron"].tolist() == [result.largest, result.smallest] == neurons_drawn(at)
    in_text, in_words = shown.columns[2:]
    for row in shown.to_dict("records"):
        values, neuron = found.values[:, row["neuron"]], row["neuron"]
        assert row["value"] == pytest.approx(float(values[token]), rel=1e-6)
        assert row[in_text] == pytest.approx(sum(v < values[token] for v in values) / len(values))
        words = [float(v) for each in unit_values(result, neuron, SMALL.hook_side) for v in each]
        assert row[in_words] == pytest.approx(sum(v < values[token] for v in words) / len(words))


@pytest.mark.parametrize("token", [0, 9])
def test_the_ten_neurons_stand_out_by_numpy(token, contrast):
    at, found, result = open_at(token), read(), contrast(SMALL)
    _, table = tables(at)
    others = [i for i in range(len(found.pieces)) if i != token and (SMALL.prefix or i > 0)]
    rest = found.values[others].astype(np.float64)
    away = (found.values[token] - rest.mean(axis=0)) / rest.std(axis=0, ddof=1)
    order = np.argsort(-np.abs(away), kind="stable")[:10]
    assert table["neuron"].tolist() == order.tolist()
    np.testing.assert_allclose(table["value"], found.values[token, order], rtol=1e-6)
    np.testing.assert_allclose(table["elsewhere"], rest.mean(axis=0)[order], rtol=1e-6)
    shown = table["SD away"].tolist()
    np.testing.assert_allclose(shown, away[order], atol=0.051)
    assert table["AUC"].tolist() == pytest.approx(result.tests.auc[order], abs=6e-4)


def test_few_tokens_are_said_to_be_few_and_of_one_there_is_nothing():
    at = open_at(1, "The dog ran.")
    assert any("Compared with" in caption and "the order means little" in caption for caption in said(at.caption))
    at = open_at(0, "dog")
    assert tables(at)[1] is None and any("too few other tokens" in caption for caption in said(at.caption))
    at = open_at(5)
    assert not any("means little" in caption for caption in said(at.caption))


def test_a_cell_that_is_clicked_selects_its_neuron_and_a_forged_one_none(monkeypatch):
    """As the browser sends it: the row and the column's name. Rows beyond the table choose nothing."""
    chosen = []
    monkeypatch.setattr(text_token.chosen, "choose", lambda neuron, drawn_with: chosen.append(neuron))
    state = {}
    monkeypatch.setattr(text_token.st, "session_state", state)
    for cells in ([(2, "value")], [], [(3, "neuron")], [(-1, "neuron")], [("x", "neuron")]):
        state["table"] = SimpleNamespace(selection=SimpleNamespace(cells=cells))
        choose_row("table", [44, 7, 19], ())
    assert chosen == [19]


def test_a_token_that_looks_like_markup_is_shown_as_it_is():
    at = open_at(0, "![x](y) and **bold** <b>words</b> follow here.")
    shown = next(each.value for each in at.markdown if each.value.startswith("**Token 1 of"))
    assert r"\!" in shown and "<b>" not in shown
    assert "token" not in link(at)
