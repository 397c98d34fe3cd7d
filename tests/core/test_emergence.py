"""A contrast over checkpoints: a planted effect grows with the step, numbers are those of each model, and a null."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from core.emergence import _of_side, measure_checkpoints
from core.experiment import run_contrast, run_steps
from core.models import load_model
from core.models.checkpoints import Checkpoint, checkpoints_of
from core.records import CUSTOM, HOOK_SIDES, ContrastSpec
from core.records.emergence import CheckpointSummary, Emergence
from core.report import emergence as said
from core.report.columns import definition_of
from core.report.figures import emergence as figures
from core.report.layer_numbers import numbers_of
from core.report.layer_table import layer_table
from core.whole_model import measure_layers
from tests.support.hub_stand_in import HubStandIn
from tests.support.hub_world import NAME, empty_cache, repository
from tests.support.made_layers import made_layers
from tests.support.tiny_models import Reference, copy_folder
from tests.support.training_run import LAYER, NEURON, save_run

__all__ = ["empty_cache", "repository"]  # fixtures

WORDS = Path(__file__).parents[1] / "support" / "word_lists"


def words_of(name: str) -> tuple[str, ...]:
    return tuple((WORDS / f"{name}.txt").read_text(encoding="utf-8").split())


STEPS = {0: 0.0, 10: 0.3, 100: 0.6, 1000: 1.0}
TARGET = words_of("nouns")[:24]
BASELINE = tuple(word for word in words_of("verbs") if word not in words_of("nouns"))[:24]
SPEC = ContrastSpec(
    target=CUSTOM, baseline=CUSTOM, target_words=TARGET, baseline_words=BASELINE, n_target=24, n_baseline=24,
    test="welch", correction="holm", family="model",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_run(tmp_path_factory.mktemp("run"), TARGET, BASELINE, STEPS)


@pytest.fixture(scope="module")
def curve(run: Path) -> Emergence:
    return measure_checkpoints(SPEC, checkpoints_of(str(run / "step10")))


def test_a_planted_effect_grows_with_the_step(curve: Emergence) -> None:
    assert curve.steps == tuple(STEPS) and curve.unit == "step" and not curve.failed
    grown = curve.auc_of("pre-activation", LAYER, NEURON)
    assert (np.diff(grown) > 0).all() and grown[0] < 0.7 and grown[-1] > 0.9
    strongest = curve.best_auc("pre-activation", LAYER)[:, 0]
    assert strongest[-1] == pytest.approx(grown[-1]) and (np.diff(strongest) >= 0).all()
    last = curve.summaries[-1].at("pre-activation")
    assert last.auc_neurons[LAYER, 0] == NEURON and last.is_significant[LAYER, NEURON]
    strong = curve.strong("pre-activation", LAYER)[:, 0]
    assert strong[0] == 0 and strong[-1] == 1 and curve.strong("pre-activation")[0].tolist() == [0, 0]


def test_an_auc_is_a_count_of_pairs(curve: Emergence, run: Path) -> None:
    reference = Reference(run / "step1000")
    own, other = (
        np.array([reference.word(word, "pre-activation")[LAYER, :, NEURON].mean() for word in words])
        for words in (TARGET, BASELINE)
    )
    pairs = np.mean([[(one > two) + (one == two) / 2 for two in other] for one in own])
    assert curve.auc_of("pre-activation", LAYER, NEURON)[-1] == pytest.approx(pairs, abs=1e-3)


@pytest.mark.parametrize("side", HOOK_SIDES)
def test_a_checkpoint_has_the_numbers_of_its_own_contrast(curve: Emergence, run: Path, side: str) -> None:
    lm = load_model(name := str(run / "step100"))
    summary = curve.summaries[2]
    assert summary.model.name == name and summary.model.revision == lm.info.revision
    found = summary.at(side)
    for layer in range(lm.n_layers):
        alone = run_contrast(SPEC.changed(model=name, layer=layer, hook_side=side), lm)
        higher = alone.tests.statistic > 0
        assert found.significant[layer].tolist() == [alone.n_higher, alone.n_lower]
        assert found.strong[layer].tolist() == [int((alone.strong & up).sum()) for up in (higher, ~higher)]
        assert found.auc_neurons[layer].tolist() == [int(alone.tests.auc.argmax()), int(alone.tests.auc.argmin())]
        assert found.auc_ends[layer].tolist() == [alone.tests.auc.max(), alone.tests.auc.min()]
        assert found.best_auc[layer].tolist() == [alone.tests.auc.max(), 1 - alone.tests.auc.min()]
        g = alone.effect_sizes.hedges_g
        assert found.g_ends[layer].tolist() == [g.max(), g.min()]
        assert found.g_neurons[layer].tolist() == [int(g.argmax()), int(g.argmin())]
        np.testing.assert_array_equal(found.auc[layer], alone.tests.auc.astype(np.float32))
        np.testing.assert_array_equal(found.is_significant[layer], alone.significant)


def test_an_untrained_model_finds_nothing_beyond_its_shuffled_labels(tmp_path: Path) -> None:
    """Words that differ in nothing a random model can see: halves of one list, taken in turn."""
    halves = words_of("nouns")[:120][::2], words_of("nouns")[:120][1::2]
    spec = SPEC.changed(target_words=halves[0], baseline_words=halves[1])
    save_run(tmp_path, *halves, {0: 0.0, 1: 0.0})
    curve = measure_checkpoints(spec, checkpoints_of(str(tmp_path / "step0")))
    for side in HOOK_SIDES:
        assert not curve.strong(side).any() and curve.significant(side).sum() <= 1
        assert curve.best_auc(side).max() < curve.chance_auc(side).max() + 0.1 < 0.85


def test_a_checkpoint_that_fails_has_its_sentence_and_the_others_go_on(
    run: Path, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    (tmp_path / "step1").mkdir()
    asked = [
        Checkpoint(2, str(run / "step10"), "step10"),
        Checkpoint(0, str(tmp_path / "step1"), "step1"),
        Checkpoint(1, str(tiny_folder("llama")), "llama"),
    ]
    curve = measure_checkpoints(SPEC, asked)
    assert curve.steps == (2,) and [failed.step for failed in curve.failed] == [0, 1]
    assert "holds no config.json" in curve.failed[0].why and "layers of" in curve.failed[1].why


def test_nothing_read_is_no_error() -> None:
    empty = Emergence(SPEC, "step", (), ())
    assert empty.best_auc("activation").shape == (0, 2) and said.headline(empty, "activation") == ""


def test_figures_are_drawn_and_their_first_trace_has_each_checkpoint(curve: Emergence) -> None:
    side = "pre-activation"
    pictures = [
        figures.effect_over_steps(curve, side, LAYER),
        figures.strong_over_steps(curve, side, LAYER),
        figures.neuron_over_steps(curve, LAYER, NEURON),
    ]
    for picture in pictures:
        drawn = go.Figure(picture)
        assert list(drawn.data[0].x) == [0.5, 1.0, 2.0, 3.0]
        assert drawn.layout.xaxis.ticktext[0] == "0" and "0 set apart" in drawn.layout.xaxis.title.text
    assert list(pictures[0]["data"][0]["y"]) == curve.best_auc(side)[:, 0].tolist()
    assert list(pictures[1]["data"][3]["y"]) == curve.strong(side, LAYER)[:, 1].tolist()
    symbols = pictures[2]["data"][0]["marker"]["symbol"]
    assert symbols[-1] == "circle" and symbols[0] == "circle-open", "filled marks are significant"
    image = go.Figure(figures.layers_by_step(curve, side)).data[0]
    assert image.z.shape == (curve.n_layers, len(STEPS))
    assert f"neuron {NEURON}" in image.text[LAYER][-1]


def test_words_and_files_have_the_numbers(curve: Emergence) -> None:
    side = "pre-activation"
    strong, auc = curve.strong(side)[-1, 0], curve.best_auc(side)[-1, 0]
    assert f"At step 1,000, **{strong}** strong for target words (largest AUC {auc:.3f})" in said.headline(curve, side)
    assert f"step 1,000: {strong} and" in said.alt_of_curves(curve, side, LAYER, "effect")
    assert f"layer {LAYER}, AUC" in said.alt_of_layers(curve, side) and "after" in said.alt_of_neuron(curve, 0, 0)
    rows = list(csv.DictReader(io.StringIO(said.emergence_table(curve).csv())))
    assert len(rows) == len(STEPS) * 2 * curve.n_layers and tuple(rows[0]) == said.CHECKPOINT_COLUMNS
    row = next(
        row for row in rows
        if (row["step"], row["hook_side"], row["layer"]) == ("1000", side, str(LAYER))
    )  # fmt: skip
    assert float(row["auc_highest"]) == curve.best_auc(side, LAYER)[-1, 0] and row["auc_highest_neuron"] == str(NEURON)
    document = json.loads(said.emergence_json(curve))
    assert len(document["rows"]) == len(rows) and "model" not in document["settings"]


def test_the_saved_row_of_a_layer_is_that_of_the_table_of_layers(curve: Emergence, run: Path) -> None:
    """Columns of one name have one meaning."""
    lm = load_model(str(run / "step1000"))
    sides = []
    for side in HOOK_SIDES:
        spec = SPEC.changed(model=lm.info.name, hook_side=side)
        read, tests, adjusted, _ = run_steps(spec, lm, range(lm.n_layers))
        sides.append(numbers_of(measure_layers(spec, lm.info, read, tests, adjusted)))
    layers = layer_table(sides, HOOK_SIDES[0], None)
    of_layers = [dict(zip(layers.columns, row, strict=True)) for row in layers.rows]
    table = said.emergence_table(curve)
    last = [dict(zip(table.columns, row, strict=True)) for row in table.rows if row[0] == 1000]
    shared = set(layers.columns) & set(table.columns)
    assert len(shared) == 17
    assert [{name: row[name] for name in shared} for row in last] == [
        {name: row[name] for name in shared} for row in of_layers
    ]
    assert all(definition_of(name) for name in table.columns)


def test_a_rank_that_goes_against_the_mean_is_no_effect_for_its_class() -> None:
    """With Mann-Whitney, z may be above 0 and g below it: what is largest for the target is a signed g."""
    layers = made_layers(SPEC.changed(test="mannwhitney"), n_layers=2)
    g = np.where(layers.tests.statistic > 0, -9.0, -0.5)
    found = _of_side(replace(layers, hedges_g=g), np.array([0.6]))
    assert found.g_ends.tolist() == [[-0.5, -9.0]] * 2


def untested(layer: int) -> Emergence:
    """A curve in which nothing varies in a layer, or in all (−1), with too few words to shuffle."""
    layers = made_layers(SPEC)
    statistic, g = layers.tests.statistic.copy(), layers.hedges_g.copy()
    for values in (statistic, g):
        values[layer if layer >= 0 else slice(None)] = np.nan
    layers = replace(layers, tests=replace(layers.tests, statistic=statistic), hedges_g=g)
    layers = replace(layers, significant=layers.significant & ~np.isnan(statistic))
    side = _of_side(layers, np.full(3, np.nan))
    return Emergence(SPEC, "step", (0, 5), (CheckpointSummary(layers.model, side, side),) * 2)


@pytest.mark.parametrize("layer", [0, 1, 2, -1])
@pytest.mark.parametrize("side", HOOK_SIDES)
def test_what_was_not_tested_is_said_and_is_not_the_largest(layer: int, side: str) -> None:
    curve = untested(layer)
    pictures = [
        figures.effect_over_steps(curve, side, max(0, layer)),
        figures.strong_over_steps(curve, side, max(0, layer)),
        figures.layers_by_step(curve, side),
    ]
    texts = [
        said.headline(curve, side), said.alt_of_layers(curve, side), said.alt_of_curves(curve, side, 0, "effect"),
        *(str(picture["data"]) for picture in pictures),
    ]  # fmt: skip
    assert not [text for text in texts if "not a number" in text]
    assert "shuffled" not in texts[0] and ("no neuron varies" in texts[0]) == (layer == -1)
    by_layer = curve.summaries[0].at(side).best_auc.max(axis=1)
    strongest = "no neuron varies" if layer == -1 else f"layer {np.nanargmax(by_layer)}, AUC"
    assert f"step 0: {strongest}" in texts[1] and (layer == -1 or f"layer {layer}, AUC" not in texts[1])
    assert np.isnan(by_layer[layer])
    cells = [row for row in said.emergence_table(curve).rows if row[4] == max(0, layer)]
    assert all(row[7] == 0 and row[13] is None for row in cells)


@pytest.mark.usefixtures("empty_cache")
def test_revisions_come_from_the_hub_and_one_that_it_has_not_fails_alone(repository: Path, tmp_path: Path) -> None:
    other = copy_folder(repository, tmp_path / "other")
    with HubStandIn({NAME: repository}) as hub:
        hub.revisions[NAME, "step8"] = ("8" * 40, repository)
        hub.revisions[NAME, "step64"] = ("6" * 40, other)
        asked = [Checkpoint(step, f"{NAME}@step{step}", f"step{step}") for step in (8, 16, 64)]
        curve = measure_checkpoints(SPEC, asked)
    assert curve.steps == (8, 64) and [failed.step for failed in curve.failed] == [16]
    assert [found.model.revision for found in curve.summaries] == ["8" * 40, "6" * 40]
    assert "no such revision" in curve.failed[0].why
    known = checkpoints_of(f"{NAME}@step8")  # now the cache has them
    assert [each.step for each in known.found] == [8, 64] and known.own == 8
    np.testing.assert_array_equal(curve.best_auc("activation")[0], curve.best_auc("activation")[1])
