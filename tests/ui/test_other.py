"""Experiment B as changes of A: in links, in settings files, swapped, and with mistakes."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.records import CUSTOM, ContrastSpec
from ui import other, settings_file
from ui.link import params_of, read
from ui.link_values import View

A = ContrastSpec.careful(layer=2, n_target=40, n_baseline=40)
LONG = tuple(f"word{number}" for number in range(400))
CHANGES = [
    (("layer", 5),),
    (("hook_side", "activation"), ("alpha", 0.01), ("shuffle_labels", True), ("seed", 7)),
    (("n_target", 30), ("n_baseline", 20), ("test", "mannwhitney"), ("unit", "word"), ("correction", "none")),
    (("target", "adjectives"), ("word_source", "notebook"), ("prefix", False), ("dtype", "bfloat16"), ("neuron", 5)),
    (("target", CUSTOM), ("target_words", ("tea", "a, b", "ale")), ("target_name", "Food")),
    (("family", "layer"), ("leading_space", False), ("drop_shared", False), ("pooling", "last")),
]


@pytest.mark.parametrize("changes", CHANGES)
def test_changes_survive_a_link_and_a_settings_file(changes):
    view = View(A, other=other.changed((), **dict(changes)))
    assert set(view.other) == set(changes)
    for spelled_out in (False, True):
        assert read(params_of(view, spelled_out=spelled_out)) == (view, [])
    opened = settings_file.read(settings_file.content(view, {}), "mine.json")
    assert (opened.view, opened.problems) == (view, [])


@pytest.mark.parametrize("changes", CHANGES)
def test_swapped_twice_is_as_before(changes):
    view = View(A, neuron=3, other=other.changed((), **dict(changes)))
    b = other.spec_of(A, view.other)
    there = other.swapped(view)
    assert there.spec == b and other.spec_of(b, there.other) == A
    back = other.swapped(there)
    assert back.spec == A and other.spec_of(A, back.other) == b and back.neuron == 3


def test_b_follows_a_in_everything_else():
    changes = (("test", "mannwhitney"),)
    for a in (A, A.changed(layer=4, alpha=0.01)):
        assert other.spec_of(a, changes) == a.changed(test="mannwhitney")
    listed = A.changed(target=CUSTOM, target_words=("tea", "ale", "rice"), n_target=3)
    b = other.spec_of(listed, (("target", "nouns"),))
    assert (b.target, b.target_words, b.target_name) == ("nouns", (), "")


def test_a_long_list_is_found_by_its_digest_or_set_aside():
    view = View(A, other=(("target", CUSTOM), ("target_words", LONG)))
    params = params_of(view)
    assert "b_target_words" not in params and len(params["b_target_digest"]) == 8
    assert read(params, other.lists_of(view.other)) == (view, [])
    elsewhere, problems = read(params)
    assert elsewhere == View(A) and len(problems) == 1 and "custom target list for B" in problems[0]
    assert "too long for a link" in other.left_out(view.other)[0] and other.left_out((("layer", 3),)) == []


BAD = {
    "b_layer": "four",
    "b_model": " ",
    "b_hook_side": "middle",
    "b_target": "nuns",
    "b_n_target": "1",
    "b_n_baseline": "99999",
    "b_word_source": "/etc",
    "b_test": "chi",
    "b_alpha": "0.9",
    "b_seed": "-1",
    "b_prefix": "maybe",
    "b_neuron": "-3",
    "b_target_words": "tea\0",
}


@pytest.mark.parametrize(("name", "value"), BAD.items())
def test_a_bad_value_is_set_aside_with_one_sentence(name, value):
    params = {**params_of(View(A)), "b_baseline": "adverbs", name: value}
    view, problems = read(params)
    assert view == View(A, other=(("baseline", "adverbs"),))
    if name != "b_target_words":  # the words of a class that is no list are of no use
        assert len(problems) == 1 and problems[0].startswith(name) and "set aside" in problems[0]


def test_a_server_s_limits_are_those_of_b(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    view, problems = read({**params_of(View(A)), "b_model": "gpt2", "b_n_target": "61"})
    assert view == View(A) and len(problems) == 2
    for changes in ((("model", "gpt2"),), (("n_target", 61),), (("word_source", "/etc"),)):
        with pytest.raises(UserError):
            other.spec_of(A, changes)


@pytest.mark.parametrize("value", [5, [5], [["layer"]], [["layer", "5"]], [["alpha", 1]], [["target_words", [1]]], {}])
def test_a_forged_file_is_refused(value):
    with pytest.raises(UserError):
        other.from_file(value)
    assert other.from_file([["layer", 5], ["unknown", "x"]]) == (("layer", 5),)
