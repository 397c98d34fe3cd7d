"""The Lesson page: a guess before its answer, an answer that follows the controls, and progress that is kept."""

from __future__ import annotations

import json
import re

import pytest

from core.lesson import STEPS, Choice, Number, Reveal
from tests.support.learner import browser_answers, kept_by_browser, trigger
from tests.support.pages import HOME, SMALL, link, open_page, said, settle
from ui import app_pages, learner, lesson_progress
from ui.panels import lesson_guess

LESSON = app_pages.LESSON.script
FIRST = STEPS[0]


def press(at, key):
    at.button(key=key).click()
    return settle(at)


def answer_of(at):
    """What stands in the box of the answer; nothing while it is closed."""
    try:
        return [item.value for item in at.get_by_key(lesson_guess.ANSWER).markdown]
    except KeyError:
        return []


def radio(at, step=FIRST):
    return next(each for each in at.radio if each.key.startswith(f"lesson_choice_{step.name}"))


def guess(at, option, step=FIRST):
    radio(at, step).set_value(option)
    return press(at, f"lesson_commit_{step.name}")


def test_the_answer_is_closed_until_a_guess_and_then_follows_the_controls():
    at = open_page(LESSON, step=FIRST.name)
    assert at.header[0].value == f"Step 1 of {len(STEPS)}: {FIRST.title}"
    assert not answer_of(at) and not kept_by_browser(at)
    press(at, f"lesson_commit_{FIRST.name}")
    assert not answer_of(at) and any("Choose an answer first" in item.value for item in at.markdown)
    guess(at, radio(at).options[0])
    before = answer_of(at)
    kept = kept_by_browser(at)["lesson"][FIRST.name]
    assert (kept["guess"], kept["setting"]) == (radio_options(SMALL)[0], SMALL.digest)
    assert f"**{kept['answer']}**" in before[1] and "layer 2" in before[-1]
    assert ("**Right.**" in before) == (kept["guess"] == kept["answer"])
    at.slider(key="lesson_layer").set_value(4)
    settle(at)
    after = answer_of(at)
    assert link(at)["layer"] == "4" and at.slider(key="layer").value == 4, "the sidebar and the link follow"
    assert "layer 4" in after[-1] and after[-1] != before[-1]
    assert f"other settings, where the answer was {kept['answer']}" in " ".join(after)
    assert kept_by_browser(at)["lesson"][FIRST.name] == kept, "what was guessed, and for which settings, stays"
    at.slider(key="layer").set_value(5)
    settle(at)
    assert at.slider(key="lesson_layer").value == 5 and "layer 5" in answer_of(at)[-1]
    press(at, f"lesson_again_{FIRST.name}")
    assert not answer_of(at)
    guess(at, radio(at).options[1])
    again = kept_by_browser(at)["lesson"][FIRST.name]
    assert (again["guess"], again["setting"]) == (radio_options(SMALL)[1], SMALL.changed(layer=5).digest)


def radio_options(spec):
    return FIRST.guess(spec).options


def test_without_a_guess_the_answer_is_shown_and_this_is_kept():
    at = press(open_page(LESSON, step=FIRST.name), f"lesson_show_{FIRST.name}")
    assert kept_by_browser(at)["lesson"][FIRST.name]["guess"] is None
    assert "**Opened without a guess.**" in answer_of(at)
    at = press(at, "lesson_next")
    assert link(at)["step"] == STEPS[1].name and at.header[0].value.startswith("Step 2 of ")
    at = trigger(at, "lesson_stepper", "go", "summary")
    rows = next(item.value for item in at.markdown if item.value.startswith("| step"))
    assert "opened without a guess" in rows and rows.count("not done yet") == len(STEPS) - 1
    press(at, "lesson_forget")
    assert not kept_by_browser(at) and at.header[0].value.startswith("Step 1 of ")


def test_progress_comes_back_from_the_browser_and_what_it_forges_does_not():
    good = {"guess": "nouns", "answer": "verbs", "setting": "0", "neuron": 7, "at": "2026-01-01T00:00:00+00:00"}
    forged = {
        STEPS[0].name: good,
        STEPS[1].name: {**good, "guess": {"a": 1}},
        "x": [1, 2],
        "y": {**good, "answer": float("1e300")},
        "z": {**good, "neuron": True},
    }
    at = browser_answers(open_page(HOME), {"lesson": forged, "quiz": 7, "else": {}})
    labels = [each.proto.label for each in at.main.get("page_link")]
    assert labels[0] == "**Go on with step 2 of the lesson**"
    at.switch_page(LESSON)
    settle(at)
    assert at.header[0].value.startswith("Step 2 of ")
    trigger(at, "lesson_stepper", "go", STEPS[0].name)
    assert any("other settings" in item for item in answer_of(at))
    trigger(at, "lesson_stepper", "go", "no such step")
    assert at.header[0].value.startswith("Step 1 of ")


