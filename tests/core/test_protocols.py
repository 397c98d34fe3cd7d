"""The same data by several protocols: each row is the contrast of its preset's protocol; overlaps are those of sets."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plotly import graph_objects as go

from core.experiment import choose_words, read_words, run_contrast
from core.models import LoadedModel, load_model
from core.protocols import run_protocols, with_protocol_of
from core.records import ALL_PRESETS, ContrastSpec
from core.records.agreement import SetAgreement
from core.records.effects import is_strong
from core.records.protocols import Protocols
from core.report.figures.protocols import overlap_matrix
from core.report.protocols import (
    caption_of,
    columns_of,
    held_equal,
    of_overlaps,
    overlaps_table,
    protocols_table,
    shared,
)
from core.report.sentences import about_control
from tests.support.tiny_models import save_tiny


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("protocols"), dead_neurons={1: [3]})))


def run(lm: LoadedModel, **changes: Any) -> tuple[ContrastSpec, Protocols]:
    spec = ContrastSpec.careful(**{"layer": 1, "n_target": 60, "n_baseline": 60, **changes})
    read = read_words(lm, choose_words(spec), spec, range(lm.n_layers))
    return spec, run_protocols(spec, lm.info, read)


def test_each_protocol_has_the_numbers_of_its_own_contrast(lm: LoadedModel) -> None:
    """Against ``run_contrast`` of a spec that is written out by hand, layer by layer."""
    by_hand = {
        "notebook": {"unit": "word", "test": "paired", "correction": "bonferroni", "family": "layer"},
        "careful": {"unit": "lemma", "test": "welch", "correction": "holm", "family": "model"},
        "localiser": {
            "hook_side": "activation",
            "unit": "word",
            "test": "welch_absolute",
            "correction": "fdr_bh",
            "family": "model",
        },
    }
    spec, found = run(lm)
    assert [one.preset.name for one in found.found[:3]] == list(by_hand) and not found.not_run
    for one in found.found[:3]:
        for layer in range(lm.n_layers):
            alone = run_contrast(spec.changed(layer=layer, **by_hand[one.preset.name]), lm)
            np.testing.assert_array_equal(one.statistic[layer], alone.tests.statistic)
            np.testing.assert_array_equal(one.auc[layer], alone.tests.auc)
            selected = alone.significant if alone.top is None else alone.top
            np.testing.assert_array_equal(one.selected[layer], selected)
            np.testing.assert_array_equal(one.strong[layer], selected & is_strong(alone.tests.auc))
            assert tuple(ends[layer] for ends in one.extremes) == (alone.largest, alone.smallest)
        assert (one.n_target, one.n_baseline) == (len(alone.target_units), len(alone.baseline_units))
        assert (one.spec.n_target, one.spec.leading_space, one.spec.pooling) == (60, True, "mean")


def test_overlaps_are_those_of_python_sets(lm: LoadedModel) -> None:
    _, found = run(lm)
    for at in (None, 0, 1):
        masks = [one.selected if at is None else one.selected[[at]] for one in found.found]
        sets = [set(zip(*np.nonzero(mask), strict=True)) for mask in masks]
        for first, one in enumerate(sets):
            for second, other in enumerate(sets):
                overlap = found.overlap(first, second, at)
                neither = masks[0].size - len(one | other)
                assert overlap == SetAgreement(len(one & other), len(one - other), len(other - one), neither)
                assert overlap.jaccard == (len(one & other) / len(one | other) if one | other else None)
        if at is None:
            one, other = sets[:2]
            names = " and ".join(each.preset.label for each in found.found[:2])
            assert shared(found)[0] == f"{names} {len(one & other):,} in both, of {len(one):,} and {len(other):,}"


def test_a_protocol_that_does_not_fit_is_named_with_the_reason(lm: LoadedModel) -> None:
    _, unequal = run(lm, n_baseline=50)
    assert [label for label, _ in unequal.not_run] == ["Notebook"]
    assert len(unequal.found) == len(ALL_PRESETS) - 1
    assert "both counts must be equal" in unequal.not_run[0][1]
    _, short = run(lm, baseline="adpositions", n_target=400, n_baseline=400)  # the list has fewer
    assert "were read" in short.not_run[0][1]
    words = {"target": "custom", "target_words": ("walk\twalk", "walks\twalk"), "n_target": 2, "n_baseline": 2}
    _, few = run(lm, **words, unit="word")  # one lemma
    assert "at least two lemmas" in dict(few.not_run)["Careful"]


def test_the_table_and_the_matrix_say_the_counts_with_effect_sizes(lm: LoadedModel) -> None:
    spec, found = run(lm)
    columns = columns_of(found, 1)
    assert columns["protocol"] == [one.label for one in ALL_PRESETS.values()]
    one = found.found[2]
    assert columns["in layer 1"][2] == f"{one.selected[1].sum()}, {one.strong[1].sum()} strong"
    assert columns["selects"][2] == "top 1% of the model by t"
    assert columns["compares"][2] == "words, after the nonlinearity: Welch's t of absolute values"
    assert all("AUC" in text for text in columns["largest in layer 1"])
    assert "the words (60 nouns and 60 verbs)" in held_equal(run_contrast(spec, lm))
    picture = overlap_matrix(found, None)
    go.Figure(picture)
    overlap = found.overlap(0, 1)
    assert f"{overlap.both:,} of " in picture["data"][0]["text"][1][0] or overlap.jaccard is None
    assert picture["data"][0]["text"][0][1] == "" and picture["data"][0]["z"][0][1] is None
    assert f"{overlap.both:,} in both" in of_overlaps(found, None, "the model")


def test_none_in_either_is_said_so(lm: LoadedModel) -> None:
    _, found = run(lm, shuffle_labels=True, n_target=20, n_baseline=20)
    empty = Protocols(found.model, found.layers, tuple(found.found[:1] * 2))
    empty.found[0].selected[:] = False
    assert empty.overlap(0, 1).either == 0 and empty.overlap(0, 1).jaccard is None
    assert overlap_matrix(empty, None)["data"][0]["text"][1][0].replace("<br>", " ") == "<b>no neuron in either</b>"
    assert "Jaccard: no neuron in either" in of_overlaps(empty, 0, "layer 0")
    assert {row[-1] for row in rows_of(overlaps_table(empty).csv())} == {""}


def test_sets_that_are_nearly_equal_do_not_read_as_equal(lm: LoadedModel) -> None:
    """9,999 of 10,000 are not all."""
    _, found = run(lm)
    masks = np.ones((2, 10_000), dtype=bool)
    masks[1, 7] = False
    two = [replace(found.found[k], selected=masks[[k]]) for k in range(2)]
    nearly = Protocols(found.model, (0,), tuple(two))
    assert overlap_matrix(nearly, 0)["data"][0]["text"][1][0] == "<b>0.9999</b><br>9,999 of 10,000"
    assert "9,999 in both, 1 only in Notebook, 0 only in Careful, 0 in neither. Jaccard: 0.9999" in of_overlaps(
        nearly, 0, "layer 0"
    )


def rows_of(table: str) -> list[list[str]]:
    """The rows of a CSV without its header."""
    return list(csv.reader(table.splitlines()))[1:]


def test_the_tables_have_the_numbers_of_each_protocol_and_pair(lm: LoadedModel) -> None:
    _, found = run(lm)
    table = list(csv.DictReader(protocols_table(found).csv().splitlines()))
    assert len(table) == len(found.found) * lm.n_layers
    for row in table:
        one, at = next(each for each in found.found if each.preset.name == row["protocol"]), int(row["layer"])
        assert row["test"] == one.preset.settings["test"] and row["hook_side"] == one.preset.settings["hook_side"]
        assert (int(row["selected"]), int(row["selected_strong"])) == (one.selected[at].sum(), one.strong[at].sum())
        assert int(row["neurons_tested"]) == np.isfinite(one.statistic[at]).sum()
        assert float(row["statistic_largest"]) == np.nanmax(one.statistic[at])
        assert float(row["statistic_smallest"]) == np.nanmin(one.statistic[at])
        assert float(row["auc_of_smallest"]) == one.auc[at, int(row["smallest_neuron"])]
        assert (row["target_units"], row["top_share"]) == (str(one.n_target), str(one.preset.top_share or ""))
    assert {row["neurons_tested"] for row in table if row["layer"] == "1"} == {str(lm.d_mlp - 1)}, "one is dead"
    pairs = rows_of(overlaps_table(found).csv())
    assert len(pairs) == 3 * (lm.n_layers + 1)
    for first, second, place, both, only_first, only_other, neither, jaccard in pairs:
        names = [one.preset.name for one in found.found]
        ours = [found.found[names.index(name)].selected for name in (first, second)]
        a, b = (each if place == "model" else each[int(place)] for each in ours)
        assert [int(n) for n in (both, only_first, only_other)] == [(a & b).sum(), (a > b).sum(), (b > a).sum()]
        assert int(neither) == (~(a | b)).sum()
        assert jaccard == (str((a & b).sum() / (a | b).sum()) if (a | b).any() else "")


def test_a_saved_figure_says_each_protocol_and_the_control(lm: LoadedModel) -> None:
    spec, found = run(lm, shuffle_labels=True)
    text = " ".join(caption_of(run_contrast(spec, lm), found, "a model"))
    assert text.startswith("a model, each word read ") and about_control(spec) in text
    assert "Localiser: words, after the nonlinearity: Welch's t of absolute values, top 1% of the model by t." in text


def test_only_the_protocol_changes() -> None:
    spec = ContrastSpec.careful(target="adjectives", n_target=70, n_baseline=70, seed=4)
    for preset in ALL_PRESETS.values():
        assert with_protocol_of(spec, preset).changed(**{name: getattr(spec, name) for name in changed()}) == spec


def changed() -> tuple[str, ...]:
    return "hook_side", "unit", "test", "correction", "family", "alpha"
