"""Words by neurons, and mean activation: what is drawn is what SciPy and the tests have, at the right place."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from core.experiment import run_contrast
from core.records import CUSTOM, BothSides, ContrastResult, ContrastSpec
from core.report import figures
from core.report.colours import luminance
from core.report.figures.words import standardised
from core.report.palette import palette
from core.report.readable import readable_number
from tests.support.made_results import NOUNS, made_result


@pytest.fixture(scope="module", params=["pre-activation", "activation"])
def result(request: pytest.FixtureRequest) -> ContrastResult:
    return run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=50, hook_side=request.param))


def image_of(result: ContrastResult, n_words: int = 60, of_each: int | None = 30) -> go.Figure:
    return go.Figure(figures.words_image(result, n_words, figures.image_columns(result.tests.statistic, of_each)))


def test_the_columns_are_the_most_extreme_of_each_sign_vs_argsort(result: ContrastResult) -> None:
    statistic = result.tests.statistic
    rising = np.argsort(statistic, kind="stable")
    columns = figures.image_columns(statistic, 30)
    assert columns[:30] == rising[::-1][:30].tolist() and columns[31:] == rising[:30][::-1].tolist()
    assert columns[30] is None and len(columns) == 61
    assert figures.image_columns(statistic) == np.argsort(-statistic, kind="stable").tolist()


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ([3.0, 1.0, 2.0], [0, 2]),
        ([-3.0, -1.0, -2.0], [2, 0]),
        ([np.nan, 0.0, np.nan], [1, 0, 2]),
        ([np.nan, 0.0, 4.0, -np.inf, np.inf], [4, 2, None, 3]),
    ],
)
def test_a_neuron_has_a_column_only_of_its_own_sign(statistic: list[float], expected: list[int | None]) -> None:
    assert figures.image_columns(np.array(statistic), 2) == expected
    everyone = figures.image_columns(np.array(statistic))
    assert sorted(n for n in everyone if n is not None) == list(range(len(statistic)))
    n_tested = int(np.isfinite(np.nan_to_num(statistic, nan=np.nan, posinf=1, neginf=-1)).sum())
    assert np.isnan(np.array(statistic)[everyone[n_tested:]]).all(), "those without a statistic are last"


def test_values_are_standardised_over_all_words_vs_scipy(result: ContrastResult) -> None:
    """Also over the words that are not drawn."""
    z = stats.zscore(np.concatenate([result.target_activations, result.baseline_activations]).astype(np.float64))
    columns = figures.image_columns(result.tests.statistic, 30)
    drawn = [n for n in columns if n is not None]
    target, baseline = image_of(result, n_words=20).data
    for trace, expected in ((target, z[:60]), (baseline, z[60:])):
        values = np.array(trace.z)
        assert values.shape == (20, 61) and np.isnan(values[:, 30]).all()
        np.testing.assert_allclose(np.delete(values, 30, axis=1), expected[:20][:, drawn], rtol=1e-5, atol=1e-6)
    raw = result.baseline_activations[:20][:, drawn]
    np.testing.assert_array_equal(np.delete(np.array(baseline.customdata), 30, axis=1), np.abs(raw))
    before = np.delete(np.array(baseline.text), 30, axis=1)
    for row in range(20):
        for place, neuron in enumerate(drawn):
            statistic, _, sign = before[row, place].partition("<br>")
            assert statistic == readable_number(result.tests.statistic[neuron], plus=True)
            assert sign == ("−" if raw[row, place] < 0 else "")


def test_what_does_not_vary_is_blank() -> None:
    target, baseline = standardised(np.full((3, 2), [0.1, 7.0]), np.array([[0.1, 8.0], [0.1, 9.0]]))
    assert np.isnan(target[:, 0]).all() and np.isnan(baseline[:, 0]).all()
    both = np.concatenate([target, baseline])[:, 1]
    assert both.mean() == pytest.approx(0, abs=1e-6) and both.std() == pytest.approx(1)


def test_the_target_is_above_the_baseline_with_one_range_of_colours(result: ContrastResult) -> None:
    checked = image_of(result)
    target, baseline = checked.data
    assert list(target.y) == list(result.words.target) and list(baseline.y) == list(result.words.baseline)
    top, bottom = checked.layout.yaxis.domain, checked.layout.yaxis2.domain
    assert (bottom[0], top[1]) == (0, 1) and 0 < top[0] - bottom[1] < 0.1
    assert (top[1] - top[0]) / (bottom[1] - bottom[0]) == pytest.approx(60 / 50, rel=0.06)
    [line] = checked.layout.shapes
    assert bottom[1] < line.y0 == line.y1 < top[0], "a line between the classes"
    assert [note.text for note in checked.layout.annotations] == ["Nouns (target)", "Verbs (baseline)"]
    assert target.coloraxis == baseline.coloraxis == "coloraxis"
    assert (checked.layout.coloraxis.cmin, checked.layout.coloraxis.cmax) == (-figures.BOUND, figures.BOUND)
    assert checked.layout.xaxis.matches == "x2", "one zoom for both"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_mean_has_the_colour_of_the_page_and_the_ends_the_hues_of_the_classes(theme: str) -> None:
    picture = figures.words_image(made_result(), 4, [0, 7], theme=theme)
    scale = dict(picture["layout"]["coloraxis"]["colorscale"])
    assert scale[0.5] == palette(theme)["page"].lower()
    red = {place: int(colour[1:3], 16) - int(colour[5:7], 16) for place, colour in scale.items()}
    assert red[0.25] < -40 and red[0.75] > 40, "blue below the mean, orange above it"
    away = [abs(luminance(scale[place]) - luminance(scale[0.5])) for place in (0.5, 0.6, 0.8, 1.0)]
    assert away == sorted(away) and away[-1] > 0.3


def test_a_class_of_few_words_keeps_a_part_of_the_image() -> None:
    few = run_contrast(ContrastSpec.careful(layer=1, n_target=2, n_baseline=200))
    layout = image_of(few, n_words=200).layout
    assert layout.yaxis.domain[1] - layout.yaxis.domain[0] > 0.2


def test_equal_words_have_rows_of_their_own_and_long_ones_are_whole_in_the_hover() -> None:
    long = "pneumonoultramicroscopicsilicovolcanoconiosis<b>"
    made = made_result()
    result = replace(made, words=replace(made.words, target=("time", long, "time", "یک واژه")))
    target, baseline = figures.words_image(result, 4, [0, None, 7])["data"]
    assert len(set(target["y"])) == 4 and [label.strip("\u200b") for label in target["y"]][::2] == ["time", "time"]
    assert len(target["y"][1]) <= 14 and target["y"][3] == "یک واژه"
    assert html.unescape(target["hovertext"][1][2]) == long and "<b>" not in target["hovertext"][1][2]
    assert "%{hovertext}" in target["hovertemplate"] and "%{y}" in baseline["hovertemplate"]


def test_a_hover_says_word_class_neuron_statistic_and_both_values() -> None:
    for test, name in (("welch", "t"), ("mannwhitney", "z")):
        spec = ContrastSpec.careful(n_target=4, n_baseline=5, test=test)
        target, _ = figures.words_image(made_result(spec), 4, [0, 7])["data"]
        assert re.fullmatch(
            rf"<b>%\{{y}}</b> \(nouns\)<br>neuron %\{{x}}, {name} = "
            r"%\{text}%\{customdata:,\.3r} \(pre-activation\)<br>"
            r"%\{z} standard deviations from its mean<extra></extra>",
            target["hovertemplate"],
        )
        assert target["x"] == ["0", "7"] and target["zhoverformat"] == "+,.3r"
        assert target["text"][0][0].startswith("+9.00<br>") and target["text"][0][1].startswith("−9.00<br>")


def test_a_long_name_stays_within_its_part_of_the_image() -> None:
    name = "Words for food and drink on every table."
    spec = ContrastSpec.careful(target=CUSTOM, target_words=NOUNS, n_target=4, target_name=name)
    layout = figures.words_image(made_result(spec), 4, [0, 7])["layout"]
    title = layout["annotations"][0]["text"]
    low, high = layout["yaxis"]["domain"]
    inner = layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]
    assert max(map(len, title.split("<br>"))) * 7.5 <= (high - low) * inner
    assert layout["margin"]["r"] >= 18 * len(title.split("<br>"))


# ---------------------------------------------------------------- mean activation


@pytest.mark.parametrize("unit", ["word", "lemma"])
def test_the_distance_from_the_line_is_the_tests_mean_difference(unit: str) -> None:
    found = run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=50, unit=unit))
    points = go.Figure(figures.mean_activations(found)).data[0]
    np.testing.assert_allclose(points.y - points.x, found.tests.mean_difference, atol=1e-5)
    if unit == "word":
        np.testing.assert_allclose(points.x, found.baseline_activations.mean(axis=0), rtol=1e-4, atol=1e-6)


def test_the_mean_of_a_lemma_with_more_forms_weighs_no_more() -> None:
    """Of time, way + ways, and day: 1, (2 + 4)/2 and 5."""
    made = made_result()
    values = np.outer([1.0, 2.0, 4.0, 5.0], np.ones(8)).astype(np.float32)
    sides = BothSides(values, np.empty((0, 8), np.float32), np.array([], dtype=np.int64), np.tanh)
    points = figures.mean_activations(replace(made, target_sides=sides))["data"][0]
    np.testing.assert_allclose(points["y"], 3.0)


def test_both_axes_of_the_means_have_one_scale_and_look_as_the_scatter(result: ContrastResult) -> None:
    made = figures.mean_activations(result)
    checked, layout = go.Figure(made), made["layout"]
    assert layout["xaxis"]["range"] == layout["yaxis"]["range"] and layout["yaxis"]["scaleanchor"] == "x"
    points = made["data"][0]
    low, high = layout["xaxis"]["range"]
    assert low < min(points["x"].min(), points["y"].min()) and max(points["x"].max(), points["y"].max()) < high
    [line] = checked.layout.shapes
    assert (line.x0, line.x1) == (line.y0, line.y1) and line.x0 < low and high < line.x1
    scatter = figures.neuron_scatter(result)["data"][0]
    assert points["marker"]["symbol"] == scatter["marker"]["symbol"]
    assert points["hovertemplate"].endswith("<br>mean of verbs %{x}<extra></extra>")
    assert layout["xaxis"]["hoverformat"] == layout["yaxis"]["hoverformat"] == ",.3r"


def test_means_that_are_no_numbers_leave_axes() -> None:
    made = made_result()
    empty, nobody = np.empty((0, 8), np.float32), np.array([], dtype=np.int64)
    target, baseline = (BothSides(np.full((n, 8), np.nan, np.float32), empty, nobody, np.tanh) for n in (4, 5))
    layout = figures.mean_activations(replace(made, target_sides=target, baseline_sides=baseline))["layout"]
    assert layout["xaxis"]["range"] == [-1.0, 1.0]


def test_lists_of_the_same_values_have_an_image_too() -> None:
    assert figures.image_columns(np.zeros(5), 2) == [0, 1, 2, 3]
    assert figures.image_columns(np.full(3, np.nan), 2) == [0, 1, 2]
