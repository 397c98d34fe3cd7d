"""The Quiz page: nothing tells the answer before it is given; then it is all there, scored and kept."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from core.quiz import text_round
from core.records import ContrastSpec
from core.records.quiz import QuizAnswer, answers_of, kept_answers
from core.words.minimal_pairs import minimal_pairs
from engine.pipeline import Request, resolve
from engine.quiz_steps import phrases
from tests.support.learner import kept_by_browser
from tests.support.pages import open_page, said, settle
from ui import kept_in_browser, quiz_rounds
from ui.panels import quiz, quiz_texts

QUIZ = "pages/9_Quiz.py"
SPEC = ContrastSpec.careful(layer=3, n_target=200, n_baseline=200)


@pytest.fixture(autouse=True)
def _one_seed(monkeypatch):
    """So that the neurons have three digits, which nothing else on the page has by chance."""
    monkeypatch.setattr(quiz_rounds.secrets, "randbits", lambda n: 5)


def drawn(at, kind="texts"):
    """The round on the screen, as the server's session has it."""
    return at.session_state["_quiz"].open[kind, SPEC.digest]


def sent(at):
    """All that the page has sent to the browser, below its title: each element as it goes over the wire."""
    protos = []

    def collect(block):
        for child in block.children.values():
            if hasattr(child, "children"):
                collect(child)
            if getattr(child, "proto", None) is not None:
                protos.append(str(child.proto))

    collect(at.main)
    return "\n".join(protos)


def html(at):
    return [
        item.proto.body
        for item in at.get("html")
        if "gn-quiz-text" in item.proto.body and "<style>" not in item.proto.body
    ]


def text_of(at):
    return "\n".join(item.value for item in (*at.markdown, *at.caption))


def kept(at):
    return answers_of(at.session_state["_learner"].get("quiz", {}))


def test_a_blind_text_from_the_question_to_the_score(contrast):
    result = contrast(SPEC)
    at = open_page(QUIZ, SPEC)
    quiz = drawn(at).drawn.quiz
    # Before the answer: no number of either neuron, no tag, no value, no class's colour, no link, no file.
    before = sent(at) + repr(dict(at.query_params))
    assert "gn-quiz-text" in before and "Which text is coloured" in before  # so it is the whole page
    for neuron in (quiz.neuron, quiz.other):
        assert neuron >= 100
        assert not re.search(rf"(?<![\d.]){neuron}(?![\d.])", re.sub(r"#[0-9a-f]{6,8}", "", before)), neuron
    assert not re.search(r"\b(NOUN|VERB)\b|\bAUC \d|quiz_show", before)
    assert [button.key for button in at.get("download_button")] == ["save_settings"]
    one, other = html(at)
    assert {*re.findall(r'class="([^"]*)"', one + other)} <= {"gn-quiz-text", *(f"q{step}" for step in range(1, 6))}
    # Both have the same text, and as many words of each colour.
    assert re.sub("<[^>]*>", "", one) == re.sub("<[^>]*>", "", other)
    assert all(one.count(f'"q{step}"') == other.count(f'"q{step}"') for step in range(1, 6))
    assert at.button(key="quiz_answer").disabled
    # A wrong text and the right class.
    number = drawn(at).number
    at.radio(key=f"quiz_which_{number}").set_value("B" if quiz.first else "A")
    at.radio(key=f"quiz_class_{number}").set_value(0 if result.favours_target(quiz.neuron) else 1)
    settle(at)
    at.button(key="quiz_answer").click()
    settle(at)
    real, own = "AB"[not quiz.first], ("nouns" if result.favours_target(quiz.neuron) else "verbs")
    shown = text_of(at)
    assert re.search(rf"(?<![\d.]){quiz.other}(?![\d.])", sent(at))  # what was looked for in vain before
    assert f"Not right: text {real} is by neuron {quiz.neuron}." in shown and f"Right: it is higher for {own}" in shown
    assert f"| Neuron {quiz.other} |" in shown and "tagged NOUN" in shown and f"AUC for {own}" in shown
    hue = "target" if own == "nouns" else "baseline"
    assert [f'class="{hue}' in text for text in html(at)] == [quiz.first, not quiz.first]
    assert {(each.kind, each.neuron, each.right) for each in kept(at)} == {
        ("class", quiz.neuron, True),
        ("which", quiz.neuron, False),
    }
    assert "0 of 1; chance is 0.5; the interval [0%, 79%] includes chance." in shown
    assert "It does not say that the model uses the neuron." in shown
    # The next one is another text and another neuron; to begin again forgets the answers.
    at.button(key="quiz_next").click()
    settle(at)
    again = drawn(at).drawn.quiz
    assert again.text != quiz.text and again.neuron != quiz.neuron and again.other != quiz.other
    at.button(key="quiz_again").click()
    settle(at)
    assert kept(at) == () and "No answer yet." in text_of(at)


