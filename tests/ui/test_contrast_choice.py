"""The choice of a contrast: it sets both classes, says what else differs, and follows target and baseline."""

from __future__ import annotations

import pytest

from core.records import CUSTOM
from core.records.contrasts import CONTRASTS, contrast_named
from core.records.names import spoken
from core.words import bundled_list
from tests.support.pages import (
    EVIDENCE,
    HOME,
    NEURONS,
    PAGES,
    TEXT,
    WORDS,
    assert_shows,
    go_to,
    link,
    metrics,
    open_page,
    said,
    settle,
)
from ui import link as links
from ui import page
from ui.defaults import DEFAULT

# Quick to compute: one layer is corrected.
SPEC = DEFAULT.changed(n_target=40, n_baseline=40, family="layer")
SINGULAR = contrast_named("contrast", "singular-plural")
PRONOUNS = contrast_named("contrast", "first-third-person")
ASKS = "What else differs between target and baseline? It may be length"


def of_classes(contrast, **changes):
    return SPEC.changed(target=contrast.target, baseline=contrast.baseline, **changes)


def choose(at, name):
    at.selectbox(key="contrast").set_value(name)
    return settle(at)


def classes(at):
    return at.selectbox(key="target").value, at.selectbox(key="baseline").value


def in_sidebar(at):
    return at.selectbox(key="contrast").help


def test_every_contrast_is_offered_in_words_and_so_are_own_lists():
    box = open_page(HOME, SPEC).selectbox(key="contrast")
    assert box.options == [*(each.label for each in CONTRASTS), "Two lists of your own"]
    assert box.value == "nouns-verbs"


def test_choosing_a_contrast_sets_both_classes_and_the_page_says_what_else_differs(contrast):
    at = choose(open_page(NEURONS, SPEC), SINGULAR.name)
    assert classes(at) == ("singular-nouns", "plural-nouns") and not at.error and not at.warning
    assert_shows(at, contrast(of_classes(SINGULAR)))
    line = f"What else differs: {SINGULAR.confounds}"
    assert page.plain(line) in in_sidebar(at) and line in said(at.main.caption)
    assert "contrast" not in link(at) and link(at)["target"] == "singular-nouns"


def test_a_swapped_pair_is_the_same_contrast_and_says_so(contrast):
    at = open_page(NEURONS, of_classes(SINGULAR))
    at.button(key="swap").click()
    settle(at)
    assert classes(at) == ("plural-nouns", "singular-nouns")
    assert at.selectbox(key="contrast").value == SINGULAR.name
    assert "Target and baseline are swapped: plural nouns are the target." in said(at.sidebar.caption)
    assert page.plain(f"What else differs: {SINGULAR.confounds}") in in_sidebar(at)
    assert_shows(at, contrast(SPEC.changed(target="plural-nouns", baseline="singular-nouns")))


def test_another_pair_is_called_so_and_the_page_asks():
    at = open_page(NEURONS, SPEC)
    at.selectbox(key="baseline").set_value("adverbs")
    settle(at)
    box = at.selectbox(key="contrast")
    assert box.value == "another-pair" and box.options[-1] == "Another pair"
    assert ASKS in in_sidebar(at)
    assert any("between nouns and adverbs? It may be" in caption for caption in said(at.main.caption))
    choose(at, "nouns-verbs")
    assert classes(at) == ("nouns", "verbs")
    assert "Another pair" not in at.selectbox(key="contrast").options


def test_two_lists_of_ones_own_with_names():
    at = choose(open_page(NEURONS, SPEC), "own-lists")
    assert classes(at) == (CUSTOM, CUSTOM) and "is empty" in said(at.error)[0]
    for side, words, name in (
        ("target", "tea\nale\nsoup\nbread", "Food_x"),
        ("baseline", "saw\nnail\naxe\nrake", "Tools"),
    ):
        at.text_area(key=f"{side}_text").set_value(words)
        at.text_input(key=f"{side}_name").set_value(name)
    settle(at)
    assert not at.error and at.selectbox(key="contrast").value == "own-lists"
    assert ASKS in in_sidebar(at)
    assert any("What else differs between Food_x and Tools?" in caption for caption in said(at.main.caption))
    choose(at, PRONOUNS.name)
    choose(at, "own-lists")
    assert not at.error and metrics(at)["Significantly higher for Tools"] is not None


