"""What a class file changes on pages: what they open with, which are shown, and which settings the sidebar has."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.records import CUSTOM
from core.replication import deal
from core.words import bundled_list
from tests.support.browser import ROOT
from tests.support.pages import HOME, LAYERS, NEURONS, SMALL, TEXT, go_to, link, open_page, said, settle
from ui import class_settings, samples
from ui.app_pages import PAGES
from ui.defaults import default_spec
from ui.lesson_progress import lesson_steps_shown

FILE = """
title = "Week *5*"
welcome = "Begin with Neurons."

[settings]
layer = 2
words = 40
neuron = 17
plot = "volcano"
shuffle_labels = true

[[texts]]
title = "Our street"
text = "We walk home after the walk."

[pages]
show = ["neurons", "Text_heatmap"]

[controls]
show = ["layer", "n_target"]
"""


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Use a class file with this text."""

    def used(text: str) -> None:
        path = tmp_path / f"class{len(list(tmp_path.iterdir()))}.toml"  # each is read once
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("GRAMMAR_NEURONS_CLASS_FILE", str(path))

    return used


def links(at):
    return [item.proto.label for item in at.sidebar.get("page_link")]


def test_without_a_file_everything_is_shown(monkeypatch):
    monkeypatch.delenv("GRAMMAR_NEURONS_CLASS_FILE", raising=False)
    assert class_settings.check() is None and class_settings.view() is None
    assert class_settings.pages() == PAGES and class_settings.spec() == default_spec()
    assert not class_settings.hides("layer") and not class_settings.hidden_settings()


def test_a_class_meets_what_the_file_says(use):
    """One visit of a bare address: settings, pages, controls, texts; a hidden page; and the address can be sent on."""
    use(FILE)
    at = open_page(HOME, None)
    assert "Week \\*5\\*" in [head.value for head in at.header] and "Begin with Neurons." in said(at.markdown)
    assert links(at) == ["Home", "Neurons", "Text heatmap", "Help"]
    cards = [item.proto.page for item in at.main.get("page_link")]
    assert cards == ["Neurons", "Text_heatmap"]
    assert [box.key for box in at.sidebar.selectbox] == [] and at.sidebar.slider(key="layer").value == 2
    assert [box.key for box in at.sidebar.number_input] == ["n_target"] and not at.sidebar.toggle
    assert any("Your class hides" in each for each in said(at.sidebar.caption))
    assert not any("Not as the class has it" in each for each in said(at.sidebar.caption))
    address = link(at)
    assert (address["layer"], address["neuron"], address["plot"]) == ("2", "17", "volcano")
    assert (address["n_target"], address["shuffle_labels"]) == ("40", "1")
    go_to(at, LAYERS)
    assert said(at.warning) == ["This class does not use the page Layers. The sidebar has the pages that it uses."]
    assert not at.metric and links(at) == ["Home", "Neurons", "Text heatmap", "Help"]
    go_to(at, TEXT)
    assert at.text_area(key="text").value == "We walk home after the walk." and "sample" not in link(at)
    assert at.selectbox(key="sample").options[:2] == ["Our street", "The market"]


def test_what_a_link_says_goes_before_and_the_sidebar_says_what_is_hidden(use):
    use(FILE)
    at = open_page(NEURONS, None, correction="bonferroni", layer="1")
    changed = next(each for each in said(at.sidebar.caption) if each.startswith("Not as the class has it"))
    assert changed == "Not as the class has it: correction Bonferroni."
    assert link(at)["layer"] == "1" and link(at)["n_target"] == "40" and "neuron" not in link(at)
    at.button(key="back_to_class").click()
    settle(at)
    assert (link(at)["correction"], link(at)["layer"]) == ("holm", "2")
    assert not any("Not as the class" in each for each in said(at.sidebar.caption))
    # A link that the app wrote is whole: it means the usual default where it says nothing.
    whole = open_page(NEURONS, SMALL)
    assert "shuffle_labels" not in link(whole) and not any("Control." in each for each in said(whole.warning))


def test_a_class_may_bring_its_own_lists(use):
    words = {"target": [f"noun{n}" for n in range(400)], "baseline": [f"verb{n}" for n in range(400)]}
    lines = [f'{side} = "custom"\n{side}_words = {of}\n' for side, of in words.items()]
    use("[settings]\n" + "".join(lines).replace("'", '"') + 'target_name = "Made up"')
    spec = class_settings.spec()
    assert (spec.target, spec.n_target, spec.target_words[3], spec.target_name) == (CUSTOM, 400, "noun3", "Made up")
    at = open_page(HOME, None)
    digest = link(at)["target_digest"]  # too long for a link
    again = open_page(HOME, None, **link(at))
    assert link(again)["target_digest"] == digest and not said(again.warning)