def test_a_minimal_pair_is_answered_by_what_the_neuron_does(contrast):
    at = open_page(QUIZ, SPEC)
    at.segmented_control(key="quiz_kind").set_value("pairs")
    settle(at)
    plan, number = drawn(at, "pairs").drawn, drawn(at, "pairs").number
    values = resolve(phrases, Request(SPEC))
    noun, verb = values[plan.pair, :, plan.neuron]
    pair = minimal_pairs()[plan.pair]
    assert f"At the word **{pair.form}**" in text_of(at) and not at.metric
    options = at.radio(key=f"quiz_pair_{number}").options
    higher = pair.nouns[0].sentence if noun > verb else pair.verbs[0].sentence
    at.radio(key=f"quiz_pair_{number}").set_value(options.index(f"“{higher}”"))
    settle(at)
    at.button(key="quiz_answer_pair").click()
    settle(at)
    own_is_noun = contrast(SPEC).favours_target(plan.neuron)
    n_own = sum((row[0] > row[1]) == own_is_noun for row in values[:, :, plan.neuron].tolist())
    assert f"Right: it is higher in “{higher}”." in text_of(at)
    assert f"Over 60 pairs, neuron {plan.neuron} is higher where the word is a " in text_of(at)
    assert f"in **{n_own}**" in text_of(at)
    assert [(each.kind, each.right) for each in kept(at)] == [("pair", True)]
    assert sorted(len(metric.value) > 1 for metric in at.metric) == [True, True]


def test_answers_from_the_browser_are_checked(monkeypatch):
    good = QuizAnswer("which", 3, 9, True, "2026-03-01T10:00:00+00:00")
    forged = {
        **kept_answers([good]),
        "x": {"kind": "which", "layer": "<script>", "neuron": 9, "right": True, "at": "2026-03-01T11:00:00+00:00"},
        "rounds": [1, 2],
    }
    monkeypatch.setattr(kept_in_browser, "answer", lambda: {"quiz": forged})
    at = open_page(QUIZ, SPEC)
    assert "1 of 1; chance is 0.5" in text_of(at) and "script" not in text_of(at)
    assert "more than the" not in text_of(at)
    monkeypatch.setattr(kept_in_browser, "MOST_BYTES", 50)
    assert "what is new ends with this tab" in text_of(settle(at)) and not kept_by_browser(at)


def test_where_no_neuron_is_strong_other_layers_are_offered(monkeypatch):
    """With shuffled labels no neuron is; the counts of all layers are made."""
    spec = ContrastSpec.careful(layer=0, n_target=40, n_baseline=40, shuffle_labels=True)
    strong = np.zeros((4, 512), dtype=bool)
    found = SimpleNamespace(layers=(0, 1, 2, 3), strong=strong)
    monkeypatch.setattr(quiz, "show", lambda step, spec: found)
    at = open_page(QUIZ, spec)
    assert any("is strong here" in warning for warning in said(at.warning)) and not html(at)
    assert "Nor has any other layer" in text_of(at)
    strong[1, :3] = strong[3, :5] = True
    settle(at)
    labels = [button.label for button in at.button if button.label.startswith("Use layer")]
    assert labels == ["Use layer 1 (3 strong)", "Use layer 3 (5 strong)"]
    next(button for button in at.button if button.label == labels[1]).click()
    settle(at)
    assert at.session_state["layer"] == 3


def test_a_plan_that_gives_no_text_is_followed_by_another_one(monkeypatch):
    """Twice none, then one; and where there is never one, a page says so, and does not try for ever."""
    plans, fails = [], [2]

    def sometimes(result, found, plan, shown, rng):
        plans.append(plan)
        return None if len(plans) <= fails[0] else text_round(result, found, plan, shown, rng)

    monkeypatch.setattr(quiz_texts, "text_round", sometimes)
    at = open_page(QUIZ, SPEC)
    assert len(html(at)) == 2 and len(plans) == 3 and len({plan.passage for plan in plans}) == 3
    at.session_state["_quiz"].open.clear()
    fails[0] = 100
    settle(at)
    settle(at)
    assert len(plans) == 3 + 5 and "gave no question in 5 tries" in said(at.warning)[0] and not html(at)


def test_without_tags_and_with_strong_neurons_of_one_class(contrast):
    spec = ContrastSpec.careful(layer=1, target="singular-nouns", baseline="plural-nouns", n_target=40, n_baseline=40)
    result = contrast(spec)
    assert result.strong.any() and not (result.strong & (result.tests.statistic > 0)).any()
    at = open_page(QUIZ, spec)
    round_ = at.session_state["_quiz"].open["texts", spec.digest]
    assert [radio.key for radio in at.radio if radio.key.startswith("quiz_")] == [f"quiz_which_{round_.number}"]
    at.radio[-1].set_value("A" if round_.drawn.quiz.first else "B")
    settle(at)
    at.button(key="quiz_answer").click()
    settle(at)
    assert "It is higher for plural nouns, as all strong neurons of this layer are." in text_of(at)
    assert "Underlined: words in the list of plural nouns" in text_of(at)
    assert [(each.kind, each.right) for each in kept(at)] == [("which", True)]
    at.segmented_control(key="quiz_kind").set_value("pairs")
    settle(at)
    at.button(key="quiz_nouns_0").click()
    settle(at)
    assert (at.session_state["target"], at.session_state["baseline"]) == ("nouns", "verbs")
