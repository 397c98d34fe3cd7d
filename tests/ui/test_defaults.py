"""What pages open with and offer: within the server's limits, and of its models."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from core.models import BUNDLED
from core.records import MAX_WORDS, ContrastSpec
from engine.limits import Limits, variable
from tests.support.tiny_models import N_LAYERS
from ui.defaults import ALPHAS, DEFAULT, PRESETS, WORD_SOURCES, default_spec, matching_preset, preset, within_limits


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in fields(Limits):
        monkeypatch.delenv(variable(item.name), raising=False)


def test_a_page_opens_with_the_careful_contrast_of_the_bundled_model() -> None:
    assert default_spec() == DEFAULT
    assert (DEFAULT.model, matching_preset(DEFAULT)) == (BUNDLED, "Careful")
    assert DEFAULT.word_source in WORD_SOURCES and ALPHAS[0] <= DEFAULT.alpha <= ALPHAS[1]


def test_a_page_opens_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    assert default_spec() == DEFAULT.changed(n_target=60, n_baseline=60)
    assert matching_preset(default_spec()) == "Careful"


def test_the_first_model_of_the_list_is_the_one_that_pages_open_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "EleutherAI/gpt-neo-125m,bundled")
    assert default_spec() == DEFAULT.changed(model="EleutherAI/gpt-neo-125m")  # no copy of it here: the same layer
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled,EleutherAI/gpt-neo-125m")
    assert default_spec() == DEFAULT


def test_another_model_opens_in_its_middle_layer(tiny_folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tiny_folder("gpt_neo")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", f"{folder.name},bundled")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODEL_ROOT", str(folder.parent))
    assert default_spec() == DEFAULT.changed(model=folder.name, layer=N_LAYERS // 2)


def test_no_more_words_are_taken_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ContrastSpec.careful(n_target=50, n_baseline=MAX_WORDS)
    assert within_limits(spec) == spec
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    assert within_limits(spec) == spec.changed(n_baseline=60)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_within_the_limits_and_is_known_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert preset(name) == PRESETS[name]
    assert matching_preset(DEFAULT.changed(**preset(name))) == name
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    spec = DEFAULT.changed(**preset(name))
    assert (spec.n_target, spec.n_baseline) == (60, 60)
    assert matching_preset(spec) == name


def test_a_preset_does_not_mind_what_it_leaves_alone() -> None:
    spec = DEFAULT.changed(model="another", layer=0, target="adjectives", baseline="adverbs", seed=7)
    assert matching_preset(spec) == "Careful"


@pytest.mark.parametrize("change", [{"alpha": 0.01}, {"n_target": 499}, {"correction": "fdr_bh"}, {"prefix": False}])
def test_what_is_no_preset_is_none(change: dict[str, object]) -> None:
    assert matching_preset(DEFAULT.changed(**change)) is None
