"""What is wrong in a link is said until the user changes a setting, whatever else is wrong or right in it.

Every pair of values is read as the shell reads them, three runs long, without pages; a sample is opened in real ones.
"""

from __future__ import annotations

import itertools
import random

import pytest
import streamlit

from core.errors import UserError
from core.models import count_layers
from core.records import CUSTOM, ContrastSpec
from tests.support.pages import HOME, NEURONS, TEXT, WORDS, link, open_page, said, settle
from ui import model_settings, page, settings, word_settings
from ui.defaults import DEFAULT
from ui.link_values import MAX_VALUE

LONG = "x" * (MAX_VALUE + 1)
LAST = count_layers("bundled") - 1

# What may be wrong with a field, and what its sentence says.
BAD = {
    "model": [("gpt2", "does not offer the model “gpt2”"), (" ", "model is empty"), (LONG, "model has 10,001")],
    "layer": [("99", f"layer is “99”; the model has 0 to {LAST}"), ("-1", "layer is “-1”"), ("x", "layer is “x”")],
    "target": [
        ("cats", "target is “cats”"),
        (CUSTOM, "custom target list without its words"),
        ("a\nb", "target holds"),
    ],
    "baseline": [
        ("cats", "baseline is “cats”"),
        (CUSTOM, "custom baseline list without its words"),
        ("", "baseline is “”"),
    ],
    "n_target": [("1", "n_target is “1”"), ("9000", "n_target is “9000”"), ("much", "n_target is “much”")],
    "n_baseline": [("10001", "n_baseline is “10001”"), ("9000", "n_baseline is “9000”"), ("", "n_baseline is “”")],
    "word_source": [("/etc", "cannot name the folder “/etc”"), (" ", "word_source is empty")],
    "hook_side": [("before", "hook_side is “before”")],
    "pooling": [("max", "pooling is “max”")],
    "leading_space": [("maybe", "leading_space is “maybe”")],
    "prefix": [("2", "prefix is “2”")],
    "drop_shared": [("", "drop_shared is “”")],
    "unit": [("form", "unit is “form”")],
    "test": [("wilcoxon", "test is “wilcoxon”")],
    "correction": [("hope", "correction is “hope”")],
    "family": [("all", "family is “all”")],
    "alpha": [("nan", "alpha is “nan”"), ("0.9", "alpha is “0.9”"), ("five", "alpha is “five”")],
    "seed": [("-1", "seed is “-1”")],
    "dtype": [("half", "dtype is “half”")],
    "shuffle_labels": [("maybe", "shuffle_labels is “maybe”")],
    "target_words": [(LONG, "target_words has 10,001"), ("a\n" * 6000, "12,000 characters in 6,001 lines")],
    "baseline_words": [("w\n" * 7000, "14,000 characters in 7,001 lines")],
    "target_name": [("x" * 41, "target_name has 41 characters"), ("a\x1bb", "target_name holds U+001B")],
    "baseline_name": [("y" * 10_001, "baseline_name has 10,001"), ("\ue000", "baseline_name holds U+E000")],
    "neuron": [("1e3", "neuron is “1e3”"), ("1,2", "neuron is “1,2”")],
    "neurons": [("3,x", "neurons is “x”"), (",".join(map(str, range(9))), "neurons has 9 neurons")],
    "pinned": [("y", "pinned is “y”")],
    "scale": [("loud", "scale is “loud”")],
    "by": [("page", "by is “page”")],
    "colours": [("greys", "colours is “greys”")],
    "threshold": [("7", "threshold is “7”")],
    "both": [("maybe", "both is “maybe”")],
    "plot": [("pie", "plot is “pie”")],
    "gold": [("file", "gold is “file”")],
    "tab": [("table", "tab is “table”"), ("", "tab is “”")],
    "columns": [("sixty", "columns is “sixty”")],
    "image_words": [("1", "image_words is “1”"), ("10001", "image_words is “10001”"), ("all", "image_words is “all”")],
    "steps": [("0,ten", "steps is “ten”"), (",".join(map(str, range(30))), "steps has 30 numbers")],
    "sample": [("my own text", "sample is “my own text”"), ("the-market.txt", "sample is “the-market.txt”")],
}
# What is right, and is not what the default is. "Own lists" is of both classes, whose counts are those of the lists.
GOOD = {
    "layer": "1", "target": "adjectives", "baseline": "adverbs", "n_target": "41", "n_baseline": "43",
    "word_source": "notebook", "hook_side": "activation", "pooling": "last", "leading_space": "0", "prefix": "0",
    "drop_shared": "0", "unit": "word", "test": "mannwhitney", "correction": "sidak", "family": "layer",
    "alpha": "0.01", "seed": "7", "dtype": "bfloat16", "shuffle_labels": "1", "neuron": "9", "pinned": "3",
    "scale": "zero", "by": "word", "colours": "notebook", "threshold": "20", "both": "off", "plot": "volcano",
    "gold": "gum", "tab": "means", "columns": "all", "image_words": "30", "sample": "two-one-dog-or-two",
    "steps": "0,1000",
}  # fmt: skip
CASES = [(name, value, sentence) for name, values in BAD.items() for value, sentence in values]
PAIRS = [pair for pair in itertools.combinations(CASES, 2) if pair[0][0] != pair[1][0]]
OWN = {"baseline": CUSTOM, "baseline_words": "run\ngo\nsee"}


