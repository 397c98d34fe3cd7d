"""The figures: what is drawn is what was found, and plotly takes it."""

from __future__ import annotations

import re

import numpy as np
import plotly.graph_objects as go
import pytest

from core.experiment import run_contrast, unit_values
from core.records import ContrastResult, ContrastSpec
from core.report import figures
from core.report.figures import style
from core.report.readable import readable_number
from tests.support.made_results import made_result


@pytest.fixture(scope="module")
def result() -> ContrastResult:
    return run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=60))


def test_plotly_takes_the_scatter(result: ContrastResult) -> None:
    """The picture is made without plotly's checks, which take long; here they are run, and change nothing."""
    made = figures.neuron_scatter(result)
    checked = go.Figure(made)
    assert len(checked.data) == len(made["data"]) == 6
    for one, other in zip(checked.data, made["data"], strict=True):
        assert one.to_plotly_json().keys() == other.keys()
    assert made["layout"].keys() == checked.layout.to_plotly_json().keys() - {"template"}


def test_the_first_trace_is_every_neuron_in_order(result: ContrastResult) -> None:
    points = go.Figure(figures.neuron_scatter(result)).data[0]
    assert points.x is None and points.x0 is None, "plotly counts from 0"
    np.testing.assert_allclose(points.y, result.tests.statistic, rtol=1e-6)
    looks = [
        ("#7D838C80", 0, ~result.significant),
        (style.TARGET_COLOUR, 5, result.significant & (result.tests.statistic > 0)),
        (style.BASELINE_COLOUR, 6, result.significant & (result.tests.statistic < 0)),
    ]
    drawn = np.array(points.marker.symbol, dtype=int) % 100  # plotly's numbers: 5 and 6 are triangles; 100 more is open
    for number, (colour, symbol, belong) in enumerate(looks):
        assert belong.any()
        assert np.array_equal(drawn == symbol, belong)
        assert np.array_equal(points.marker.color == number, belong)
        assert points.marker.colorscale[number] == (number / points.marker.cmax, colour)
    assert points.marker.cmin == 0


def test_significant_neurons_with_a_mark_are_hollow(result: ContrastResult) -> None:
    picture = figures.neuron_scatter(result)
    hollow = np.array(picture["data"][0]["marker"]["symbol"], dtype=int) >= 100
    marked = result.silent | result.reverses
    assert np.array_equal(hollow, result.significant & marked)
    assert hollow.any() and (result.significant & ~marked).any()
    assert "Hollow: silent or reverses" in names(picture)
    nothing = {"above_zero_target": np.ones(8), "other_mean_difference": made_result().tests.mean_difference}
    assert "Hollow: silent or reverses" not in names(figures.neuron_scatter(made_result(**nothing)))


def names(picture: figures.Picture) -> list[str]:
    return [trace.get("name") for trace in picture["data"]]


def test_a_hover_shows_both_sides_and_the_marks(result: ContrastResult) -> None:
    points = figures.neuron_scatter(result)["data"][0]
    numbers, text = points["customdata"], points["hovertemplate"]
    assert numbers.dtype == np.float32, "four bytes each"
    other, g = result.other_side, result.effect_sizes.hedges_g
    exact = (result.tests.auc, other.auc, other.above_zero_target, other.above_zero_baseline, np.abs(g))
    for column, expected in enumerate(exact):
        assert f"customdata[{column}" in text
        np.testing.assert_allclose(numbers[:, column], expected, atol=1e-3)
    assert "after the nonlinearity %{customdata[1]" in text and "of nouns" in text and "of verbs" in text
    adjusted, signs = zip(*(each.split(", g = ") for each in points["hovertext"]), strict=True)
    shown = [float(p.replace("−", "-")) for p in adjusted]
    np.testing.assert_allclose(shown, result.p_adjusted, rtol=0.051)
    np.testing.assert_array_equal([{"−": -1, "+": 1, "": 0}[sign] for sign in signs], np.sign(g))
    assert points["text"] == [
        ", ".join(name for name, has in (("silent", s), ("reverses", r)) if has)
        for s, r in zip(result.silent, result.reverses, strict=True)
    ]


def test_a_hover_never_reads_0_or_1_for_what_is_neither() -> None:
    chosen = {
        "auc": np.array([1 - 1e-9, 1e-9, 1.0, 0.0, 0.99997, 0.5, 0.5, 0.5]),
        "above_zero_target": np.array([1e-4, 1 - 1e-4, 1.0, 0.0, 0.5, 0.5, 0.5, 0.5]),
        "log10_p_adjusted": np.full(8, -411.51),
    }
    points = figures.neuron_scatter(made_result(**chosen))["data"][0]
    numbers = points["customdata"]
    assert [f"{value:.6f}" for value in numbers[:5, 0]] == ["0.999999", "0.000001", "1.000000", "0.000000", "0.999970"]
    assert [f"{value:.1%}" for value in numbers[:4, 2]] == ["0.1%", "99.9%", "100.0%", "0.0%"]
    assert points["hovertext"][0].startswith("3.1e−412, ")


