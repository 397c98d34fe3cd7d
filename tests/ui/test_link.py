"""The address as a link: read into a view, and back; what a bad link says."""

from __future__ import annotations

import pytest

from core.models import count_layers
from core.records import CUSTOM, ContrastSpec
from core.records.link import to_params
from core.words import list_length
from ui.defaults import DEFAULT, MAX_NEURONS, PRESETS, matching_preset
from ui.link import params_of, read
from ui.link_values import View

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
    unit="lemma",
    test="mannwhitney",
    correction="max_t",
    family="model",
    alpha=0.001,
    seed=7,
    shuffle_labels=True,
)
CUSTOM_SPEC = ContrastSpec.careful(
    target=CUSTOM, n_target=3, target_words=("ice cream", "naïve, café", "a&b=c?#%"), baseline=CUSTOM,
    n_baseline=2, baseline_words=("go", "走る"),
)  # fmt: skip


MANY = {"pinned": 0, "neurons": 10}


def test_an_empty_link_is_the_default():
    assert read({}) == (View(DEFAULT), [])


def test_what_pages_add_is_left_out_while_it_is_the_default():
    assert params_of(View(DEFAULT)) == to_params(DEFAULT)


@pytest.mark.parametrize("spec", [DEFAULT, UNUSUAL, CUSTOM_SPEC, *(ContrastSpec(**p) for p in PRESETS.values())])
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"neuron": 0, "scale": "zero", "threshold": "35", "both": "off", "pinned": (7,), "plot": "volcano"},
        {
            "neuron": 1023,
            "scale": "words",
            "by": "word",
            "colours": "notebook",
            "pinned": (99, 0, 1),
            "gold": "gum",
        },
    ],
)
def test_a_link_brings_everything_back(spec, choices):
    view = View(spec, **choices)
    params = params_of(view)
    assert all(isinstance(value, str) for value in params.values())
    assert read(params) == (view, [])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("layer", "three", "not a number"),
        ("layer", "-1", "whole number from 0"),
        ("layer", "", "not a number"),
        ("target", "<b>nouns</b>", "allowed are nouns, verbs"),
        ("n_target", "1", "from 2 to 10,000"),
        ("n_target", "1e3", "not a number"),
        ("n_baseline", "10001", "from 2 to 10,000"),
        ("hook_side", "before", "pre-activation, activation"),
        ("pooling", "max", "mean, last"),
        ("leading_space", "maybe", "true and false"),
        ("prefix", "2", "true and false"),
        ("drop_shared", "", "true and false"),
        ("shuffle_labels", "maybe", "true and false"),
        ("unit", "form", "word, lemma"),
        ("test", "wilcoxon", "paired, welch, mannwhitney"),
        ("correction", "hochberg", "bonferroni"),
        ("family", "all", "layer, model"),
        ("dtype", "half", "float32, bfloat16"),
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
        ("scale", "log", "text90, text, words90, words, zero90, zero"),
        ("by", "page", "token, word"),
        ("threshold", "7", "0, 5, 10"),
        ("both", "", "on, off"),
        ("colours", "viridis", "app, notebook"),
        ("plot", "pie", "index, volcano"),
    ],
)
def test_a_bad_value_falls_back_and_says_so_once(name, value, said):
    # A link that names the test but no unit is from before there was a unit.
    view, problems = read({"unit": DEFAULT.unit, name: value})
    assert view == View(DEFAULT)
    assert len(problems) == 1
    assert said in problems[0] and problems[0].endswith(".")


def test_the_same_class_twice_is_another_one_for_the_side_that_the_link_does_not_name():
    for side, other in (("target", "verbs"), ("baseline", "nouns")):
        view, problems = read({side: other, "layer": "1"})
        assert (view.spec.target, view.spec.baseline) == ("verbs", "nouns") and view.spec.layer == 1
        assert len(problems) == 1 and f"both {other}" in problems[0]


def test_a_class_of_a_link_stays_where_a_list_has_no_words():
    view, problems = read({"target": CUSTOM, "baseline": "nouns"})
    assert (view.spec.target, view.spec.baseline) == ("verbs", "nouns")
    assert len(problems) == 1
    assert problems[0].startswith(
        "The link names a custom target list without its words; verbs are used. Words of more"
    )


def test_of_two_counts_of_a_paired_test_the_good_one_is_used():
    view, problems = read({"test": "paired", "n_target": "many", "n_baseline": "40"})
    assert (view.spec.n_target, view.spec.n_baseline) == (40, 40)
    assert len(problems) == 2 and "40 of each are used" in problems[1]


def test_a_bad_value_leaves_the_good_ones_alone():
    params = {**to_params(UNUSUAL), "correction": "x" * 5000, "neuron": "12", "unknown": "ignored"}
    view, problems = read(params)
    assert view == View(UNUSUAL.changed(correction=DEFAULT.correction), neuron=12)
    assert len(problems) == 1 and len(problems[0]) < 300