@pytest.fixture(autouse=True)
def a_class(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "1000")


class Address(dict):
    """What is read of ``st.query_params``."""

    def to_dict(self):
        return dict(self)

    def get_all(self, name):
        return [self[name]]


def runs(monkeypatch, params, n_runs=3):
    """What the shell would show in each run of a session that opens a link: sentences, and the view."""
    with monkeypatch.context() as patch:
        # A session's state without its widgets: they keep what they were given.
        patch.setattr(settings, "get_script_run_ctx", lambda: None)
        patch.setattr(streamlit, "session_state", {})
        patch.setattr(streamlit, "query_params", Address(params))
        for _ in range(n_runs):
            settings.begin()
            model_settings.fit_layer()
            word_settings.fit_counts()
            mistake = []
            try:
                settings.update_spec()
            except UserError as error:
                mistake = [str(error)]
            toasts = streamlit.session_state.pop("_toasts", [])
            assert toasts == [], "a sentence that is gone in the next run"
            yield [*(settings.current().problems or []), *mistake], settings.current().view


def value_in(view, name):
    return getattr(view.spec if hasattr(view.spec, name) else view, name)


def as_text(value):
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


def assert_told_and_kept(monkeypatch, cases, good):
    """Each bad value has its sentence in each run, and each good one is used."""
    if good.get("baseline_words"):  # beside its words, the custom list is right
        cases = [case for case in cases if case[:2] != ("baseline", CUSTOM)]
    params = {**good, **{name: value for name, value, _ in cases}}
    bad = {name for name, _, _ in cases}
    for number, (sentences, view) in enumerate(runs(monkeypatch, params)):
        for name, value, sentence in cases:
            assert any(sentence in each for each in sentences), (number, name, value[:20], sentences)
        for name in good.keys() - bad:
            if good[name] == CUSTOM and f"{name}_words" in bad:
                assert value_in(view, name) == getattr(DEFAULT, name)  # it has no words
            elif name in ("target_words", "baseline_words"):
                side = name.removesuffix("_words")
                assert getattr(view.spec, name) == (tuple(good[name].split()) if side not in bad else ())
            else:
                assert as_text(value_in(view, name)) == good[name], (number, name, sentences)


def test_all_is_right_and_nothing_is_said(monkeypatch):
    for good in (GOOD, OWN, {**OWN, "target": CUSTOM, "target_words": "dog\ncat"}):
        for sentences, _ in runs(monkeypatch, good):
            assert sentences == []
    assert BAD.keys() == {*ContrastSpec.__dataclass_fields__, *GOOD, "neurons"}, "each field of a link"


