"""The preview: each dot is where the plot draws the point."""

from __future__ import annotations

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from core.experiment import run_contrast
from core.records import ContrastResult, ContrastSpec
from core.report import figures
from tests.support.made_results import made_result

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def result() -> ContrastResult:
    return run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=60))


def dots(address: str) -> dict[str, np.ndarray]:
    """Places (n, 2) by colour, from 0 to 1, upward."""
    root = ElementTree.fromstring(unquote(address.removeprefix("data:image/svg+xml,")))
    assert root.get("viewBox") == "0 0 1000 1000" and root.get("preserveAspectRatio") == "none"
    found = {}
    for path in root.iter(f"{SVG}path"):
        moves = np.array(re.findall(r"m(-?\d+) (-?\d+)h0", path.get("d", "")), dtype=float).reshape(-1, 2)
        places = moves.cumsum(axis=0) / 1000
        found[str(path.get("stroke"))] = np.column_stack([places[:, 0], 1 - places[:, 1]])
    return found


def test_every_point_is_a_dot_in_its_colour_and_place(result: ContrastResult) -> None:
    picture = figures.packed(figures.neuron_scatter(result))
    found = dots(figures.scatter_preview(picture))
    ends = [picture["layout"][axis]["range"] for axis in ("xaxis", "yaxis")]
    statistic = result.tests.statistic
    sides = (~result.significant, result.significant & (statistic > 0), result.significant & (statistic < 0))
    for (_, colour), side in zip(picture["data"][0]["marker"]["colorscale"], sides, strict=True):
        values = np.column_stack([np.flatnonzero(side), statistic[side]])
        expected = (values - [low for low, _ in ends]) / [high - low for low, high in ends]
        np.testing.assert_allclose(found[colour], expected, atol=0.00051)
    everything = np.concatenate(list(found.values()))
    assert len(everything) == result.n_neurons and (everything > 0).all() and (everything < 1).all()


def test_a_neuron_that_was_not_tested_has_no_dot() -> None:
    statistic = np.array([np.nan, 1.0, -1.0, 2.0, -2.0, 0.5, 0.1, 3.0])
    picture = figures.packed(figures.neuron_scatter(made_result(statistic=statistic)))
    assert sum(len(its) for its in dots(figures.scatter_preview(picture)).values()) == 7


def test_the_address_can_stand_in_a_style(result: ContrastResult) -> None:
    """Nothing in it ends the address, the style or the element."""
    address = figures.scatter_preview(figures.packed(figures.neuron_scatter(result)))
    assert not set(address) & set("\"'<>\\#\n{}")
