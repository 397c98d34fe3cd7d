"""What pages open with and offer: within the server's limits, and of its models."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from core.models import BUNDLED
from core.records import CUSTOM, MAX_WORDS, WORD_SOURCES, ContrastSpec
from core.words import list_length, lists
from engine.limits import Limits, variable
from tests.support.tiny_models import N_LAYERS
from ui.defaults import (
    ALPHAS,
    DEFAULT,
    PRESETS,
    default_spec,
    length_of,
    matching_preset,
    preset,
    within_limits,
    within_lists,
)


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


def test_a_preset_is_known_again_with_lists_that_have_fewer_words() -> None:
    spec = DEFAULT.changed(target="particles", baseline="pronouns")
    particles, pronouns = (list_length(name, "bundled") for name in ("particles", "pronouns"))
    assert particles < pronouns < 500
    assert within_lists(spec) == spec.changed(n_target=particles, n_baseline=pronouns)
    assert matching_preset(within_lists(spec)) == "Careful"
    assert matching_preset(spec.changed(n_target=particles - 1, n_baseline=pronouns)) is None
    assert matching_preset(ContrastSpec.notebook(target="particles")) == "Notebook"


def test_no_more_words_are_taken_than_the_lists_have() -> None:
    pronouns = list_length("pronouns", "bundled")
    paired = ContrastSpec(word_source="bundled", target="pronouns", n_target=80, n_baseline=80)
    assert pronouns < 80
    assert within_lists(paired) == paired.changed(n_target=pronouns, n_baseline=pronouns)
    assert within_lists(paired.changed(test="welch")) == paired.changed(test="welch", n_target=pronouns)
    whole = ContrastSpec.notebook(target="pronouns", n_target=MAX_WORDS, n_baseline=MAX_WORDS)
    assert within_lists(whole) == whole, "the notebook's list has as many"
    own = paired.changed(baseline=CUSTOM, baseline_words=("a", "b"))
    assert within_lists(own) == own, "a list of one's own is used whole"
    assert within_lists(own.changed(test="welch")) == own.changed(test="welch", n_target=pronouns)


def test_the_length_of_what_is_not_offered_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert length_of("verbs", "bundled") == list_length("verbs", "bundled")
    assert length_of("verbs", "notebook") == 10_000
    unknown = [(CUSTOM, "bundled"), ("noun", "bundled"), ("verbs", "/etc"), (None, None)]
    assert [length_of(*pair) for pair in unknown] == [None] * 4
    monkeypatch.setattr(lists, "BUNDLED_FOLDER", tmp_path)
    list_length.cache_clear()
    assert length_of("verbs", "bundled") is None
    list_length.cache_clear()


def test_a_preset_sets_the_unit() -> None:
    assert (preset("Careful")["unit"], preset("Notebook")["unit"]) == ("lemma", "word")
    assert matching_preset(DEFAULT.changed(unit="word")) is None


@pytest.mark.parametrize("change", [{"alpha": 0.01}, {"n_target": 499}, {"correction": "fdr_bh"}, {"prefix": False}])
def test_what_is_no_preset_is_none(change: dict[str, object]) -> None:
    assert matching_preset(DEFAULT.changed(**change)) is None
