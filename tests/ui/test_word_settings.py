"""The sidebar's choice of words: no list is asked for more than it has, no class is a dead end, and the unit."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.records import CUSTOM, MAX_WORDS, WORD_CLASSES, ContrastSpec
from core.records.link import to_params
from core.words import list_length
from tests.support.pages import (
    HOME,
    NEURONS,
    PAIRED,
    SMALL,
    WORDS,
    assert_shows,
    go_to,
    link,
    open_page,
    said,
    settle,
)
from ui.custom_words import custom_words
from ui.defaults import DEFAULT

NOUNS, PRONOUNS, PARTICLES = (list_length(name, "bundled") for name in ("nouns", "pronouns", "particles"))
LARGE = SMALL.changed(n_target=80, n_baseline=80)


def choose(at, **values):
    heard(at, **values)
    return at


def heard(at, **values):
    """Choose values, and return the messages of the first run: they are gone in the next one."""
    for key, value in values.items():
        at.get_by_key(key).set_value(value)
    messages = said(at.run().toast)
    settle(at)
    return messages


def counts(at):
    return at.number_input(key="n_target").value, at.number_input(key="n_baseline").value


def all_used(name, n):
    return f"The list of {name} has {n:,} words: all of them are used."


# --- Lengths ---


def test_what_a_list_has_stands_beside_the_number():
    at = open_page(WORDS)
    assert at.number_input(key="n_target").help.startswith(f"The list has {NOUNS:,}: ")
    choose(at, target="particles")
    assert at.number_input(key="n_target").help.startswith(f"The list has {PARTICLES}: ")
    choose(at, word_source="notebook")
    boxes = [at.number_input(key=f"n_{side}") for side in ("target", "baseline")]
    assert [box.label for box in boxes] == ["Target words", "Baseline words"]
    assert [box.help.partition(": ")[0] for box in boxes] == ["The list has 500", "The list has 10,000"]


def test_the_servers_limit_holds_too(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    at = open_page(WORDS)
    choose(at, n_target=61)
    assert said(at.error) == ["61 is out of range: 2 to 60 target words are allowed."] and counts(at) == (61, 40)
    choose(at, n_target=40)
    assert counts(choose(at, target="particles")) == (PARTICLES, 40)


@pytest.mark.parametrize("page", [HOME, NEURONS, WORDS])
def test_more_words_than_there_are_become_all_of_them(page, contrast):
    at = open_page(page)
    assert heard(at, n_target=MAX_WORDS) == [all_used("nouns", NOUNS)] and not at.error
    assert counts(at) == (NOUNS, 40) and link(at) == to_params(SMALL.changed(n_target=NOUNS))
    if page == NEURONS:
        assert_shows(at, contrast(SMALL.changed(n_target=NOUNS)))
    assert heard(at, n_target=NOUNS) == [] and counts(at) == (NOUNS, 40)
    choose(at, n_target=40)
    assert link(at) == to_params(SMALL)


# --- No dead end ---


def test_500_adverbs_of_the_careful_preset(contrast):
    """Once they were a dead end: the list had 390."""
    spec = DEFAULT.changed(baseline="adverbs")
    at = open_page(NEURONS, spec)
    assert not at.error and not at.warning and not at.toast
    assert_shows(at, contrast(spec))


@pytest.mark.parametrize("preset", ["Careful", "Notebook"])
@pytest.mark.parametrize("word_class", WORD_CLASSES[2:])
def test_every_class_that_is_offered_has_words(word_class, preset):
    """From the careful default and the curated lists; without a network, they stand in for the notebook's."""
    at = choose(open_page(WORDS, DEFAULT), target=word_class)
    at = choose(at, preset=preset)
    assert not at.error and at.segmented_control(key="preset").value == preset
    careful = preset == "Careful"
    n = min(500 if careful else 100, list_length(word_class, "bundled"))
    assert counts(at)[0] == min(500 if careful else 100, list_length(word_class, "bundled" if careful else "notebook"))
    shown = at.dataframe[0].value["word"]
    assert 2 <= len(shown) <= n


def test_a_shorter_class_and_back_again():
    at = open_page(WORDS, LARGE)
    assert heard(at, target="pronouns") == [all_used("pronouns", PRONOUNS)] and counts(at) == (PRONOUNS, 80)
    go_to(go_to(at, HOME), WORDS)
    assert heard(at, target="particles") == [all_used("particles", PARTICLES)] and counts(at) == (PARTICLES, 80)
    choose(at, target=CUSTOM)
    assert len(at.error) == 1 and "is empty" in said(at.error)[0]
    assert heard(at, target="adjectives") == ["80 adjectives are used again."] and counts(at) == (80, 80)
    assert link(at) == to_params(LARGE.changed(target="adjectives"))


