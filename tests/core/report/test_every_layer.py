"""Every layer at once: numbers, figures, table and sentences against a plain loop over the result of each layer."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from core.errors import UserError
from core.experiment import run_contrast, run_steps
from core.models import LoadedModel, load_model
from core.records import HOOK_SIDES, ContrastResult, ContrastSpec
from core.records.layers import GoldLayers
from core.report import layer_alternatives, layer_sentences
from core.report.columns import definition_of
from core.report.figures import every_layer as figures
from core.report.figures.layer_axes import count_ticks
from core.report.layer_numbers import SHARES, LayerNumbers, numbers_of
from core.report.layer_table import LAYER_COLUMNS, layer_table
from core.whole_model import measure_layers
from tests.support.made_layers import made_layers
from tests.support.tiny_models import N_LAYERS, save_tiny

NAMES = ("nouns", "<b>verbs</b> %{x}")
LAST = N_LAYERS - 1


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny GPT-Neo in whose last layer no neuron varies, and in layer 1 one does not."""
    folder = save_tiny("gpt_neo", tmp_path_factory.mktemp("every"), dead_neurons={1: [3], LAST: list(range(128))})
    return load_model(str(folder))


@pytest.fixture(scope="module")
def spec() -> ContrastSpec:
    return ContrastSpec.careful(layer=1, n_target=60, n_baseline=50, alpha=0.3, correction="none")


@pytest.fixture(scope="module")
def sides(lm: LoadedModel, spec: ContrastSpec) -> tuple[LayerNumbers, LayerNumbers]:
    found = []
    for side in HOOK_SIDES:
        of_side = spec.changed(hook_side=side)
        read, tests, adjusted, _ = run_steps(of_side, lm, range(lm.n_layers))
        found.append(numbers_of(measure_layers(of_side, lm.info, read, tests, adjusted)))
    return found[0], found[1]


@pytest.fixture(scope="module")
def results(lm: LoadedModel, spec: ContrastSpec) -> dict[tuple[str, int], ContrastResult]:
    """The result of each layer that has one, alone."""
    return {
        (side, layer): run_contrast(spec.changed(hook_side=side, layer=layer), lm)
        for side in HOOK_SIDES
        for layer in range(LAST)
    }


def gold(lm: LoadedModel) -> GoldLayers:
    auc = np.random.default_rng(2).uniform(size=(lm.n_layers, lm.d_mlp))
    return GoldLayers(auc, HOOK_SIDES[0], ("NOUN",), ("VERB",), 30, 20)


def test_the_numbers_are_those_of_each_layer_alone(sides: Any, results: Any, lm: LoadedModel) -> None:
    for numbers in sides:
        for layer in range(LAST):
            alone = results[numbers.side, layer]
            tested = [n for n in range(lm.d_mlp) if not np.isnan(alone.tests.statistic[n])]
            assert numbers.tested[layer] == len(tested) == lm.d_mlp - (layer == 1)
            for direction, sign in ((numbers.higher, 1), (numbers.lower, -1)):
                there = [n for n in tested if sign * alone.tests.statistic[n] > 0 and alone.significant[n]]
                strong = [n for n in there if not 0.1 < alone.tests.auc[n] < 0.9]
                assert (direction.significant[layer], direction.strong[layer]) == (len(there), len(strong))
                for values, value, neuron in (
                    (alone.tests.auc, direction.auc, direction.auc_neuron),
                    (alone.effect_sizes.hedges_g, direction.g, direction.g_neuron),
                ):
                    best = max(tested, key=lambda n, values=values, sign=sign: sign * values[n])
                    assert (value[layer], neuron[layer]) == (values[best], best)
                extreme = alone.largest if sign > 0 else alone.smallest
                assert direction.extreme[layer] == extreme
                assert direction.extreme_auc[layer] == alone.tests.auc[extreme]
            expected = np.nanpercentile(alone.tests.statistic, [100 * share for share in SHARES])
            np.testing.assert_allclose(numbers.quantiles[:, layer], expected)
    assert sum(int(numbers.higher.significant.sum()) for numbers in sides) > 0


def test_the_share_of_strong_neurons_and_the_largest_g_by_a_plain_loop() -> None:
    found = made_layers(n_layers=4, n_neurons=50)
    numbers = numbers_of(found)
    for layer in range(4):
        tested = [i for i in range(50) if not np.isnan(found.tests.statistic[layer, i])]
        assert numbers.strong_share[layer] == sum(bool(found.strong[layer, i]) for i in tested) / 50
        assert numbers.largest_g[layer] == max(abs(found.hedges_g[layer, i]) for i in tested)
    assert numbers.strong_share.any()


