"""The map of all neurons: its points against a plain loop over layers and neurons, and its axes against plotly."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import pytest

from core.records import ContrastSpec
from core.report.alternatives import of_neuron_map
from core.report.figures.neuron_map import LOOKS, VIEWS, neuron_map
from tests.support.made_layers import decoded_points, made_layers


@pytest.mark.parametrize("side", ["pre-activation", "activation"])
@pytest.mark.parametrize("view", VIEWS)
def test_each_point_is_its_neuron(view: str, side: str) -> None:
    found = made_layers(ContrastSpec.careful(hook_side=side))
    header, columns = decoded_points(neuron_map(found, view).points)
    assert header["n"] == 21 and header["neurons"] == 7 and header["layers"] == [0, 1, 2]
    largest = max(abs(t) for t in found.tests.statistic.ravel().tolist() if not math.isnan(t))
    for i in range(header["n"]):
        layer, neuron = i // 7, i % 7
        t = found.tests.statistic[layer, neuron]
        tested, other = found.tests.auc[layer, neuron], found.other_side.auc[layer, neuron]
        before, after = (tested, other) if side == "pre-activation" else (other, tested)
        expected = {
            "statistic": t,
            "g": found.hedges_g[layer, neuron],
            "before": before,
            "after": after,
            "log10_p": found.log10_p_adjusted[layer, neuron],
        }
        if view == "layers":
            expected["height"] = layer + 0.46 * math.asinh(t / 3) / math.asinh(largest / 3)
        assert {name: columns[name][i] for name in expected} == pytest.approx(expected, rel=1e-6, nan_ok=True)
        role, symbol, size, _ = LOOKS[columns["kind"][i]]
        if not found.significant[layer, neuron]:
            assert (role, symbol) == ("neutral", "circle")
        else:
            assert (role, symbol) == (("target", "up") if t > 0 else ("baseline", "down"))
            assert (size > 8) == (max(tested, 1 - tested) >= 0.9)
        assert columns["marks"][i] == found.silent[layer, neuron] + 2 * found.reverses[layer, neuron]
    names = {"layers": ["neuron", "height"], "auc": ["before" if side == "pre-activation" else "after", "statistic"]}
    assert header["axes"] == names[view]
    assert len(set(columns["kind"].tolist())) == len(LOOKS), "each look is there"


@pytest.mark.parametrize("view", VIEWS)
def test_every_tested_point_is_on_the_axes_which_plotly_takes(view: str) -> None:
    found = made_layers(n_layers=40, n_neurons=5)
    drawn = neuron_map(found, view)
    header, columns = decoded_points(drawn.points)
    go.Figure(drawn.frame)
    values = {**columns, "neuron": np.arange(header["n"]) % header["neurons"]}
    for name, axis in zip(header["axes"], ("xaxis", "yaxis"), strict=True):
        low, high = drawn.frame["layout"][axis]["range"]
        shown = values[name][np.isfinite(values[name])]
        assert low < shown.min() and shown.max() < high
    assert len(drawn.frame["layout"]["yaxis"].get("tickvals", [])) <= 16


def test_the_layer_of_the_experiment_changes_nothing() -> None:
    """So a click that goes to another layer keeps the picture, and its zoom."""
    one, other = (made_layers(ContrastSpec.careful(layer=layer)) for layer in (0, 2))
    for view in VIEWS:
        first, second = neuron_map(one, view), neuron_map(other, view)
        assert (first.frame, first.points, first.drawn) == (second.frame, second.points, second.drawn)
        assert of_neuron_map(one, view) == of_neuron_map(other, view)
    assert neuron_map(one, "auc").drawn != neuron_map(one, "layers").drawn
    other = made_layers(ContrastSpec.careful(alpha=0.01))
    assert neuron_map(other, "auc").drawn != neuron_map(one, "auc").drawn


def test_another_number_is_another_content() -> None:
    one, other = made_layers(), made_layers(seed=1)
    contents = {decoded_points(neuron_map(found, "auc").points)[0]["content"] for found in (one, made_layers(), other)}
    assert len(contents) == 2


def test_a_model_without_a_tested_neuron_has_a_map() -> None:
    found = made_layers()
    found.tests.statistic[:] = np.nan
    found.significant[:] = False
    for view in VIEWS:
        drawn = neuron_map(found, view)
        go.Figure(drawn.frame)
        assert drawn.largest == 1.0 and not np.isfinite(decoded_points(drawn.points)[1]["statistic"]).any()
        assert "Largest" not in of_neuron_map(found, view)


def test_an_auc_that_is_not_exactly_one_does_not_become_one() -> None:
    found = made_layers()
    found.tests.auc[0, :3] = (1 - 1e-12, 1e-12, 1.0)
    before = decoded_points(neuron_map(found, "auc").points)[1]["before"]
    assert before[0] < 1 and before[1] > 0 and before[2] == 1


def test_the_text_alternative_has_the_extremes_of_all_layers() -> None:
    found = made_layers()
    said = of_neuron_map(found, "layers")
    layer, neuron = divmod(int(np.nanargmax(found.tests.statistic)), 7)
    assert f"Largest: neuron {neuron} of layer {layer}, t = +" in said
    assert f"{int((found.strong & (found.tests.statistic > 0)).sum())} strongly" in said


@pytest.mark.parametrize("view", VIEWS)
def test_no_room_is_kept_for_a_legend_of_more_lines_than_there_are(view: str) -> None:
    """Plotly makes room for the legend above the axes. A larger margin is an empty band on a wide page."""
    layout = neuron_map(made_layers(), view).frame["layout"]
    assert layout["margin"]["t"] <= 24 and layout["legend"]["yanchor"] == "bottom" and layout["legend"]["y"] > 1


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown view 'depth'; there are layers, auc"):
        neuron_map(made_layers(), "depth")
