"""The volcano: effect sizes against p, and below zero the same with shuffled labels, computed as a control is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import scipy.stats

from core.comparison import critical_log10_p, shuffled_points
from core.experiment import choose_words, read_words, run_contrast
from core.models import load_model
from core.records import CUSTOM, ContrastResult, ContrastSpec, ShuffledPoints
from core.report import figures
from tests.support.made_results import made_result

SPEC = ContrastSpec.careful(layer=1, n_target=60, n_baseline=60)
NOTHING = ShuffledPoints(np.zeros(8), np.zeros(8))


@pytest.fixture(scope="module")
def result() -> ContrastResult:
    return run_contrast(SPEC)


def chance_of(spec: ContrastSpec) -> ShuffledPoints | None:
    lm = load_model("bundled")
    return shuffled_points(spec, read_words(lm, choose_words(spec), spec, [spec.layer]))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 7},
        {"unit": "word", "hook_side": "activation"},
        {"test": "mannwhitney", "n_target": 40},
        {"test": "paired", "unit": "word"},
    ],
)
def test_chance_is_what_the_control_finds(changes: dict) -> None:
    """With the same seed: of the same words, tested in the same way."""
    spec = SPEC.changed(family="layer", **changes)
    chance, control = chance_of(spec), run_contrast(spec.changed(shuffle_labels=True))
    assert chance is not None and chance_of(spec.changed(seed=99)).log10_p.tolist() != chance.log10_p.tolist()
    np.testing.assert_allclose(chance.hedges_g, control.effect_sizes.hedges_g, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(chance.log10_p, control.log10_p, rtol=1e-4, atol=1e-6)
    assert (chance.log10_p < np.log10(0.05)).mean() < 0.15


def test_too_few_lemmas_have_no_chance_to_draw() -> None:
    own = {"target": CUSTOM, "baseline": CUSTOM, "n_target": 3, "n_baseline": 3, "unit": "word", "family": "layer"}
    own |= {"target_words": ("go\tgo", "goes\tgo", "going\tgo"), "baseline_words": ("went\tgo", "gone\tgo", "dog\tdog")}
    assert chance_of(SPEC.changed(**own)) is None


def test_plotly_takes_the_volcano(result: ContrastResult) -> None:
    made = figures.neuron_volcano(result, chance_of(SPEC), critical_log10_p(result))
    checked = go.Figure(made)
    assert len(checked.data) == len(made["data"])
    for one, other in zip(checked.data, made["data"], strict=True):
        assert one.to_plotly_json().keys() == other.keys()
    assert made["layout"].keys() == checked.layout.to_plotly_json().keys() - {"template"}


def test_the_first_trace_is_every_neuron_in_order_as_in_the_scatter(result: ContrastResult) -> None:
    volcano, scatter = (
        figures.neuron_volcano(result, NOTHING, -4.0)["data"][0],
        figures.neuron_scatter(result)["data"][0],
    )
    np.testing.assert_allclose(volcano["x"], result.effect_sizes.hedges_g, rtol=1e-6)
    np.testing.assert_allclose(volcano["y"], np.sqrt(-result.log10_p), rtol=1e-6)
    for part in ("marker", "text"):
        np.testing.assert_equal(volcano[part], scatter[part])
    np.testing.assert_equal(volcano["customdata"][:, :4], scatter["customdata"][:, :4])
    both = "adjusted p = "
    line, rest = volcano["hovertemplate"].split(both), scatter["hovertemplate"].split(both)
    assert line[1] == rest[1] and line[0] == "<b>Neuron %{pointNumber:d}</b> %{text}<br>g = %{x}, "
    assert rest[0] == "<b>Neuron %{x:d}</b> %{text}<br>t = %{y}, "


def test_a_hover_has_the_statistic_with_its_sign(result: ContrastResult) -> None:
    """The other number of the two, of which one is on the axis."""
    points = figures.neuron_volcano(result, NOTHING, -4.0)["data"][0]
    each = zip(points["hovertext"], points["customdata"][:, 4].tolist(), strict=True)
    shown = [float(text.partition(" = ")[2].replace("−", "-") + str(size)) for text, size in each]
    np.testing.assert_allclose(shown, result.tests.statistic, rtol=1e-6)


def test_chance_is_drawn_downward_and_cannot_be_chosen(result: ContrastResult) -> None:
    chance = chance_of(SPEC)
    picture = figures.neuron_volcano(result, chance, -4.0)
    points = picture["data"][1]
    np.testing.assert_allclose(points["x"], chance.hedges_g, rtol=1e-6)
    np.testing.assert_allclose(points["y"], -np.sqrt(-chance.log10_p), rtol=1e-6)
    assert points["hoverinfo"] == "skip", "plotly selects no point without a hover"
    low, high = picture["layout"]["yaxis"]["range"]
    assert low < min(points["y"]) < 0 < max(picture["data"][0]["y"]) < high
    assert [note["text"] for note in picture["layout"]["annotations"]] == ["labels shuffled"]
    at_alpha = [shape["y0"] for shape in picture["layout"]["shapes"] if shape["line"]["dash"] == "dot"]
    assert at_alpha == pytest.approx([-np.sqrt(-np.log10(0.05))]), "only below zero: what chance alone goes beyond"
    plain = figures.neuron_volcano(result, chance, float(np.log10(0.05)))
    assert len(plain["layout"]["shapes"]) == 2, "without a correction, alpha is the threshold"
    assert "By chance, downward: labels shuffled" in [trace.get("name") for trace in picture["data"]]
    without = figures.neuron_volcano(result, None, -4.0)
    assert len(without["data"]) == len(picture["data"]) - 3 and without["layout"]["annotations"] == []
    assert without["layout"]["yaxis"]["range"][0] > -2 and len(without["layout"]["shapes"]) == 1


@pytest.mark.parametrize("test", ["welch", "mannwhitney", "paired"])
def test_the_line_is_at_the_p_of_the_critical_statistic(test: str) -> None:
    """SciPy's tail of the statistic from which a neuron is significant."""
    spec = ContrastSpec.careful(test=test, unit="word", n_target=5, n_baseline=5)
    df = np.full(8, np.inf if test == "mannwhitney" else 6.5)
    made = made_result(spec, degrees_of_freedom=df)
    p = 2 * (scipy.stats.norm.sf(4.0) if test == "mannwhitney" else scipy.stats.t.sf(4.0, 6.5))
    log10_p = critical_log10_p(made)
    assert log10_p == pytest.approx(np.log10(p), rel=1e-9)
    picture = figures.neuron_volcano(made, None, log10_p)
    assert [shape["y0"] for shape in picture["layout"]["shapes"]] == pytest.approx([np.sqrt(-log10_p)], rel=1e-6)
    label = picture["data"][-1]["name"]
    shown = label.partition("p = ")[2].strip(")").partition(",")[0].replace("−", "-")
    assert float(shown) == pytest.approx(p, rel=0.05)
    assert ("median df" in label) == (test == "welch")