def test_the_lines_stand_at_the_threshold(result: ContrastResult) -> None:
    picture = figures.neuron_scatter(result)
    drawn = {shape.y0 for shape in go.Figure(picture).layout.shapes}
    assert drawn == {result.critical_statistic, -result.critical_statistic}
    assert f"Threshold ±{readable_number(result.critical_statistic)} (median df)" in names(picture)


@pytest.mark.parametrize(
    ("alpha", "labels"),
    [
        (0.05, ["Threshold ±96.0 (95% of permutations stay below)"]),
        (
            0.01,
            [
                "Threshold ±100 (99% of permutations stay below)",
                "Null 95 ±96.0 (95% of permutations stay below)",
            ],
        ),
    ],
)
def test_the_lines_of_max_t(alpha: float, labels: list[str]) -> None:
    """Of the maxima 1 to 101, 95% are at or below 96, and 99% at or below 100."""
    spec = ContrastSpec.careful(n_target=4, n_baseline=5, correction="max_t", alpha=alpha)
    critical = {0.05: 96.0, 0.01: 100.0}[alpha]
    picture = figures.neuron_scatter(made_result(spec, null_maxima=np.arange(1.0, 102.0), critical_statistic=critical))
    lines = [trace for trace in picture["data"] if trace["mode"] == "lines"]
    assert [trace["name"] for trace in lines] == labels and lines[0]["line"]["dash"] == "dash"
    shapes = picture["layout"]["shapes"]
    assert {shape["y0"] for shape in shapes} == {96.0, -96.0, critical, -critical} and len(shapes) == 2 * len(lines)
    assert {abs(shape["y0"]) for shape in shapes if shape["line"]["dash"] == "dash"} == {critical}


@pytest.mark.parametrize(("test", "name", "line"), [("welch", "t", "(median df)"), ("mannwhitney", "z", "4.00")])
def test_the_axis_names_the_statistic(test: str, name: str, line: str) -> None:
    picture = figures.neuron_scatter(made_result(ContrastSpec.careful(test=test, n_target=4, n_baseline=5)))
    assert picture["layout"]["yaxis"]["title"]["text"] == f"{name} (nouns − verbs)"
    assert names(picture)[-1].endswith(line)
    assert f"<br>{name} = " in picture["data"][0]["hovertemplate"]


def test_figures_of_a_control_say_so() -> None:
    spec = ContrastSpec.careful(n_target=4, n_baseline=5, shuffle_labels=True)
    result = made_result(spec)
    values = {side: unit_values(result, 0, side) for side in ("pre-activation", "activation")}
    scatter, spread = figures.neuron_scatter(result), figures.neuron_spread(result, 0, values)
    for picture in (scatter, spread, figures.words_image(result, 4, [0, None, 7]), figures.mean_activations(result)):
        assert "shuffled A" in str(picture) or "Shuffled A (target)" in str(picture)
        assert not re.search("nouns|verbs", str(picture), re.IGNORECASE)


def test_no_line_without_a_threshold() -> None:
    assert figures.neuron_scatter(made_result(critical_statistic=np.inf))["layout"]["shapes"] == []
    spec = ContrastSpec.careful(n_target=4, n_baseline=5, correction="max_t", alpha=0.2)
    infinite = np.r_[np.ones(90), np.full(10, np.inf)]
    result = made_result(spec, null_maxima=infinite, critical_statistic=1.0)
    assert result.null_95 == np.inf
    picture = figures.neuron_scatter(result)
    assert {shape["y0"] for shape in picture["layout"]["shapes"]} == {1.0, -1.0}
    assert not any("Null 95" in (name or "") for name in names(picture))


