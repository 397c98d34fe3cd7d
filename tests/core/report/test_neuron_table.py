"""The table of every neuron of every layer: each column and each order against the arrays, looked up one by one."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest

from core.errors import UserError
from core.experiment import run_contrast, run_steps
from core.models import load_model
from core.records import ContrastSpec
from core.records.layers import GoldLayers
from core.report.neuron_table import NEURON_COLUMNS, NeuronTable, meanings, percent_as_large, sort_of, uses_gold
from core.whole_model import measure_layers

SPEC = ContrastSpec.careful(n_target=40, n_baseline=40)


@pytest.fixture(scope="module")
def found():
    lm = load_model("bundled")
    *steps, _ = run_steps(SPEC, lm, range(lm.n_layers))
    return measure_layers(SPEC, lm.info, *steps)


@pytest.fixture(scope="module")
def table(found):
    auc = np.random.default_rng(3).random(found.significant.shape)
    return NeuronTable(found, GoldLayers(auc, SPEC.hook_side, ("NOUN",), ("VERB",), 50, 50))


def test_rows_are_those_of_each_layer_by_itself(table):
    spec = SPEC.changed(layer=4)
    result = run_contrast(spec, load_model("bundled"))
    rows = table.rows("layer == 4", "neuron")
    cells = list(csv.DictReader(io.StringIO(table.saved(rows).csv())))
    assert [int(row["neuron"]) for row in cells] == list(range(result.n_neurons))
    expected = {
        "statistic": result.tests.statistic,
        "log10_p_adjusted": result.log10_p_adjusted,
        "mean_difference": result.tests.mean_difference,
        "hedges_g": result.effect_sizes.hedges_g,
        "auc_before": result.tests.auc,
        "auc_after": result.other_side.auc,
        "above_zero_target": result.other_side.above_zero_target,
        "above_zero_baseline": result.other_side.above_zero_baseline,
        "gold_auc": table.gold.auc[4],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal([float(row[name] or "nan") for row in cells], values, err_msg=name)
    for name in ("strong", "silent", "reverses"):
        assert [row[name] for row in cells] == [str(each) for each in getattr(result, name)]
    assert {row["shuffled_labels"] for row in cells} == {"False"}


def test_both_sides_are_named_by_where_they_are(found):
    after = SPEC.changed(hook_side="activation")
    lm = load_model("bundled")
    *steps, _ = run_steps(after, lm, range(lm.n_layers))
    other = NeuronTable(measure_layers(after, lm.info, *steps))
    np.testing.assert_array_equal(other.column("auc_before"), NeuronTable(found).column("auc_before"))
    np.testing.assert_array_equal(other.column("auc_after"), NeuronTable(found).column("auc_after"))


def test_a_filter_leaves_what_a_loop_leaves(table):
    found = table.found
    kept = {
        (layer, neuron)
        for layer in range(found.n_layers)
        for neuron in range(found.n_neurons)
        if abs(found.hedges_g[layer, neuron]) > 1
        and not found.reverses[layer, neuron]
        and table.gold.auc[layer, neuron] > 0.5
    }
    rows = table.rows("abs(g) > 1 and not reverses and gold_auc > 0.5")
    assert {(int(row) // found.n_neurons, int(row) % found.n_neurons) for row in rows} == kept and len(kept) > 50
    assert sorted(table.rows("above_zero < 0.05")) == sorted(table.rows("silent"))


def test_without_a_choice_the_largest_auc_comes_first_and_ties_go_by_the_statistic(table):
    auc, statistic = table.found.tests.auc.ravel(), table.found.tests.statistic.ravel()
    order = sorted(
        range(table.n_rows),
        key=lambda row: (-abs(auc[row] - 0.5), -abs(statistic[row]) if statistic[row] == statistic[row] else 1, row),
    )
    assert table.rows().tolist() == order


@pytest.mark.parametrize("name", [name for name in NEURON_COLUMNS if name not in ("shuffled_labels", "p_adjusted")])
def test_every_column_sorts_both_ways_with_missing_values_last(table, name):
    values = table.column(name).astype(float).tolist()
    for sort, sign in ((name, 1), (f"-{name}", -1)):
        keys = [(True, 0.0) if math.isnan(value) else (False, sign * value) for value in values]
        assert table.rows(sort=sort).tolist() == sorted(
            range(table.n_rows), key=lambda row, keys=keys: (keys[row], row)
        )


def test_p_values_that_no_float_holds_are_sorted_and_written_from_their_logarithm(found):
    from dataclasses import replace

    tiny = found.log10_p_adjusted.copy()
    tiny[2, 7], tiny[3, 8] = -400.5, -500.5
    p = found.p_adjusted.copy()
    p[2, 7] = p[3, 8] = 0.0
    table = NeuronTable(replace(found, log10_p_adjusted=tiny, p_adjusted=p))
    rows = table.rows(sort="p_adjusted")[:2]
    assert [(row // found.n_neurons, row % found.n_neurons) for row in rows.tolist()] == [(3, 8), (2, 7)]
    assert [row[3] for row in table.saved(rows).rows] == ["3.2e-501", "3.2e-401"]


def test_top_is_a_rank_among_those_that_were_tested():
    statistic = np.random.default_rng(1).normal(size=(4, 250))
    statistic[2, :50] = np.nan
    statistic[0, 0] = statistic[0, 1]  # a tie
    top = percent_as_large(statistic)
    tested = statistic[~np.isnan(statistic)]
    for row, value in zip(top.ravel(), statistic.ravel(), strict=True):
        assert np.isnan(row) if np.isnan(value) else row == pytest.approx(100 * np.mean(tested >= value))
    assert (top <= 1).sum() == 9 and (top <= 100).sum() == 950


def test_without_tags_there_is_no_gold_auc_and_a_filter_that_asks_is_told_why(found):
    why = "No part of speech of a tagged text stands for a list of one's own."
    table = NeuronTable(found, no_gold=why)
    assert "gold_auc" not in table.columns and "gold_auc" not in table.saved(table.rows()[:3]).columns
    with pytest.raises(UserError, match=f"gold_auc, which cannot be computed here. {why}"):
        table.rows("gold_auc > 0.8 or g > 1")
    with pytest.raises(UserError, match="The order is “-gold_auc”"):
        table.rows(sort="-gold_auc")
    waiting = NeuronTable(found)
    assert waiting.rows("gold_auc > 0").size == 0 and np.isnan(waiting.column("gold_auc")).all()


def test_saved_tables_hold_every_row_and_are_the_same_in_both_formats(table):
    rows = table.rows("layer <= 1")
    saved = table.saved(rows)
    objects, lines = json.loads(saved.json()), list(csv.DictReader(io.StringIO(saved.csv())))
    assert len(saved.rows) == len(objects) == len(lines) == len(rows) == 1024
    assert list(objects[0]) == list(lines[0]) == list(NEURON_COLUMNS)
    for one, other in zip(objects, lines, strict=True):
        assert {name: "" if value is None else str(value) for name, value in one.items()} == other
    assert [list(row) for row in saved.rows[2:4]] == [list(saved.rows[2]), list(saved.rows[3])]


def test_the_letter_of_the_test_is_a_name():
    assert sort_of("-z", "mannwhitney") == ("statistic", -1)
    with pytest.raises(UserError, match="Did you mean z"):
        sort_of("-t", "mannwhitney", ("statistic", "z"))
    assert ("t", "statistic") in meanings("paired") and ("z", "statistic") in meanings("mannwhitney")


@pytest.mark.parametrize("sort", ["gold_auc", "-gold_auc", "-GOLD_AUC", " -gold_auc", "- Gold_AUC"])
def test_an_order_by_gold_auc_is_known_however_it_is_written(sort):
    try:
        needed = sort_of(sort, "welch")[0] == "gold_auc"
    except UserError:
        needed = False
    assert uses_gold("", sort, "welch") is needed is (sort != "- Gold_AUC")
    assert uses_gold("g >", sort, "welch") is needed, "a mistake in the filter does not empty the order's column"