@pytest.mark.parametrize("good", [{}, GOOD, OWN], ids=["alone", "beside good values", "beside an own list"])
def test_every_bad_value_and_every_pair_is_told_in_every_run(monkeypatch, good):
    for case in CASES:
        assert_told_and_kept(monkeypatch, [case], good)
    for pair in PAIRS:
        assert_told_and_kept(monkeypatch, pair, good)


def test_a_sample_of_triples_is_told_in_every_run(monkeypatch):
    rng = random.Random(17)
    for _ in range(1500):
        names = rng.sample(sorted(BAD), 3)
        cases = [(name, *rng.choice(BAD[name])) for name in names]
        assert_told_and_kept(monkeypatch, cases, rng.choice([{}, GOOD, OWN]))


@pytest.mark.parametrize("start", [HOME, NEURONS, WORDS, TEXT])
def test_pages_tell_until_the_user_changes_a_setting(start):
    params = {"baseline": CUSTOM, "baseline_words": "a\nb", "alpha": "nan", "model": "gpt2", "layer": "99"}
    at = open_page(start, None, **params)
    sentences = ("alpha is “nan”", "does not offer the model “gpt2”", f"layer is “99”; the model has 0 to {LAST}")
    for _ in range(3):
        assert all(any(sentence in each for each in said(at.warning)) for sentence in sentences), said(at.warning)
        assert link(at)["baseline_words"] == "a\nb" and link(at)["layer"] == str(LAST)
        settle(at)
    at.number_input(key="alpha").set_value(0.2)
    settle(at)
    assert not any(sentence in each for each in said(at.warning) for sentence in sentences)


@pytest.mark.parametrize("change", ["preset", "model"])
def test_what_a_callback_sets_is_a_change_of_the_users(change):
    at = open_page(HOME, None, alpha="nan", pooling="last")
    assert len(at.warning) == 1
    if change == "preset":
        at.segmented_control(key="preset").set_value("Notebook")
    else:
        at.slider(key="layer").set_value(0)
    assert not settle(at).warning


def test_a_list_too_long_beside_a_valid_one_says_what_is_used_instead():
    long = "\n".join(f"word{number}" for number in range(1500))
    at = open_page(HOME, None, target=CUSTOM, target_words=long, **OWN)
    for _ in range(3):
        sentences = said(at.warning)
        assert f"has {len(long):,} characters in 1,500 lines; a link's value may have 10,000." in sentences[0]
        assert "custom target list without its words; nouns are used." in sentences[1]
        assert link(at)["target"] == "nouns" and link(at)["baseline_words"] == OWN["baseline_words"]
        settle(at)


def test_more_words_than_allowed_beside_a_valid_list_are_a_sentence(monkeypatch):
    """The list stays in its box, where it can be shortened."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "90")
    words = "\n".join(f"w{number}" for number in range(91))
    at = open_page(HOME, None, target=CUSTOM, target_words=words, alpha="nan", **OWN)
    for _ in range(3):
        assert "The custom target list has 91 words; this server allows 90." in said(at.error)[0]
        assert "alpha is “nan”" in said(at.warning)[0] and at.text_area(key="target_text").value == words
        settle(at)


def test_a_random_sample_of_pairs_on_real_pages():
    rng = random.Random(3)
    for pair in rng.sample(PAIRS, 12):
        at = open_page(HOME, DEFAULT, **{name: value for name, value, _ in pair})
        for _ in range(3):
            shown = said([*at.warning, *at.error])
            assert all(any(" ".join(case[2].split()) in each for each in shown) for case in pair), (pair, shown)
            settle(at)


def test_what_is_told_of_a_link_is_what_the_shell_draws():
    """The runs above have no shell: this is the one sentence that it would draw."""
    at = open_page(HOME, DEFAULT, scale="loud")
    assert said(at.warning) == [
        "scale is “loud”; allowed are text90, text, words90, words, zero90, zero. “text90” is used."
    ]
    assert page.plain("a_b") == r"a\_b"