def test_good_neurons_of_a_list_stay_once_each_and_not_too_many():
    view, problems = read({"neurons": "5,x,5,7"})
    assert view.pinned == (5, 7) and len(problems) == 1
    for name in ("neurons", "pinned"):
        many, problems = read({name: ",".join(str(n) for n in range(20))})
        assert many.pinned == tuple(range(MAX_NEURONS))
        assert problems == [f"{name} has 20 neurons; at most {MAX_NEURONS} are shown. The first ones are used."]
        assert read({name: ",".join(str(n) for n in range(MAX_NEURONS))})[1] == []


def test_neurons_of_an_earlier_version_are_pinned_where_none_are():
    assert read({"neurons": "5,7", "neuron": "3"}) == (View(DEFAULT, 3, (5, 7)), [])
    assert read({"neurons": "5,7", "pinned": ""})[0].pinned == (5, 7)
    assert read({"neurons": "5,7", "pinned": "7,1,5"}) == (View(DEFAULT, pinned=(7, 1, 5)), [])
    view, problems = read({"neurons": "5,8", "pinned": "7,1,5"})
    assert view == View(DEFAULT, pinned=(7, 1, 5)) and len(problems) == 1
    assert problems == ["neurons has 2 neurons; the pinned ones, which the link names too, are shown instead."]
    view, problems = read({name: ",".join(map(str, range(start, start + 9))) for name, start in MANY.items()})
    assert view.pinned == tuple(range(MAX_NEURONS)), "all that came is said: too many of both, and which are shown"
    assert [problem.split(";")[0] for problem in problems] == ["pinned has 9 neurons", "neurons has 9 neurons"]


def test_a_file_of_tagged_text_is_in_no_link():
    assert params_of(View(DEFAULT, gold="file")) == params_of(View(DEFAULT))
    view, problems = read({"gold": "file"})
    assert view.gold == "own" and problems == ["gold is “file”; allowed are own, ewt, gum. “own” is used."]


def test_a_link_cannot_read_a_folder_of_the_server(tmp_path):
    view, problems = read({**to_params(UNUSUAL), "word_source": str(tmp_path)})
    assert view == View(UNUSUAL.changed(word_source="bundled"))
    assert len(problems) == 1 and "cannot name the folder" in problems[0]


def test_a_layer_that_the_model_lacks_becomes_its_last():
    n_layers = count_layers("bundled")
    view, problems = read({"layer": str(n_layers)})
    assert view == View(DEFAULT.changed(layer=n_layers - 1))
    assert len(problems) == 1 and f"0 to {n_layers - 1}" in problems[0]
    assert read({"layer": str(n_layers - 1)})[1] == []


def test_a_paired_test_of_unequal_counts_is_mended():
    view, problems = read({"test": "paired", "n_target": "30", "n_baseline": "40"})
    assert (view.spec.n_target, view.spec.n_baseline) == (30, 30)
    assert len(problems) == 1 and "equal counts" in problems[0]


def test_more_words_than_a_list_has_become_all_of_them():
    has = list_length("particles", "bundled")
    said = f"n_target is “500”; the list of particles has {has} words: all of them are used."
    view, problems = read(to_params(DEFAULT.changed(target="particles")))
    assert (view, problems) == (View(DEFAULT.changed(target="particles", n_target=has)), [said])
    paired = DEFAULT.changed(target="particles", unit="word", test="paired")
    view, problems = read(to_params(paired))
    assert view == View(paired.changed(n_target=has, n_baseline=has))
    assert problems == [said, f"n_baseline is “500”; the paired test uses {has}, as many as the other list has."]


def test_a_paired_test_of_lemmas_is_mended():
    view, problems = read({"test": "paired", "unit": "lemma"})
    assert view == View(DEFAULT.changed(test="paired", unit="word"))
    assert len(problems) == 1 and "words are used" in problems[0]


def test_a_custom_list_too_long_for_a_link_falls_back():
    words = tuple(f"word{i}" for i in range(1000))
    spec = ContrastSpec.careful(target=CUSTOM, n_target=1000, target_words=words)
    view, problems = read(params_of(View(spec)))
    assert view.spec.target == "nouns" and view.spec.target_words == ()
    assert any("custom target list" in problem for problem in problems)


def test_a_custom_list_too_long_for_a_link_is_the_one_in_the_box():
    words = tuple(f"word{i}" for i in range(1000))
    texts = {"target_text": "\n".join(words), "baseline_text": "one"}  # one word is too few for a list
    view = View(ContrastSpec.careful(target=CUSTOM, n_target=1000, target_words=words))
    assert read(params_of(view), texts) == (view, [])
    assert read(params_of(View(DEFAULT)), texts) == (View(DEFAULT), [])
    assert read({"target": CUSTOM, "target_words": "dog\ncat"}, texts)[0].spec.target_words == ("dog", "cat")


def test_two_neurons_in_place_of_one_are_set_aside():
    view, problems = read({"neuron": "1,2"})
    assert view == View(DEFAULT) and len(problems) == 1 and "“1,2”" in problems[0]


def test_the_presets_are_known_again():
    assert matching_preset(DEFAULT) == "Careful"
    assert matching_preset(ContrastSpec()) == "Notebook"
    # A preset says how to analyse, not what.
    assert matching_preset(ContrastSpec(model="other/model", layer=1, target="adverbs")) == "Notebook"
    assert matching_preset(ContrastSpec(correction="holm")) is None
    assert matching_preset(DEFAULT.changed(n_target=501)) is None