WRONG = {
    "[settings]\ntarget = 'custom'\ntarget_words = ['only']": "target_words has 1 word; at least 2 are needed.",
    "[settings]\npreset = 'notebook'\ntarget = 'custom'\ntarget_words = ['a', 'b']": "[settings]: The paired test",
    "[pages]\nshow = ['Neurons']\n[study]\ncode = 'meadow'": "[study]: it is for the page Class, which",
    "[settings]\nlayer = 99": "[settings]: layer is “99”; the model has 0 to 5.",
    "[settings]\nlaier = 2": "[settings]: “laier” is no setting. Did you mean layer?",
    "[settings]\nalpha = 'much'": "[settings]: alpha is “much”, which is not a number.",
    "[settings]\nplot = 'pie'": "[settings]: plot is “pie”; allowed are index, volcano.",
    "[settings]\npreset = 'cautious'": "[settings]: preset is “cautious”; notebook, careful and localiser are offered.",
    "[settings]\nsample = 'x'": "[settings]: sample is “x”; the texts of this version are",
    "[pages]\nshow = ['Nuerons']": "[pages]: “Nuerons” is no page. Did you mean Neurons?",
    "[lesson]\nsteps = ['hok']": "[lesson]: “hok” is no step of the lesson. Did you mean hook?",
    "[[texts]]\ntitle = 'The market'\ntext = 'x'": "[[texts]]: a text of the app or another one is called “the-market”",
    "[study]\nlayer = 99": "[study]: layer is “99”; the model has 0 to 5.",
    "[study]\nneuron = 999999": "[study]: neuron is “999999”; a layer of the model has 0 to 511.",
    "[settings]\nneuron = 512\n[study]": "[study]: neuron is “512”; a layer of the model has 0 to 511.",
    "[study]\nwords = 24\nseats = 64": "[study]: seats is “64”; with 24 words of each class a seat, these lists have "
    "words for 32.",
    "[settings]\ncontrast = 'singular-plural'\n[study]\nwords = 200": "[study]: A seat was to have 200 words of each",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_only_pages_know_is_checked_too(use, text):
    use(text)
    with pytest.raises(UserError) as caught:
        class_settings.check()
    sentence = str(caught.value)
    assert WRONG[text] in sentence and sentence.startswith("class0.toml, [") and caught.value.about == "variable"
    assert "set aside" not in sentence and " used." not in sentence


def test_the_lesson_has_the_steps_of_the_class_in_its_own_order(use):
    use("[lesson]\nsteps = ['chance', 'hook']")
    class_settings.check()
    assert [step.name for step in lesson_steps_shown()] == ["hook", "chance"]


def test_no_sentence_leads_to_a_hidden_page_and_home_counts_the_steps_shown(use):
    use("[pages]\nshow = ['Neurons', 'Layers', 'Lesson']\n[lesson]\nsteps = ['chance', 'hook']")
    at = open_page(NEURONS, SMALL.changed(target="adverbs", baseline="numbers"))
    asked = [each for each in said(at.main.caption) if "What else differs between" in each]
    assert asked and asked[0].endswith("endings or topic.") and not asked[0].endswith(" ")
    for page in (NEURONS, LAYERS, HOME):
        go_to(at, page)
        assert not at.exception
        texts = [*said(at.caption), *said(at.markdown), *(box.help for box in at.selectbox)]
        assert not [each for each in texts if "Evidence" in each or "Text heatmap" in each]
    assert "2 steps. Guess, look at the live model, and see what the numbers bear." in said(at.markdown)


def test_hiding_both_classes_hides_what_changes_both(use):
    use("[controls]\nhide = ['target', 'baseline']")
    assert class_settings.hides("contrast") and class_settings.hides("swap") and not class_settings.hides("n_target")
    use("[controls]\nhide = ['target']")
    assert not class_settings.hides("contrast")
    use("[controls]\nshow = ['contrast']")  # that says it itself
    assert not class_settings.hides("contrast") and class_settings.hides("target")


def test_a_model_that_is_not_offered_is_a_mistake(use, monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    use("[settings]\nmodel = 'gpt2'")
    with pytest.raises(UserError, match=r"does not offer the model “gpt2”; it offers bundled\.$"):
        class_settings.check()


def test_a_page_says_the_mistake_where_no_server_has_looked(use):
    """Without serve.py, as on one's own computer."""
    use("[pages]\nshow = ['Nuerons']")
    at = open_page(HOME)
    assert len(said(at.error)) == 1 and "Did you mean Neurons?" in said(at.error)[0] and not at.sidebar.get("page_link")


def test_the_example_is_used_as_it_stands(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_CLASS_FILE", str(ROOT / "deploy" / "class" / "class.toml"))
    file = class_settings.check()
    assert file and class_settings.spec() == default_spec().changed(n_target=200, n_baseline=200)
    assert samples.names()[:2] == ("at-the-harbour", "one-sentence-twice")
    assert samples.find("one-sentence-twice").texts == (file.texts[1].text,)
    assert file.study and file.study.seats and file.study.words
    spec, _ = class_settings.study_of(file.study)
    seat = spec.changed(n_target=file.study.words, n_baseline=file.study.words)
    assert file.study.seats <= deal(seat, "any-code").n_seats < 2 * file.study.seats


def test_the_lists_of_the_class_are_whole_in_its_study(use):
    """As pages open with them, so that the neuron with the largest statistic is the one that they show."""
    words = "[" + ", ".join(f"'{word}'" for word in bundled_list("nouns").words[:60]) + "]"
    use(f"[settings]\ntarget = 'custom'\ntarget_words = {words}\n[study]\nwords = 12\nseats = 2\nlayer = 1")
    file = class_settings.check()
    spec, neuron = class_settings.study_of(file.study)
    assert (spec, neuron) == (class_settings.spec().changed(layer=1), None) and spec.n_target == 60


def test_a_start_waits_for_no_word_list(use, monkeypatch):
    """The notebook's lists, which are not here: how many seats they have words for is seen on the page."""
    monkeypatch.setattr("core.words.download.cached", lambda *_: None)
    monkeypatch.setattr("core.replication.deal", None)
    use("[settings]\nword_source = 'notebook'\n[study]\nwords = 24\nseats = 200")
    assert class_settings.check()
