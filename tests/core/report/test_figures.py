"""The figures: what is drawn is what was found, and plotly takes it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from core.experiment import run_contrast
from core.records import ContrastResult, ContrastSpec
from core.report import figures
from core.report.figures import style


@pytest.fixture(scope="module")
def result() -> ContrastResult:
    return run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=60))


@pytest.mark.parametrize("highlight", [None, 12])
def test_plotly_takes_the_scatter(result: ContrastResult, highlight: int | None) -> None:
    """The picture is made without plotly's checks, which take long; here they are run, and change nothing."""
    made = figures.neuron_scatter(result, highlight)
    checked = go.Figure(made)
    assert len(checked.data) == len(made["data"]) == 4
    for one, other in zip(checked.data, made["data"], strict=True):
        assert one.to_plotly_json().keys() == other.keys()
    assert made["layout"].keys() == checked.layout.to_plotly_json().keys() - {"template"}
    assert checked.data[0].selectedpoints == (None if highlight is None else (highlight,))


def test_the_first_trace_is_every_neuron_in_order(result: ContrastResult) -> None:
    points = go.Figure(figures.neuron_scatter(result)).data[0]
    assert np.array_equal(points.x, np.arange(result.n_neurons))
    assert np.array_equal(points.y, result.tests.statistic)
    looks = [
        (style.NEUTRAL_COLOUR, "circle", ~result.significant),
        (style.TARGET_COLOUR, "triangle-up", result.significant & (result.tests.statistic > 0)),
        (style.BASELINE_COLOUR, "triangle-down", result.significant & (result.tests.statistic < 0)),
    ]
    for number, (colour, symbol, belong) in enumerate(looks):
        assert belong.any()
        assert np.array_equal(np.array(points.marker.symbol) == symbol, belong)
        assert np.array_equal(points.marker.color == number, belong)
        assert points.marker.colorscale[number] == (number / points.marker.cmax, colour)
    assert points.marker.cmin == 0
    told = (
        result.tests.p_value,
        result.p_adjusted,
        result.tests.mean_difference,
        result.tests.cohens_d,
        result.tests.auc,
    )
    for column, figures_told in enumerate(told):
        assert f"customdata[{column}]" in points.hovertemplate
        assert np.array_equal(points.customdata[:, column], figures_told, equal_nan=True)


def test_the_lines_stand_at_the_threshold(result: ContrastResult) -> None:
    drawn = {shape.y0 for shape in go.Figure(figures.neuron_scatter(result)).layout.shapes}
    assert drawn == {result.critical_statistic, -result.critical_statistic}


def test_the_spread_has_a_dot_for_every_word(result: ContrastResult) -> None:
    target, baseline = go.Figure(figures.neuron_spread(result, 3)).data  # plotly takes it
    assert np.array_equal(target.x, result.target_activations[:, 3])
    assert np.array_equal(baseline.x, result.baseline_activations[:, 3])
    assert list(target.text) == list(result.words.target)


def test_the_profile_counts_upward_and_downward() -> None:
    picture = figures.layer_profile(np.array([3, 0, 2]), np.array([1, 4, 0]), 2, "nouns", "verbs")
    up, down = go.Figure(picture).data
    assert list(up.y) == [3, 0, 2] and list(down.y) == [-1, -4, 0]
    assert list(up.marker.opacity) == [0.45, 0.45, 1.0]
