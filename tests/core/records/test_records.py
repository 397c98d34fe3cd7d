"""The spec keeps every promise: checked, hashable, and the same after a link, a file or a copy."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.records import (
    ALL_CORRECTIONS,
    ALL_TESTS,
    CAREFUL,
    CORRECTIONS,
    CUSTOM,
    FAMILIES,
    HOOK_SIDES,
    MAX_WORDS,
    NOTEBOOK,
    POOLINGS,
    TESTS,
    UNITS,
    WORD_CLASSES,
    ContrastSpec,
)
from core.records.link import MAX_LINK_WORDS, from_params, to_params
from tests.support.tiny_models import assert_one_sentence

CLASSES = (*WORD_CLASSES, CUSTOM)
FIELDS = {item.name for item in fields(ContrastSpec)} - {"target_name", "baseline_name"}  # test_names.py has these
BY_P = [name for name, one in ALL_CORRECTIONS.items() if not one.permutes]
DEFAULT = ContrastSpec.careful(layer=2)


def words() -> st.SearchStrategy[tuple[str, ...]]:
    """Words as a list of one a line gives them: any characters inside, commas and spaces too, no blank ends."""
    word = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=12)
    return st.lists(word.filter(lambda w: w == w.strip()), min_size=2, max_size=20).map(tuple)


def name() -> st.SearchStrategy[str]:
    """A model's or a word source's name: any text that is not blank."""
    return st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()))


@st.composite
def specs(draw: st.DrawFn) -> ContrastSpec:
    """Any spec that is allowed, with all its fields at play."""
    test = draw(st.sampled_from(TESTS))
    target = draw(st.sampled_from(CLASSES))
    baseline = draw(st.sampled_from([c for c in CLASSES if c == CUSTOM or c != target]))
    n_target = draw(st.integers(2, MAX_WORDS))
    return ContrastSpec(
        model=draw(name()),
        layer=draw(st.integers(0, 999)),
        target=target,
        baseline=baseline,
        n_target=n_target,
        n_baseline=n_target if ALL_TESTS[test].paired else draw(st.integers(2, MAX_WORDS)),
        word_source=draw(name()),
        hook_side=draw(st.sampled_from(HOOK_SIDES)),
        pooling=draw(st.sampled_from(POOLINGS)),
        leading_space=draw(st.booleans()),
        prefix=draw(st.booleans()),
        drop_shared=draw(st.booleans()),
        shuffle_labels=draw(st.booleans()),
        unit=draw(st.sampled_from(UNITS)) if not ALL_TESTS[test].paired else "word",
        test=test,
        correction=draw(st.sampled_from(CORRECTIONS if ALL_TESTS[test].score else BY_P)),
        family=draw(st.sampled_from(FAMILIES)),
        alpha=draw(st.floats(0, 1, exclude_min=True, exclude_max=True)),
        seed=draw(st.integers(0, 2**32 - 1)),
        target_words=draw(words()) if target == CUSTOM else (),
        baseline_words=draw(words()) if baseline == CUSTOM else (),
    )


# --- A value among values ---


@settings(max_examples=50, deadline=None)
@given(spec=specs())
def test_it_can_be_a_cache_key(spec: ContrastSpec) -> None:
    """Equal specs have equal hashes; none can be changed in place."""
    copy = replace(spec)
    assert copy == spec and hash(copy) == hash(spec) and copy is not spec
    with pytest.raises(FrozenInstanceError):
        spec.layer = 1  # type: ignore[misc]


def test_changed_is_checked_like_a_new_one() -> None:
    """A copy with other fields; a mistake in it is found."""
    assert DEFAULT.changed(layer=1).layer == 1 and DEFAULT.layer == 2
    with pytest.raises(UserError):
        DEFAULT.changed(test="paired", unit="word", n_target=3)


def test_the_presets_are_the_two_analyses() -> None:
    """The notebook's, which is also the default; and the methodologist's. Neither says what to analyse."""
    notebook = ContrastSpec.notebook()
    assert notebook == ContrastSpec()
    assert (notebook.n_target, notebook.n_baseline, notebook.word_source) == (100, 100, "notebook")
    assert (notebook.hook_side, notebook.pooling, notebook.leading_space) == ("pre-activation", "mean", False)
    assert (notebook.unit, notebook.test) == ("word", "paired")
    assert (notebook.correction, notebook.family) == ("bonferroni", "layer")
    assert notebook.alpha == 0.05
    careful = ContrastSpec.careful(model="m", layer=1, target="verbs", baseline="nouns")
    assert (careful.word_source, careful.drop_shared) == ("bundled", True)
    assert (careful.leading_space, careful.prefix) == (True, True)
    assert (careful.unit, careful.test) == ("lemma", "welch")
    assert (careful.correction, careful.family) == ("holm", "model")
    assert (careful.model, careful.layer, careful.target) == ("m", 1, "verbs")
    assert not {"model", "layer", "target", "baseline"} & {*NOTEBOOK, *CAREFUL}


# --- Every field is checked ---

BAD_VALUES: dict[str, list[Any]] = {
    "model": ["", "  ", None, 3],
    "layer": [-1, 1000, 1.0, "3", True, None],
    "target": ["noun", "", None, ["nouns"]],
    "baseline": ["Verbs", 1],
    "n_target": [1, 0, MAX_WORDS + 1, 2.0, "100", True],
    "n_baseline": [1, -5, MAX_WORDS + 1],
    "word_source": ["", None],
    "hook_side": ["residual", None],
    "pooling": ["max", ""],
    "leading_space": [1, "true", None],
    "prefix": [0, "no"],
    "drop_shared": ["1"],
    "shuffle_labels": [1, "true", None],
    "unit": ["form", "", None, True],
    "test": ["student", None],
    "correction": ["fdr", None],
    "family": ["all", None],
    "dtype": ["float16", "", None],
    "alpha": [0.0, 1.0, -0.1, 1.5, float("nan"), float("inf"), "0.05", 0, None],
    "seed": [-1, 2**32, 0.5, "7"],
    "target_words": [["a", "b"], "ab", (1, 2), ("a", "")],
    "baseline_words": [None, {"a"}],
}


def test_no_field_goes_unchecked() -> None:
    """A field added later must be added to the table above."""
    assert set(BAD_VALUES) == FIELDS


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in BAD_VALUES.items() for v in values], ids=repr)
def test_a_bad_value_is_named(field: str, value: Any) -> None:
    """One sentence with the field's name."""
    with pytest.raises(UserError) as caught:
        ContrastSpec(**{field: value})
    assert_one_sentence(caught.value, field)


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"n_target": 100, "n_baseline": 90}, ["paired", "100", "90"]),
        ({"target": "nouns", "baseline": "nouns"}, ["nouns", "different"]),
        ({"target": CUSTOM}, ["custom target", "empty"]),
        ({"baseline": CUSTOM}, ["custom baseline", "empty"]),
    ],
)
def test_fields_that_do_not_fit_together(values: dict[str, Any], parts: list[str]) -> None:
    """The paired test never turns into another one; a list cannot be compared with itself."""
    with pytest.raises(UserError) as caught:
        ContrastSpec(**values)
    assert_one_sentence(caught.value, *parts)