def test_a_layer_in_which_nothing_varies_has_no_numbers(sides: Any) -> None:
    for numbers in sides:
        assert numbers.untested == (LAST,) and np.isnan(numbers.quantiles[:, LAST]).all()
        for direction in (numbers.higher, numbers.lower):
            assert np.isnan([direction.auc[LAST], direction.g[LAST], direction.extreme_auc[LAST]]).all()
            assert direction.extreme[LAST] == direction.auc_neuron[LAST] == -1
        said = layer_sentences.layers_without_tests(numbers)
        assert said.startswith(f"In layer {LAST}, no neuron varies over these words ")


def drawn(sides: Any, lm: LoadedModel, axis: str = "layer") -> dict[str, dict[str, Any]]:
    return {
        "counts": figures.layer_counts(sides, HOOK_SIDES[0], NAMES, axis),
        "strength": figures.layer_strength(sides, HOOK_SIDES[0], NAMES, axis),
        "spread": figures.layer_spread(sides, HOOK_SIDES[0], NAMES, axis, "t"),
        "gold": figures.layer_gold(sides[0], gold(lm), NAMES, axis),
    }


@pytest.mark.parametrize("axis", ["layer", "depth"])
def test_plotly_takes_them_and_a_name_is_text(sides: Any, lm: LoadedModel, axis: str) -> None:
    for key, picture in drawn(sides, lm, axis).items():
        go.Figure(picture)
        assert "<b>verbs" not in str(picture) and "%{x}" not in str(picture), key
        for trace in picture["data"]:
            places = trace["x"][np.isfinite(trace["x"])]
            assert set(places.tolist()) <= set(range(N_LAYERS)), "a click is that of a layer, whatever the axis"


def test_bars_are_counts_on_one_scale(sides: Any, lm: LoadedModel) -> None:
    picture = drawn(sides, lm)["counts"]
    for row, numbers in enumerate(sides):
        up, up_strong, down, down_strong, columns = picture["data"][5 * row : 5 * row + 5]
        assert up["y"].tolist() == numbers.higher.significant.tolist()
        assert up_strong["y"].tolist() == numbers.higher.strong.tolist()
        assert (-down["y"]).tolist() == numbers.lower.significant.tolist()
        assert (-down_strong["y"]).tolist() == numbers.lower.strong.tolist()
        assert (
            f"{numbers.higher.significant[0]:,}, of these strong: {numbers.higher.strong[0]:,}"
            in columns["hovertext"][0]
        )
        assert columns["hovertext"][LAST].endswith("no neuron varies")
    ranges = [picture["layout"][name]["range"] for name in ("yaxis", "yaxis2")]
    assert ranges[0] == ranges[1] and ranges[0][1] > max(int(numbers.higher.significant.max()) for numbers in sides)
    titles = [note["text"] for note in picture["layout"]["annotations"]]
    assert [("tested" in title) for title in titles] == [True, False]


def test_the_boxes_are_the_quantiles(sides: Any, lm: LoadedModel) -> None:
    boxes = [trace for trace in drawn(sides, lm)["spread"]["data"] if trace["type"] == "box"]
    for numbers, box in zip(sides, boxes, strict=True):
        assert box["x"].tolist() == list(range(LAST)), "none of a layer without numbers"
        for share, name in zip(SHARES[1:-1], ("lowerfence", "q1", "median", "q3", "upperfence"), strict=True):
            np.testing.assert_allclose(box[name], numbers.quantiles[SHARES.index(share), :LAST], rtol=1e-6)


def test_tagged_text_is_that_of_the_extremes(sides: Any, lm: LoadedModel) -> None:
    found, numbers = gold(lm), sides[0]
    points = [trace for trace in drawn(sides, lm)["gold"]["data"] if trace.get("mode") == "markers"]
    for layer in range(LAST):
        for trace, extreme in ((points[1], numbers.higher.extreme), (points[3], numbers.lower.extreme)):
            assert trace["y"][layer] == pytest.approx(found.auc[layer, extreme[layer]])
        for trace, direction in ((points[0], numbers.higher), (points[2], numbers.lower)):
            assert trace["y"][layer] == pytest.approx(direction.extreme_auc[layer])
    said = layer_alternatives.of_layer_gold(numbers, found, NAMES)
    assert f"layer {LAST}: no neuron varies" in said


def test_relative_depth_has_its_ends_at_the_same_places_in_all_models(sides: Any, lm: LoadedModel) -> None:
    axis = drawn(sides, lm, "depth")["counts"]["layout"]["xaxis"]
    for place, text in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert place / LAST == pytest.approx(float(text))

    def ends(n_layers: int) -> list[float]:
        """Where 0 and 1 are, as shares of the width."""
        fake = LayerNumbers(HOOK_SIDES[0], tuple(range(n_layers)), 4, *[np.zeros(n_layers)] * 2, *[None] * 3)  # type: ignore[arg-type]
        low, high = figures.layout_of_layers(fake, "depth", ["one"])["xaxis"]["range"]
        return [(place - low) / (high - low) for place in (0, n_layers - 1)]

    assert ends(6) == pytest.approx(ends(30)) and ends(6) == pytest.approx(ends(80))
    assert ends(1) == [0.5, 0.5]


