"""Charts: what is sent is the picture, as plotly itself would write it."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from core.experiment import run_contrast, unit_values
from core.records import HOOK_SIDES, ContrastResult, ContrastSpec
from core.report import figures
from ui.charts import Chart


@pytest.fixture(scope="module")
def result() -> ContrastResult:
    return run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=60))


def written(figure: Any) -> dict[str, Any]:
    return json.loads(plotly.io.to_json(figure, validate=False))


@pytest.mark.parametrize("drawn", ["scatter", "spread", "profile", "words", "means"])
def test_a_chart_has_the_numbers_of_the_picture(result: ContrastResult, drawn: str) -> None:
    """They are compared with what plotly itself writes for the figure."""
    picture = {
        "scatter": lambda: figures.neuron_scatter(result),
        "spread": lambda: figures.neuron_spread(result, 7, {side: unit_values(result, 7, side) for side in HOOK_SIDES}),
        "profile": lambda: figures.layer_profile(np.array([3, 0, 2]), np.array([1, 4, 0]), 2, "nouns", "verbs"),
        "words": lambda: figures.words_image(result, 40, [3, None, 7]),
        "means": lambda: figures.mean_activations(result),
    }[drawn]()
    ours, plotlys = written(Chart(picture).to_dict()), written(go.Figure(picture).to_dict())
    same_numbers(ours["data"], plotlys["data"])
    go.Figure(ours)  # plotly takes it
    for name, part in plotlys["layout"].items():
        if name != "template" and not name.startswith(("xaxis", "yaxis")):
            assert ours["layout"][name] == part


def same_numbers(ours: Any, plotlys: Any) -> None:
    """The same JSON, but for arrays: numbers equal in float32, in a list or in base 64."""
    if isinstance(plotlys, dict) and "bdata" in plotlys:
        expected = np.frombuffer(base64.b64decode(plotlys["bdata"]), plotlys["dtype"])
        if isinstance(ours, dict):
            assert ours == plotlys
        else:
            np.testing.assert_array_equal(np.array(ours, dtype=float).astype(expected.dtype), expected)
    elif isinstance(plotlys, dict):
        assert ours.keys() == plotlys.keys()
        for name in plotlys:
            same_numbers(ours[name], plotlys[name])
    elif isinstance(plotlys, list) and plotlys and isinstance(plotlys[0], dict):
        for one, other in zip(ours, plotlys, strict=True):
            same_numbers(one, other)
    else:
        assert ours == plotlys


def test_a_row_of_numbers_is_a_list(result: ContrastResult) -> None:
    """Of packed bytes, plotly would not see that they are drawn already."""
    trace = Chart(figures.neuron_scatter(result)).to_dict()["data"][0]
    assert all(isinstance(each, list) for each in (trace["y"], trace["marker"]["size"], trace["marker"]["color"]))


def test_the_revision_is_another_one_for_other_data(result: ContrastResult) -> None:
    revisions = [Chart(figures.neuron_scatter(result)).to_dict()["layout"]["datarevision"] for _ in range(2)]
    assert revisions[0] == revisions[1]
    images = [figures.words_image(result, 40, [3, 7]), figures.words_image(result, 40, [3, 7])]
    images[1]["data"][0]["z"] = images[1]["data"][0]["z"] + 1
    one, other = (Chart(image).to_dict()["layout"]["datarevision"] for image in images)
    assert one != other


def test_an_axis_keeps_what_it_says() -> None:
    picture = {"data": [], "layout": {"xaxis": {"title": {"text": "x"}}, "yaxis2": {"gridcolor": "red"}}}
    layout = Chart(picture).to_dict()["layout"]
    assert layout["xaxis"]["title"]["text"] == "x" and layout["yaxis2"]["gridcolor"] == "red"
    assert layout["yaxis2"]["showgrid"] and not layout["xaxis"]["showgrid"]
    assert picture["layout"]["xaxis"] == {"title": {"text": "x"}}, "a picture is shared"


def test_writing_a_chart_leaves_it_as_it_is(result: ContrastResult) -> None:
    """It is shared: what one session writes, another writes too."""
    chart = Chart(figures.neuron_scatter(result))
    assert written(chart.to_dict()) == written(chart.to_dict())
