"""The table of presets: each has all settings, and says how it selects."""

from __future__ import annotations

from dataclasses import fields

import pytest

from core.records import ALL_PRESETS, DEFAULT_PRESET, PRESETS, PROTOCOL, ContrastSpec, Preset
from core.records.presets import NOTEBOOK, with_protocol

# What a preset leaves to the user.
NOT_SET = {"model", "layer", "target", "baseline", "seed", "shuffle_labels"}


@pytest.mark.parametrize("preset", ALL_PRESETS.values(), ids=ALL_PRESETS)
def test_a_preset_sets_how_to_analyse_and_nothing_else(preset: Preset) -> None:
    names = {item.name for item in fields(ContrastSpec)}
    own_lists = {name for name in names if name.endswith(("_words", "_name"))}
    assert set(preset.settings) == set(NOTEBOOK) == names - NOT_SET - own_lists
    spec = ContrastSpec.of_preset(preset.name)
    assert spec.top_share == preset.top_share
    assert preset.about.endswith(".") and preset.source and preset.label
    assert preset.name == preset.label.casefold(), "a link may have either"


@pytest.mark.parametrize("preset", [one for one in ALL_PRESETS.values() if one.top_share], ids=lambda one: one.name)
def test_a_share_of_the_model_needs_all_layers(preset: Preset) -> None:
    assert 0 < preset.top_share < 1 and preset.settings["family"] == "model" and preset.differs


def test_no_two_presets_with_one_protocol_select_otherwise() -> None:
    for one in ALL_PRESETS.values():
        assert with_protocol(one.settings).top_share == one.top_share
    assert set(PROTOCOL) < set(NOTEBOOK) and DEFAULT_PRESET in PRESETS


def test_a_protocol_is_followed_whatever_the_words_are() -> None:
    """Other words, or another way to read them, are the same protocol. Another test is not."""
    spec = ContrastSpec.of_preset("localiser", target="adjectives", n_target=60, pooling="mean", prefix=False, seed=3)
    assert spec.top_share == 0.01
    for name, value in (("test", "welch"), ("correction", "holm"), ("alpha", 0.01), ("hook_side", "pre-activation")):
        assert spec.changed(**{name: value}).top_share is None