@pytest.mark.parametrize("most", [1, 3, 7, 40, 340, 12_345])
def test_ticks_of_counts_have_no_sign_and_are_few(most: int) -> None:
    places, texts = count_ticks(most)
    assert places == [-place for place in reversed(places)] and max(places) <= most and 3 <= len(places) <= 7
    assert [int(text.replace(",", "")) for text in texts] == [abs(place) for place in places]


def test_the_table_has_every_number(sides: Any, lm: LoadedModel) -> None:
    table = layer_table(sides, HOOK_SIDES[0], gold(lm), shuffled=True)
    rows = list(csv.DictReader(io.StringIO(table.csv())))
    assert [(row["layer"], row["hook_side"]) for row in rows] == [
        (str(layer), side) for layer in range(N_LAYERS) for side in HOOK_SIDES
    ]
    for at, row in enumerate(rows):
        numbers, layer = sides[at % 2], at // 2
        assert int(row["higher_significant"]) == numbers.higher.significant[layer]
        assert int(row["lower_strong"]) == numbers.lower.strong[layer]
        assert float(row["relative_depth"]) == layer / LAST
        assert row["chosen_side"] == str(at % 2 == 0) and row["shuffled_labels"] == "True"
        if layer == LAST:
            assert (
                row["auc_highest"] == row["largest_neuron"] == row["statistic_50"] == row["text_auc_of_largest"] == ""
            )
            continue
        assert float(row["g_smallest"]) == numbers.lower.g[layer]
        assert int(row["g_smallest_neuron"]) == numbers.lower.g_neuron[layer]
        assert float(row["statistic_smallest"]) <= float(row["statistic_5"]) <= float(row["statistic_largest"])
        in_text = gold(lm).auc[layer, int(row["largest_neuron"])]
        assert row["text_auc_of_largest"] == (str(in_text) if at % 2 == 0 else "")
    assert all(definition_of(name) for name in LAYER_COLUMNS)


def test_alternatives_have_every_count_with_its_strong_ones(sides: Any) -> None:
    said = layer_alternatives.of_layer_counts(sides, NAMES)
    pairs = re.findall(r"layer (\d): (\d+) \((\d+) strong\) and (\d+) \((\d+) strong\)", said)
    expected = [
        tuple(
            str(n)
            for n in (
                layer,
                *(numbers.higher.significant[layer], numbers.higher.strong[layer]),
                *(numbers.lower.significant[layer], numbers.lower.strong[layer]),
            )
        )
        for numbers in sides
        for layer in range(LAST)
    ]
    assert pairs == expected
    assert "AUC" in layer_alternatives.of_layer_strength(sides, NAMES)
    assert layer_alternatives.of_layer_spread(sides, "t").count("no neuron varies") == 2


def test_the_sentence_of_the_whole_model_adds_up(sides: Any) -> None:
    said = layer_sentences.whole_model(sides[0])
    n = sides[0].higher.significant.sum() + sides[0].lower.significant.sum()
    n_strong = sides[0].higher.strong.sum() + sides[0].lower.strong.sum()
    assert said.startswith(f"Before the nonlinearity, **{n:,}** of ")
    assert f"**{n_strong:,}** strongly" in said if n_strong else said.endswith("none strongly.")


@pytest.mark.parametrize(("alpha", "n_layers"), [(0.05, 6), (0.05, 24), (0.001, 48), (0.5, 3)])
def test_the_rate_of_independent_layers_is_that_of_the_binomial(alpha: float, n_layers: int) -> None:
    from scipy.stats import binom

    said = layer_sentences.independent_rate(alpha, n_layers)
    assert float(said) == pytest.approx(binom.sf(0, n_layers, alpha), abs=5e-4)


def test_one_layer_is_the_whole_model() -> None:
    said = layer_sentences.about_layers(ContrastSpec(family="layer"), 1, 512)
    assert said.endswith("there holds for the whole model.")


def test_a_layer_without_tests_is_named_by_its_error(lm: LoadedModel, spec: ContrastSpec) -> None:
    with pytest.raises(UserError, match="No neuron of this layer varies") as caught:
        run_contrast(spec.changed(layer=LAST), lm)
    assert caught.value.about == "untested"


def test_a_model_of_one_layer_is_drawn(sides: Any) -> None:
    one = LayerNumbers(
        sides[0].side, (0,), sides[0].n_neurons, np.zeros(1), *_first(sides[0]), sides[0].quantiles[:, :1]
    )
    for axis in ("layer", "depth"):
        assert go.Figure(figures.layer_counts([one, one], HOOK_SIDES[0], NAMES, axis)).data
    assert "the model’s one layer" in layer_sentences.whole_model(one)


def _first(numbers: LayerNumbers) -> tuple[Any, Any, Any]:
    first = [
        type(each)(**{name: getattr(each, name)[:1] for name in each.__dataclass_fields__})
        for each in (numbers.higher, numbers.lower)
    ]
    return numbers.tested[:1], first[0], first[1]