def test_a_browser_that_keeps_nothing_is_believed():
    at = browser_answers(open_page(LESSON, step=FIRST.name), {"blocked": True})
    assert any("keeps nothing" in caption.value for caption in at.caption)
    assert browser_answers(at, {"blocked": True}).header[0].value.startswith("Step 1")


def test_a_link_to_no_step_says_so_and_a_mistake_in_the_settings_leaves_the_text():
    at = open_page(LESSON, step="no-such-step")
    assert any("step is “no-such-step”" in sentence for sentence in said(at.warning))
    assert link(at)["step"] == FIRST.name
    at = open_page(LESSON, SMALL.changed(model="nobody/has-this"), step=FIRST.name)
    assert len(at.error) == 1 and at.button(key="lesson_next") and radio(at)
    assert " ".join(FIRST.idea) in [item.value for item in at.markdown]


def test_the_whole_lesson_can_be_walked_on_other_settings():
    """With shuffled labels and lists of one's own, each step has an answer or one clear sentence."""
    own = SMALL.changed(
        target="custom", baseline="custom", target_words=("cat", "dog", "sun"), baseline_words=("run", "eat", "sing"),
        unit="word", shuffle_labels=True,
    )  # fmt: skip
    at = open_page(LESSON, own, step=FIRST.name)
    for step in STEPS:
        if step is not FIRST:
            trigger(at, "lesson_stepper", "go", step.name)
        assert at.header[0].value.endswith(step.title) and not at.error
        press(at, f"lesson_show_{step.name}")
        assert len(answer_of(at)) >= 4


def seen(at):
    """All that a picture says: texts, alternatives, and the labels in plots."""
    texts = [str(element.value) for kind in (at.markdown, at.caption) for element in kind]
    texts += [element.proto.body for element in at.get("html") if "<style" not in element.proto.body]
    for chart in at.get("plotly_chart"):
        spec = json.loads(chart.proto.spec)
        labels = [note["text"] for note in spec["layout"].get("annotations", [])]
        labels += [str(text) for trace in spec["data"] if trace["type"] == "bar" for text in trace.get("text", [])]
        texts += [chart.proto.alt, *labels, *(str(trace.get("name")) for trace in spec["data"])]
    return texts


def numbers_in(texts):
    return {number for text in texts for number in re.findall(r"\d+\.\d+%?|\d+%", text)}


def test_no_step_says_its_answer_before_it_is_open():
    """Numbers of the answer, as the page writes them, stand nowhere on the page; but settings do."""
    at = open_page(LESSON, step=FIRST.name)
    for step in STEPS:
        if step is not FIRST:
            trigger(at, "lesson_stepper", "go", step.name)
        before = seen(at)
        press(at, f"lesson_show_{step.name}")
        answer = answer_of(at)
        told = numbers_in(answer) - {"0.05", "5.0%", "0.5", "0.75", "0.90", "0.10", "95%", "97.5%"}
        assert told or step.name == "hook", step.name
        assert not told & numbers_in(before), step.name
        assert not any("unclear" in text for text in before), step.name
        if step.figure in ("spread", "both_sides"):
            assert told & numbers_in(set(seen(at)) - set(answer)), "it is there once the answer is open"


# --- Without a page ---


@pytest.mark.parametrize(
    ("guessed", "right", "asked", "near"),
    [
        ("nouns", "nouns", Choice(("nouns", "verbs")), lesson_guess.RIGHT),
        ("nouns", "verbs", Choice(("nouns", "verbs")), lesson_guess.OFF),
        (31, 31, Number(0, 512), lesson_guess.RIGHT),
        (56, 31, Number(0, 512), lesson_guess.NEAR),  # 25 of 512: 4.9%
        (57, 31, Number(0, 512), lesson_guess.OFF),  # 5.1%
        (94, 93.6, Number(0, 100, unit="%"), lesson_guess.RIGHT),
        (0.5, 0.504, Number(0, 1, whole=False), lesson_guess.RIGHT),
        (0.5, 0.54, Number(0, 1, whole=False), lesson_guess.NEAR),
        (None, 31, Number(0, 512), lesson_guess.NO_GUESS),
        (3, None, Number(0, 512), lesson_guess.NO_ANSWER),
        ("nouns", 31, Number(0, 512), lesson_guess.OFF),  # forged
    ],
)
def test_how_near_a_guess_was(guessed, right, asked, near):
    assert lesson_guess.how_near(guessed, right, asked) == near
    sentence = lesson_guess.verdict(guessed, Reveal(right, 0.0, ""), asked)
    assert sentence.endswith(".") and "wrong" not in sentence.lower()


@pytest.mark.parametrize("value", [-1, 513, float("nan"), float("inf"), 10**400, "many", True])
def test_a_number_beyond_the_range_is_no_guess(value):
    assert "0 to 512 are allowed" in lesson_guess.mistake(value, Number(0, 512))


def test_parts_of_a_learner_are_four():
    assert lesson_progress.PART in learner.PARTS