def test_a_number_that_was_changed_since_stays():
    at = choose(open_page(WORDS, LARGE), target="particles")
    choose(at, n_target=15)
    assert heard(at, target="nouns") == [] and counts(at) == (15, 80)


def test_the_other_source_has_another_length():
    at = choose(open_page(WORDS, SMALL.changed(target="pronouns")), word_source="notebook")
    choose(at, n_target=300)
    assert counts(at) == (300, 40) and not at.error
    choose(at, word_source="bundled")
    assert counts(at) == (PRONOUNS, 40)
    choose(at, word_source="notebook")
    assert counts(at) == (300, 40)


def test_a_link_with_too_many_says_so_and_stays_said():
    at = open_page(WORDS, DEFAULT.changed(target="particles"))
    sentence = f"n_target is “500”; the list of particles has {PARTICLES} words: all of them are used."
    for page in (WORDS, HOME):
        go_to(at, page)
        assert sentence in said(at.warning) and not at.error and not at.toast
    assert at.segmented_control(key="preset").value == "Careful"


# --- Paired ---


def test_the_paired_test_uses_as_many_of_both():
    spec = LARGE.changed(unit="word", test="paired")
    equal = "The paired test needs equal counts: {} words of each class are used."
    at = open_page(WORDS, spec)
    assert heard(at, baseline="particles") == [all_used("particles", PARTICLES), equal.format(PARTICLES)]
    assert counts(at) == (PARTICLES, PARTICLES) and not at.error
    assert heard(at, test="welch") == ["80 nouns are used again."] and counts(at) == (80, PARTICLES)
    assert heard(at, test="paired") == [equal.format(PARTICLES)] and counts(at) == (PARTICLES, PARTICLES)
    choose(at, baseline="verbs")
    assert counts(at) == (80, 80) and link(at) == to_params(spec)


def test_unequal_counts_that_were_typed_are_a_mistake_still():
    """Only what a list lacks is changed by itself."""
    at = choose(open_page(WORDS, LARGE.changed(unit="word", test="paired")), baseline="particles")
    choose(at, n_baseline=10)
    assert counts(at) == (PARTICLES, 10) and len(at.error) == 1
    choose(at, n_target=10)
    assert not at.error and counts(at) == (10, 10)


# --- The unit ---


def test_the_unit_is_a_setting(contrast):
    at = open_page(NEURONS)
    assert at.selectbox(key="unit").value == "lemma" and not at.selectbox(key="unit").disabled
    assert_shows(at, contrast(SMALL))
    choose(at, unit="word")
    assert link(at) == to_params(SMALL.changed(unit="word"))
    assert_shows(at, contrast(SMALL.changed(unit="word")))
    assert contrast(SMALL).target_units != contrast(SMALL.changed(unit="word")).target_units


def test_a_preset_sets_the_unit():
    at = choose(open_page(WORDS), preset="Notebook")
    assert at.selectbox(key="unit").value == "word" and not at.error
    assert link(at) == to_params(ContrastSpec.notebook(layer=SMALL.layer))
    choose(at, preset="Careful")
    assert at.selectbox(key="unit").value == "lemma" and at.segmented_control(key="preset").value == "Careful"
    choose(at, unit="word")
    assert at.segmented_control(key="preset").value is None


@pytest.mark.parametrize(("spec", "change"), [(SMALL, {"test": "paired"}), (PAIRED, {"unit": "lemma"})])
def test_a_paired_test_of_lemmas_is_one_sentence_with_advice(spec, change):
    at = choose(open_page(NEURONS, spec), **change)
    (sentence,) = said(at.error)
    assert "its unit is the word; the unit lemma was asked for" in sentence
    assert sentence.endswith("Choose words as the unit, or Welch's test.")
    choose(at, unit="word", test="paired")
    assert not at.error and link(at) == to_params(PAIRED)


def test_the_new_test_and_correction_are_offered(contrast):
    spec = SMALL.changed(test="mannwhitney", correction="max_t")
    at = choose(open_page(NEURONS), test="mannwhitney", correction="max_t")
    assert "Mann–Whitney test" in at.selectbox(key="test").options
    assert "Max-T (permutation)" in at.selectbox(key="correction").options
    assert link(at) == to_params(spec)
    assert_shows(at, contrast(spec))


def test_a_list_of_more_characters_than_are_kept_is_told() -> None:
    words = [f"{number:05d}{'x' * 95}" for number in range(10_000)]
    with pytest.raises(UserError, match="target list has more than 1,010,000 characters; make"):
        custom_words("target", "\n\n".join(words))
    assert len(custom_words("target", "\n".join(words))) == 10_000
