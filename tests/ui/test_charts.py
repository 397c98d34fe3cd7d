"""Charts: what is sent is the picture, as plotly itself would write it."""

from __future__ import annotations

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


@pytest.mark.parametrize("drawn", ["scatter", "marked scatter", "spread", "profile"])
def test_a_chart_is_written_as_plotly_writes_the_figure(result: ContrastResult, drawn: str) -> None:
    picture = {
        "scatter": lambda: figures.neuron_scatter(result),
        "marked scatter": lambda: figures.neuron_scatter(result, 7),
        "spread": lambda: figures.neuron_spread(result, 7, {side: unit_values(result, 7, side) for side in HOOK_SIDES}),
        "profile": lambda: figures.layer_profile(np.array([3, 0, 2]), np.array([1, 4, 0]), 2, "nouns", "verbs"),
    }[drawn]()
    ours, plotlys = written(Chart(picture).to_dict()), written(go.Figure(picture).to_dict())
    assert ours == plotlys


def test_the_template_is_the_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("plotly_dark", "plotly_white", None):
        monkeypatch.setattr(plotly.io.templates, "default", name)
        template = Chart({"data": [], "layout": {}}).to_dict()["layout"]["template"]
        assert template == (plotly.io.templates[name].to_plotly_json() if name else {})


def test_writing_a_chart_leaves_it_as_it_is(result: ContrastResult) -> None:
    """It is shared: what one session writes, another writes too."""
    chart = Chart(figures.neuron_scatter(result))
    assert written(chart.to_dict()) == written(chart.to_dict())