def test_welch_takes_unequal_counts() -> None:
    """What the paired test refuses."""
    assert ContrastSpec(test="welch", n_target=100, n_baseline=90).n_baseline == 90


# --- There and back ---


@settings(max_examples=200, deadline=None)
@given(spec=specs())
def test_a_link_brings_the_spec_back(spec: ContrastSpec) -> None:
    """Whatever the default that stands under it, as long as the words fit a link."""
    params = to_params(spec)
    assert all(isinstance(value, str) for value in params.values())
    back, problems = from_params(params, DEFAULT)
    lists = ((spec.target, spec.target_words), (spec.baseline, spec.baseline_words))
    if all(c != CUSTOM or len("\n".join(w)) <= MAX_LINK_WORDS for c, w in lists):
        assert (back, problems) == (spec, [])


@settings(max_examples=200, deadline=None)
@given(spec=specs())
def test_json_brings_the_spec_back(spec: ContrastSpec) -> None:
    """Exactly, custom words of any length included."""
    text = spec.to_json()
    assert ContrastSpec.from_json(text) == spec
    assert set(json.loads(text)) == {*FIELDS, "target_name", "baseline_name"}


def test_words_survive_a_link_whatever_is_in_them() -> None:
    """Commas, inner spaces, other alphabets, an emoji, what an address would escape."""
    given_words = ("ice cream", "1,000", "naïve", "слово", "🙂", "a&b=c#d%20+", "o'clock")
    spec = ContrastSpec.careful(target=CUSTOM, target_words=given_words)
    assert from_params(to_params(spec), DEFAULT) == (spec, [])