def test_shuffled_groups_differ_in_nothing_but_chance():
    at = open_page(NEURONS, of_classes(SINGULAR, shuffle_labels=True))
    assert at.selectbox(key="contrast").value == SINGULAR.name
    assert not [each for each in (in_sidebar(at), *said(at.main.caption)) if "What else differs" in each]


@pytest.mark.parametrize("name", ["first-third-person", "count-mass"])
def test_the_notebook_s_source_has_no_such_list_and_the_page_says_which_is_used(name):
    contrast = contrast_named("contrast", name)
    at = choose(open_page(WORDS, SPEC), name)
    at.segmented_control(key="preset").set_value("Notebook")
    settle(at)
    n = min(100, *(len(bundled_list(side).words) for side in (contrast.target, contrast.baseline)))
    assert not at.error and at.segmented_control(key="preset").value == "Notebook"
    assert (at.number_input(key="n_target").value, at.number_input(key="n_baseline").value) == (n, n)
    for side in (contrast.target, contrast.baseline):
        note = f"The notebook has no list of {spoken(side)}: the bundled list is used."
        assert note in said(at.info)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("test", ["welch", "paired", "mannwhitney"])
def test_eleven_pronouns_on_every_page(page, test):
    unit = "word" if test == "paired" else "lemma"
    at = open_page(page, of_classes(PRONOUNS, test=test, unit=unit, n_target=11, n_baseline=11))
    assert not at.error and at.selectbox(key="contrast").value == PRONOUNS.name


def test_a_browser_can_send_any_contrast():
    at = open_page(HOME, SPEC)
    at.selectbox(key="contrast").options.append("hostile")
    at.selectbox(key="contrast").set_value("hostile")
    settle(at)
    assert classes(at) == ("nouns", "verbs") and at.selectbox(key="contrast").value == "nouns-verbs"


def test_a_page_without_a_tag_for_the_classes_says_why():
    at = open_page(EVIDENCE, of_classes(SINGULAR))
    at = go_to(at, TEXT)
    assert any(
        "No part of speech of a tagged text stands for singular nouns" in caption for caption in said(at.main.caption)
    )


# --- Links


def read(**params):
    view, problems = links.read(params)
    return view.spec, problems


@pytest.mark.parametrize("written", [SINGULAR.name, " Singular-Plural "])
def test_a_link_may_name_a_contrast(written):
    """The careful preset's 500 words are nobody's wish: that the lists have 190 is no mistake of the link."""
    spec, problems = read(contrast=written, layer="2")
    classes = {"target": SINGULAR.target, "baseline": SINGULAR.baseline, "n_target": 190, "n_baseline": 190}
    assert (spec, problems) == (DEFAULT.changed(layer=2, **classes), [])


def test_beside_a_preset_and_a_number_of_words():
    spec, problems = read(contrast="first-third-person", preset="notebook")
    assert (spec.n_target, spec.n_baseline, spec.test, problems) == (11, 11, "paired", [])
    spec, problems = read(contrast="count-mass", words="300")
    assert (spec.n_target, spec.n_baseline) == (170, 170) and len(problems) == 2
    assert problems[0] == "n_target is “300”; the list of count nouns has 170 words: all of them are used."


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"contrast": "singular-plurals"}, "Did you mean singular-plural? It was set aside."),
        ({"contrast": ""}, "contrast is “”; allowed are nouns-verbs, "),
        ({"contrast": "count-mass", "target": "nouns"}, "which names both classes, and the link has target too. The "),
        ({"contrasts": "count-mass"}, "Did you mean contrast?"),
    ],
)
def test_what_is_wrong_with_a_contrast_is_said(params, sentence):
    at = open_page(HOME, None, **params)
    assert any(sentence in warning for warning in said(at.warning)), said(at.warning)
    assert classes(at) == ("nouns", "verbs")