def test_significant_neurons_are_above_the_line(result: ContrastResult) -> None:
    """But for Welch's degrees of freedom, which differ a little between neurons."""
    log10_p = critical_log10_p(result)
    assert (result.log10_p[result.significant] < log10_p + 0.2).all()
    assert (result.log10_p[~result.significant] > log10_p - 0.2).all()


def test_no_line_where_nothing_can_be_significant() -> None:
    picture = figures.neuron_volcano(made_result(critical_statistic=np.inf), None, -np.inf)
    assert picture["layout"]["shapes"] == [] and "Threshold" not in str(picture["data"])


@pytest.mark.parametrize("log10_p", [-0.5, -4.0, -12.0, -400.0, -60_000.0])
def test_ticks_are_round_and_show_p_itself(log10_p: float) -> None:
    """Their place is the root of their label; at most fourteen, and none outside."""
    result = made_result(log10_p=np.full(8, log10_p))
    axis = figures.neuron_volcano(result, NOTHING, -1.0)["layout"]["yaxis"]
    labels = [int(label.replace(",", "")) for label in axis["ticktext"]]
    np.testing.assert_allclose(np.abs(axis["tickvals"]), np.sqrt(labels))
    upward = [tick for tick in axis["tickvals"] if tick >= 0]
    low, high = axis["range"]
    assert upward == sorted(upward) and low < min(axis["tickvals"]) <= max(upward) < high and len(upward) <= 14
    assert len(upward) >= 2 and np.diff(upward).min() >= 0.05 * high


def test_a_neuron_that_was_not_tested_is_nowhere() -> None:
    broken = made_result(log10_p=np.r_[np.nan, np.full(7, -3.0)], hedges_g=np.r_[np.nan, np.full(7, 0.5)])
    chance = replace(NOTHING, log10_p=np.full(8, np.nan), hedges_g=np.full(8, np.nan))
    picture = figures.packed(figures.neuron_volcano(broken, chance, -2.0))
    assert picture["data"][0]["y"][0] is None and picture["data"][0]["x"][0] is None
    assert np.isfinite([*picture["layout"]["xaxis"]["range"], *picture["layout"]["yaxis"]["range"]]).all()