def test_long_lists_stay_out_of_links() -> None:
    """The link then says custom without the words; opening it falls back and says so."""
    spec = ContrastSpec.careful(target=CUSTOM, target_words=tuple(f"word{i}" for i in range(500)))
    params = to_params(spec)
    assert "target_words" not in params and params["target"] == CUSTOM
    back, problems = from_params(params, DEFAULT)
    assert back == spec.changed(target="nouns", target_words=())
    assert len(problems) == 1 and "custom target" in problems[0]


def test_unused_words_stay_out_of_links() -> None:
    """Words of an earlier custom list are nobody's business once a class was chosen."""
    assert "target_words" not in to_params(ContrastSpec(target_words=("a", "b")))


# --- Bad links ---

BAD_PARAMS: dict[str, list[str]] = {
    "model": ["", " "],
    "layer": ["x", "-1", "1000", "2.5", "", "9" * 5000],
    "target": ["noun", "<img src=x>"],
    "baseline": ["", "verb"],
    "n_target": ["many", "1", "10001"],
    "n_baseline": ["1e3"],
    "word_source": [""],
    "hook_side": ["output"],
    "pooling": ["max"],
    "leading_space": ["yes", "2"],
    "prefix": [""],
    "drop_shared": ["on"],
    "shuffle_labels": ["yes", ""],
    "unit": ["form", ""],
    "test": ["t"],
    "correction": ["x" * 500],
    "family": ["neuron"],
    "dtype": ["float16", ""],
    "alpha": ["0", "1", "nan", "inf", "five", "0,05"],
    "seed": ["-1", "4294967296"],
}


@pytest.mark.parametrize(("field", "text"), [(f, t) for f, texts in BAD_PARAMS.items() for t in texts])
def test_a_bad_link_value_falls_back(field: str, text: str) -> None:
    """The default's value is used, and one sentence says so; the rest of the link holds."""
    other = "seed" if field != "seed" else "layer"
    # All links name the unit with the test, but those from before there was a unit.
    unit = {"unit": DEFAULT.unit} if field == "test" else {}
    spec, problems = from_params({field: text, other: "5", **unit}, DEFAULT)
    assert spec == DEFAULT.changed(**{other: 5})
    assert len(problems) == 1
    assert field in problems[0] and "\n" not in problems[0] and len(problems[0]) < 400
    assert str(getattr(DEFAULT, field)) in problems[0]


def test_every_field_of_a_link_was_tried() -> None:
    """All but the words, which are never wrong by themselves."""
    assert set(BAD_PARAMS) == FIELDS - {"target_words", "baseline_words"}


def test_several_bad_values_are_several_sentences() -> None:
    """One each, and what is not the spec's is ignored."""
    spec, problems = from_params({"layer": "x", "alpha": "y", "neuron": "z"}, DEFAULT)
    assert spec == DEFAULT and len(problems) == 2


def test_a_link_with_unequal_counts_for_a_paired_test() -> None:
    """The test stays what it is; the counts are made equal, and a sentence says so."""
    spec, problems = from_params({"test": "paired", "n_target": "30", "n_baseline": "40"}, DEFAULT)
    assert (spec.test, spec.n_target, spec.n_baseline) == ("paired", 30, 30)
    assert len(problems) == 1 and "30" in problems[0] and "40" in problems[0]


@pytest.mark.parametrize("test", ["welch", "paired", "t"])
def test_a_link_from_before_there_was_a_unit(test: str) -> None:
    """It compared words, whatever is compared by default now; it needs no sentence."""
    params = {name: value for name, value in to_params(DEFAULT.changed(test="welch")).items() if name != "unit"}
    spec, problems = from_params({**params, "test": test}, DEFAULT)
    assert DEFAULT.unit == "lemma" and spec.unit == "word"
    assert [problem.partition(" is ")[0] for problem in problems] == (["test"] if test == "t" else [])
    assert from_params({"layer": "5"}, DEFAULT)[0].unit == "lemma", "a link that leaves the test to the default"


def test_a_link_with_lemmas_for_a_paired_test() -> None:
    """The test stays what it is; words are paired, and a sentence says so."""
    spec, problems = from_params({"test": "paired", "unit": "lemma"}, DEFAULT)
    assert (spec.test, spec.unit) == ("paired", "word")
    (problem,) = problems
    assert "lemma" in problem and problem.endswith("words are used.")
    assert from_params({"unit": "lemma"}, ContrastSpec.notebook()) == (ContrastSpec.notebook(), problems)


