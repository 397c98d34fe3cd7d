"""The settings' pure half: a link in, settings out, and back; what a bad link says."""

from __future__ import annotations

import pytest

from core.models import count_layers
from core.records import CUSTOM, ContrastSpec
from ui.settings import DEFAULT, MAX_NEURONS, PRESETS, Settings, matching_preset

UNUSUAL = ContrastSpec(
    layer=1,
    target="adjectives",
    baseline="adverbs",
    n_target=37,
    n_baseline=41,
    word_source="bundled",
    hook_side="activation",
    pooling="last",
    leading_space=True,
    prefix=True,
    drop_shared=True,
    test="welch",
    correction="fdr_by",
    family="model",
    alpha=0.001,
    seed=7,
)
CUSTOM_SPEC = ContrastSpec.careful(
    target=CUSTOM, n_target=3, target_words=("ice cream", "naïve, café", "a&b=c?#%"), baseline=CUSTOM,
    n_baseline=2, baseline_words=("go", "走る"),
)  # fmt: skip


def test_an_empty_link_is_the_default():
    assert Settings.from_params({}) == Settings(spec=DEFAULT)


def test_what_pages_add_is_left_out_while_it_is_the_default():
    assert Settings().to_params() == DEFAULT.to_params()


@pytest.mark.parametrize("spec", [DEFAULT, UNUSUAL, CUSTOM_SPEC, *(ContrastSpec(**p) for p in PRESETS.values())])
@pytest.mark.parametrize(
    ("neuron", "neurons", "scale"), [(None, (), "text"), (0, (), "zero"), (1023, (5, 0, 99), "words")]
)
def test_a_link_brings_everything_back(spec, neuron, neurons, scale):
    settings = Settings(spec=spec, neuron=neuron, neurons=neurons, scale=scale)
    params = settings.to_params()
    assert all(isinstance(value, str) for value in params.values())
    assert Settings.from_params(params) == settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("layer", "three", "not a number"),
        ("layer", "-1", "whole number from 0"),
        ("layer", "", "not a number"),
        ("target", "<b>nouns</b>", "allowed are nouns, verbs"),
        ("baseline", "nouns", "both nouns"),
        ("n_target", "1", "from 2 to 10,000"),
        ("n_target", "1e3", "not a number"),
        ("n_baseline", "10001", "from 2 to 10,000"),
        ("hook_side", "before", "pre-activation, activation"),
        ("pooling", "max", "mean, last"),
        ("leading_space", "maybe", "true and false"),
        ("prefix", "2", "true and false"),
        ("drop_shared", "", "true and false"),
        ("test", "wilcoxon", "paired, welch"),
        ("correction", "hochberg", "bonferroni"),
        ("family", "all", "layer, model"),
        ("alpha", "0", "above 0 and below 1"),
        ("alpha", "nan", "above 0 and below 1"),
        ("alpha", "five", "not a number"),
        ("alpha", "0.00001", "0.0001 to 0.5"),  # a spec may hold these two, the widget may not
        ("alpha", "0.9", "0.0001 to 0.5"),
        ("seed", "-1", "whole number from 0"),
        ("model", " ", "model is empty"),
        ("word_source", "", "word_source is empty"),
        ("neuron", "-1", "neuron is “-1”"),
        ("neuron", "٣", "whole number from 0"),
        ("neuron", "1e2", "whole number from 0"),
        ("neuron", "9999999", "whole number from 0"),
        ("neurons", "many", "neurons is “many”"),
        ("scale", "log", "text, zero, words"),
    ],
)
def test_a_bad_value_falls_back_and_says_so_once(name, value, said):
    settings = Settings.from_params({name: value})
    assert settings.spec == DEFAULT
    assert (settings.neuron, settings.neurons, settings.scale) == (None, (), "text")
    assert len(settings.problems) == 1
    assert said in settings.problems[0] and settings.problems[0].endswith(".")


def test_a_bad_value_leaves_the_good_ones_alone():
    params = {**UNUSUAL.to_params(), "correction": "x" * 5000, "neuron": "12", "unknown": "ignored"}
    settings = Settings.from_params(params)
    assert settings.spec == UNUSUAL.changed(correction=DEFAULT.correction)
    assert settings.neuron == 12
    assert len(settings.problems) == 1 and len(settings.problems[0]) < 300


def test_good_neurons_of_a_list_stay_once_each_and_not_too_many():
    settings = Settings.from_params({"neurons": "5,x,5,7"})
    assert settings.neurons == (5, 7) and len(settings.problems) == 1
    many = Settings.from_params({"neurons": ",".join(str(n) for n in range(20))})
    assert many.neurons == tuple(range(MAX_NEURONS))


def test_a_link_cannot_read_a_folder_of_the_server(tmp_path):
    settings = Settings.from_params({**UNUSUAL.to_params(), "word_source": str(tmp_path)})
    assert settings.spec == UNUSUAL.changed(word_source="bundled")
    assert len(settings.problems) == 1 and "cannot name the folder" in settings.problems[0]


def test_a_layer_that_the_model_lacks_becomes_its_last():
    n_layers = count_layers("bundled")
    settings = Settings.from_params({"layer": str(n_layers)})
    assert settings.spec == DEFAULT.changed(layer=n_layers - 1)
    assert len(settings.problems) == 1 and f"0 to {n_layers - 1}" in settings.problems[0]
    assert Settings.from_params({"layer": str(n_layers - 1)}).problems == []


def test_a_paired_test_of_unequal_counts_is_mended():
    settings = Settings.from_params({"test": "paired", "n_target": "30", "n_baseline": "40"})
    assert (settings.spec.n_target, settings.spec.n_baseline) == (30, 30)
    assert len(settings.problems) == 1 and "equal counts" in settings.problems[0]


def test_a_custom_list_too_long_for_a_link_falls_back():
    words = tuple(f"word{i}" for i in range(1000))
    spec = ContrastSpec.careful(target=CUSTOM, n_target=1000, target_words=words)
    settings = Settings.from_params(Settings(spec=spec).to_params())
    assert settings.spec.target == "nouns" and settings.spec.target_words == ()
    assert any("custom target list" in problem for problem in settings.problems)


def test_the_presets_are_known_again():
    assert matching_preset(DEFAULT) == "Careful"
    assert matching_preset(ContrastSpec()) == "Notebook"
    # A preset says how to analyse, not what.
    assert matching_preset(ContrastSpec(model="other/model", layer=1, target="adverbs")) == "Notebook"
    assert matching_preset(ContrastSpec(correction="holm")) is None
    assert matching_preset(DEFAULT.changed(n_target=501)) is None
