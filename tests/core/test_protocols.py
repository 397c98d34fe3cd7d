"""The same data by several protocols: each row is the contrast of its preset's protocol; overlaps are those of sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plotly import graph_objects as go

from core.experiment import choose_words, read_words, run_contrast
from core.models import LoadedModel, load_model
from core.protocols import run_protocols, with_protocol_of
from core.records import ALL_PRESETS, ContrastSpec
from core.records.effects import is_strong
from core.records.protocols import Overlap, Protocols
from core.report.figures.protocols import overlap_matrix
from core.report.protocols import columns_of, held_equal, of_overlaps
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
            assert one.extremes(layer) == (alone.largest, alone.smallest)
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
                assert overlap == Overlap(len(one & other), len(one - other), len(other - one))
                assert overlap.jaccard == (len(one & other) / len(one | other) if one | other else None)


def test_a_protocol_that_does_not_fit_is_named_with_the_reason(lm: LoadedModel) -> None:
    _, unequal = run(lm, n_baseline=50)
    assert [label for label, _ in unequal.not_run] == ["Notebook"]
    assert len(unequal.found) == len(ALL_PRESETS) - 1
    assert "both counts must be equal" in unequal.not_run[0][1]
    _, short = run(lm, baseline="adpositions", n_target=400, n_baseline=400)  # the list has fewer
    assert short.n_target != short.n_baseline and "were read" in short.not_run[0][1]
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
    empty = Protocols(found.model, found.layers, 20, 20, tuple(found.found[:1] * 2))
    empty.found[0].selected[:] = False
    assert empty.overlap(0, 1) == Overlap(0, 0, 0) and empty.overlap(0, 1).jaccard is None
    assert overlap_matrix(empty, None)["data"][0]["text"][1][0] == "<b>none in either</b>"
    assert "Jaccard none in either" in of_overlaps(empty, 0, "layer 0")


def test_only_the_protocol_changes() -> None:
    spec = ContrastSpec.careful(target="adjectives", n_target=70, n_baseline=70, seed=4)
    for preset in ALL_PRESETS.values():
        assert with_protocol_of(spec, preset).changed(**{name: getattr(spec, name) for name in changed()}) == spec


def changed() -> tuple[str, ...]:
    return "hook_side", "unit", "test", "correction", "family", "alpha"
