"""Texts: which settings their values depend on, and what one pass also gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from core.records import ContrastSpec
from engine import steps
from engine.pipeline import Request, resolve

TEXT = "The river runs past the old mill."


pytestmark = pytest.mark.usefixtures("own_world")


@pytest.fixture
def spec(tiny_folder: Callable[[str], Path]) -> ContrastSpec:
    """A tiny model."""
    return ContrastSpec.careful(model=str(tiny_folder("gpt_neo")), layer=2, n_target=20, n_baseline=20)


def passes() -> float:
    return REGISTRY.get_sample_value("grammar_neurons_forward_passes_total", {"kind": "text"}) or 0.0


def test_a_layer_below_the_deepest_read_costs_no_pass(spec: ContrastSpec) -> None:
    """Nor does the deepest again; a deeper one does."""
    before = passes()
    for layer, expected in ((2, 1), (0, 1), (1, 1), (2, 1), (3, 2), (1, 2)):
        activations = resolve(steps.text, Request(spec.changed(layer=layer), TEXT))
        assert activations.layer == layer and passes() - before == expected


def test_a_text_is_kept_by_all_that_it_depends_on_and_no_more(spec: ContrastSpec) -> None:
    first = resolve(steps.text, Request(spec, TEXT))
    for change in ({"alpha": 0.01}, {"n_target": 19}, {"correction": "none"}, {"leading_space": False}):
        assert resolve(steps.text, Request(spec.changed(**change), TEXT)) is first
    for change in ({"hook_side": "activation"}, {"prefix": False}):
        assert resolve(steps.text, Request(spec.changed(**change), TEXT)) is not first
    assert resolve(steps.text, Request(spec, TEXT + " ")) is not first
    half = resolve(steps.text, Request(spec, TEXT + "\ud800"))
    assert half is not resolve(steps.text, Request(spec, TEXT + "\udfff"))