def test_the_spread_has_a_stroke_for_every_unit_on_both_sides(result: ContrastResult) -> None:
    values = {side: unit_values(result, 3, side) for side in ("pre-activation", "activation")}
    made = figures.neuron_spread(result, 3, values)
    checked = go.Figure(made)  # plotly takes it
    for rows, side in ((checked.data[:2], "pre-activation"), (checked.data[2:], "activation")):
        for trace, its_values in zip(rows, values[side], strict=True):
            np.testing.assert_allclose(trace.x, its_values, rtol=5.1e-6)
    assert [trace.xaxis for trace in checked.data] == ["x", "x", "x2", "x2"]
    assert checked.layout.xaxis.title.text == "Pre-activation of neuron 3 (tested)"
    assert checked.layout.xaxis2.title.text == "Activation of neuron 3"
    both = [each for side in values.values() for each in side]
    means = [shape.x0 for shape in checked.layout.shapes if shape.type == "line"]
    np.testing.assert_allclose(means, [each.mean() for each in both], rtol=1e-5)
    for i, (trace, its_values) in enumerate(zip(checked.data, both, strict=True)):
        drawn, width = strokes(made, i), np.ptp(checked.layout[f"xaxis{trace.xaxis[1:]}"].range)
        np.testing.assert_allclose(drawn[:, 0], its_values, atol=width / 1000)  # a fraction of a pixel
        np.testing.assert_array_equal(drawn[:, 1:].mean(axis=1), trace.y)  # the hover is at its middle
    for axis, side in ((checked.layout.xaxis, "pre-activation"), (checked.layout.xaxis2, "activation")):
        assert axis.range[0] < np.concatenate(values[side]).min() <= np.concatenate(values[side]).max() < axis.range[1]


def strokes(picture: figures.Picture, trace: int) -> np.ndarray:
    """The strokes (n, 3) of a trace, in the order of its values: place, lower end, upper end."""
    its = picture["data"][trace]
    paths = [
        re.findall(r"M([^,]+),([^V]+)V([^M]+)", shape["path"])
        for shape in picture["layout"]["shapes"]
        if shape["type"] == "path"
        and (shape["xref"], shape["yref"], shape["line"]["color"]) == (its["xaxis"], its["yaxis"], its["line"]["color"])
    ]
    drawn = np.zeros((len(its["x"]), 3))
    for part, path in enumerate(paths):
        drawn[part :: len(paths)] = np.array(path, dtype=float)
    return drawn


FAR, TINY, LARGE = [1.23451, 1.23452, 1.23458], [-1e-9, 0.0, 1e-9], [1e9, 2e9, 5e9]


@pytest.mark.parametrize("values", [FAR, TINY, LARGE, [0.0] * 3, [1e17] * 3])
def test_strokes_are_where_the_values_are(values: list[float]) -> None:
    """Also where the axis shows a small range far from zero."""
    target = np.array(values)
    both = {side: (target, np.full(5, values[0])) for side in ("pre-activation", "activation")}
    result = made_result(target_units=tuple(["time", "way", "day"][: len(values)]))
    picture = figures.neuron_spread(result, 0, both)
    low, high = picture["layout"]["xaxis"]["range"]
    assert low < target.min() and target.max() < high
    np.testing.assert_allclose(strokes(picture, 0)[:, 0], target, rtol=0, atol=(high - low) / 1000)


def test_what_is_no_number_has_no_stroke() -> None:
    both = {side: (np.array([1.0, np.nan, np.inf]), np.full(5, 2.0)) for side in ("pre-activation", "activation")}
    picture = figures.neuron_spread(made_result(), 0, both)
    assert np.isfinite(picture["layout"]["xaxis"]["range"]).all()
    assert next(s["path"][:4] for s in picture["layout"]["shapes"] if s["type"] == "path") == "M1.0"
    assert not any(word in str(picture["layout"]["shapes"]) for word in ("Mnan", "Minf"))


def test_the_hover_of_a_lemma_names_its_forms() -> None:
    values = {side: (np.zeros(3), np.zeros(3)) for side in ("pre-activation", "activation")}
    target, baseline, *others = figures.neuron_spread(made_result(), 0, values)["data"]
    assert target["text"] == ["time", "way: way, ways", "day"] and others[0]["text"] == ["time", "way", "day"]
    assert baseline["text"] == ["go: go, goes", "take", "see: see, sees"]


def test_the_hover_of_a_word_is_the_word_and_no_tag() -> None:
    spec = ContrastSpec.careful(n_target=4, n_baseline=5, unit="word", hook_side="activation")
    result = made_result(spec, target_units=("<b>x</b>", "way", "ways", "day"))
    values = {side: (np.zeros(4), np.zeros(5)) for side in ("pre-activation", "activation")}
    picture = figures.neuron_spread(result, 0, values)
    assert picture["data"][0]["text"] == ["&lt;b&gt;x&lt;/b&gt;", "way", "ways", "day"]
    assert picture["layout"]["xaxis"]["title"]["text"] == "Activation of neuron 0 (tested)"


def test_the_profile_counts_upward_and_downward() -> None:
    picture = figures.layer_profile(np.array([3, 0, 2]), np.array([1, 4, 0]), 2, "nouns", "verbs")
    up, down = go.Figure(picture).data
    assert list(up.y) == [3, 0, 2] and list(down.y) == [-1, -4, 0]
    assert list(up.marker.opacity) == [0.45, 0.45, 1.0]