@pytest.mark.parametrize("values", [{"test": "mannwhitney"}, {"correction": "max_t"}, {"unit": "word"}])
def test_a_link_with_what_is_new(values: dict[str, str]) -> None:
    """Each is read, alone and together with all other fields."""
    wanted = DEFAULT.changed(**values)
    assert from_params(to_params(wanted), ContrastSpec.notebook()) == (wanted, [])
    assert from_params({"unit": "lemma", **values}, DEFAULT) == (wanted, [])


def test_a_link_that_contradicts_itself() -> None:
    """The same class twice: another one for the side that the link does not name; the rest stays."""
    spec, problems = from_params({"target": "verbs", "layer": "5"}, DEFAULT)
    assert spec == DEFAULT.changed(target="verbs", baseline="nouns", layer=5) and "both verbs" in problems[0]


@settings(max_examples=200, deadline=None)
@given(params=st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(max_size=20)))
def test_no_link_can_break_it(params: dict[str, str]) -> None:
    """Whatever stands in the address: a spec comes back, and every problem is a sentence."""
    spec, problems = from_params(params, DEFAULT)
    assert isinstance(spec, ContrastSpec)
    assert all(problem.endswith(".") for problem in problems)


BAD_JSON = ["", "{", "[]", "3", "null", '{"colour": "red"}', '{"layer": "3"}', '{"layer": [3]}', '{"alpha": 2}']
BAD_JSON += ['{"target_words": null}', '{"target_words": 3}', '{"target_words": "ab"}', '{"target_words": [1]}']


@pytest.mark.parametrize("text", BAD_JSON)
def test_a_bad_file_is_refused(text: str) -> None:
    """Anything but what ``to_json`` wrote: a UserError."""
    with pytest.raises(UserError) as caught:
        ContrastSpec.from_json(text)
    assert "\n" not in str(caught.value)


# --- What activations depend on ---

SAME_READING: dict[str, Any] = {
    "layer": 5, "hook_side": "activation", "unit": "word", "correction": "sidak", "family": "layer", "alpha": 0.01,
    "seed": 9,
}  # fmt: skip
OTHER_READING: dict[str, Any] = {
    "model": "other",
    "dtype": "bfloat16",
    "target": "adverbs",
    "baseline": "pronouns",
    "n_target": 77,
    "n_baseline": 78,
    "word_source": "notebook",
    "pooling": "last",
    "leading_space": False,
    "prefix": False,
    "drop_shared": False,
    "shuffle_labels": True,
}


@pytest.mark.parametrize("field", SAME_READING)
def test_what_a_reading_does_not_depend_on(field: str) -> None:
    """Another layer, side of the nonlinearity, unit or correction finds the activations that are there."""
    changed = DEFAULT.changed(**{field: SAME_READING[field]})
    assert changed != DEFAULT and changed.reading() == DEFAULT.reading()


def test_no_test_but_the_paired_one_is_part_of_a_reading() -> None:
    """All tests share their activations. Only the paired one may use fewer words, where a list is too short."""
    for test in TESTS:
        same = DEFAULT.changed(test=test, unit="word").reading() == DEFAULT.reading()
        assert same == (test != "paired")
    assert DEFAULT.changed(n_target=10).reading().n_target == 10


@pytest.mark.parametrize("field", OTHER_READING)
def test_what_a_reading_depends_on(field: str) -> None:
    """Another model, other words or another hook: other activations."""
    assert DEFAULT.changed(**{field: OTHER_READING[field]}).reading() != DEFAULT.reading()


def test_a_seed_is_part_of_a_reading_if_it_shuffles() -> None:
    """It deals the words to the classes; else it is max-T's alone."""
    control = DEFAULT.changed(shuffle_labels=True)
    assert control.changed(seed=9).reading() != control.reading() != DEFAULT.reading()


def test_a_link_says_that_labels_are_shuffled_and_old_links_say_nothing() -> None:
    """No link is longer than it was."""
    assert "shuffle_labels" not in to_params(DEFAULT)
    control = DEFAULT.changed(shuffle_labels=True, seed=4)
    assert to_params(control) == to_params(DEFAULT) | {"shuffle_labels": "1", "seed": "4"}
    assert "shuffle_labels" not in {*NOTEBOOK, *CAREFUL}


def test_custom_words_are_part_of_a_reading() -> None:
    """Two custom lists of equal length are two readings; and every field was judged."""
    one = DEFAULT.changed(target=CUSTOM, target_words=("a", "b"))
    assert one.reading() != one.changed(target_words=("a", "c")).reading()
    assert {*SAME_READING, *OTHER_READING, "test", "target_words", "baseline_words"} == FIELDS
