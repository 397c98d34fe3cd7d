"""The Preregister page by AppTest: what it shows before the lock, one opening, what was changed, and forged parts."""

from __future__ import annotations

import json
import re

import pytest
from scipy import stats

from core.lesson import STEPS
from core.records.registration_read import registered
from core.report import registration as report
from engine import evidence_steps
from engine.pipeline import Request, cached, forget_everything, is_cached
from tests.support.evidence_page import click, is_there, run_check
from tests.support.made_registrations import made_opened
from tests.support.pages import EVIDENCE, SMALL, go_to, open_page, said, settle
from ui.panels import session_print

PAGE = "pages/8_Preregister.py"
HANDED = []  # the sessions that the page has handed to the print-out's button


@pytest.fixture(autouse=True)
def _note_sessions(monkeypatch):
    HANDED.clear()
    real = session_print._session
    monkeypatch.setattr(
        session_print, "_session", lambda *given, **typed: HANDED.append(real(*given, **typed)) or HANDED[-1]
    )


@pytest.fixture(autouse=True)
def _nothing_found():
    forget_everything()
    yield
    forget_everything()


@pytest.fixture(autouse=True)
def fake_checks(fake_checks, monkeypatch):
    """As the other pages' fake checks, with the tags that the page asks of ``gold_text``."""
    real = evidence_steps.run_check

    def run(name, subject, progress):
        finding = real(name, subject, progress)
        tags = {"own_tags": list(subject.tags(subject.own)), "other_tags": list(subject.tags(subject.other))}
        return finding.__class__(**{**vars(finding), "figures": {**finding.numbers, **tags}})

    monkeypatch.setattr(evidence_steps, "run_check", run)
    return fake_checks


def kept(at):
    """The registrations that this session keeps, the oldest first."""
    parts = at.session_state["_learner"].get("registered", {})
    return sorted(map(registered, parts.values()), key=lambda one: one.registration.locked_at)


def fill(at, hypothesis="Higher for nouns, also for new ones.", direction="target"):
    at.text_area(key="registered_hypothesis").set_value(hypothesis)
    at.button_group(key="registered_direction").set_value(direction)
    return at


def lock(at, **boxes):
    fill(at, **boxes)
    at.button(key="registered_lock").click()
    return settle(at)


def press(at, start):
    at.button(key=next(button.key for button in at.button if button.key.startswith(start))).click()
    return settle(at)


def everything(at):
    return " ".join(said([*at.markdown, *at.caption, *at.warning, *at.info, *at.error]))


def test_a_hypothesis_is_locked_and_its_data_open_once(fake_checks, contrast):
    at = open_page(PAGE, neuron="17")
    assert "Nothing is locked yet" in everything(at) and "held-out lemmas" not in everything(at)
    gold = Request(SMALL, marked=17, check="gold_text")
    assert fake_checks.ran == [] and not is_cached(evidence_steps.finding, gold)
    at.button(key="registered_lock").click()
    settle(at)
    assert said(at.error) == ["The hypothesis is empty: write in your own words what you expect, then lock it."]
    fill(at, direction="baseline").number_input(key="registered_alpha").set_value(0.01)
    lock(at, direction="baseline")
    [one] = kept(at)
    locked = one.registration
    assert (locked.neuron, locked.higher_for, locked.smallest_auc, locked.seen) == (17, "baseline", 0.75, ())
    assert locked.spec == SMALL and one.intact and one.opening is None
    assert (locked.planned_test, locked.planned_alpha) == (SMALL.test, 0.01)
    assert "Nothing is changed" in everything(at)  # the α of the one test is not that of the experiment
    assert (
        locked.model_revision == contrast(SMALL).model.revision
        and at.text_area(key="registered_hypothesis").value == ""
    )
    assert fake_checks.ran == [] and "held-out lemmas" not in everything(at)

    press(at, "open_")
    [one] = kept(at)
    assert one.opening.done and not one.opening.missing and fake_checks.ran == [("gold_text", 17)]
    finding = cached(evidence_steps.finding, Request(locked.spec, marked=17, check="gold_text"))
    own = finding.value if not contrast(SMALL).favours_target(17) else 1 - finding.value
    assert one.opening.gold_text.auc == pytest.approx(own)
    assert {report.of_test(one), report.of_text(one)} <= set(said(at.markdown))
    assert not any(button.key.startswith("open_") for button in at.button)

    at.slider(key="layer").set_value(1)
    settle(at)
    assert "layer: 2 was registered, 1 is reported" in everything(at) and kept(at) == [one]
    assert "neuron: 17 was registered" in everything(at) and "alpha:" not in everything(at)
    press(at, "back_")
    assert at.slider(key="layer").value == 2 and "Nothing is changed" in everything(at)
    lock(at, hypothesis="Again.")
    assert [again.registration.seen for again in kept(at)] == [(), ("gold_text", "opened")]
    assert "the data of an earlier registration of this neuron" in everything(at)


def test_what_was_seen_before_is_in_the_registration():
    at = run_check(open_page(EVIDENCE, SMALL.changed(n_target=60), neuron="17"), "gold_text")
    at.number_input(key="n_target").set_value(40)
    settle(at)
    lock(go_to(at, PAGE))
    assert kept(at)[0].registration.seen == ("gold_text", "more_words")


@pytest.mark.parametrize(
    "spec, sentence, can_lock",
    [
        (SMALL.changed(shuffle_labels=True), "chance has made both groups, so there is no hypothesis", None),
        (
            SMALL.changed(target="custom", target_words=("tea", "milk", "dog", "sun"), n_target=4),
            "is read as a whole",
            None,
        ),
        (SMALL.changed(target="plural-nouns"), "Tagged text: none. No part of speech", True),
        (SMALL.changed(n_target=1_345), "Held-out words: none. The list of nouns has 0 more", True),
        (SMALL.changed(target="past-verbs", baseline="present-verbs", n_target=158), "Held-out words: none", False),
    ],
    ids=["shuffled", "own list", "no tags", "whole list", "neither"],
)
def test_where_data_are_missing_one_sentence_says_so(spec, sentence, can_lock):
    at = open_page(PAGE, spec)
    assert everything(at).count(sentence) == 1
    assert is_there(at, "registered_lock") == (can_lock is not None)
    if can_lock is not None:
        assert at.button(key="registered_lock").disabled != can_lock


def test_the_notebook_preset_plans_its_paired_test():
    at = open_page(PAGE, SMALL.changed(test="paired", unit="word", word_source="bundled"), neuron="17")
    assert at.selectbox(key="registered_test").value == "paired"
    press(lock(at), "open_")
    found = kept(at)[0].opening.held_out
    assert found.n_higher == found.n_lower and found.degrees_of_freedom == found.n_higher - 1


def test_forged_parts_are_left_out_or_marked_and_escaped():
    at = open_page(PAGE)
    good = made_opened(hypothesis="<b>*mine*</b> ![x](http://example.org/x.png)")
    forged = made_opened(hypothesis="Mine.").to_plain()
    forged["registered"]["neuron"] = 3
    parts = {good.digest: good.to_plain(), forged["digest"]: forged, "none": {"digest": 1}, "other": good.to_plain()}
    at.session_state["_learner"] = {"registered": json.loads(json.dumps(parts))}
    settle(at)
    assert "2 kept entries are no registration, and left out." in everything(at)
    assert everything(at).count(report.FORGED) == 1
    assert next(one.value for one in at.markdown if "mine" in one.value).startswith(r"“\<b\>\*mine\*")


def test_the_print_out_has_what_the_browser_keeps_of_lesson_quiz_and_seat(contrast):
    """As it is kept, with something forged beside each."""
    at = open_page(PAGE)
    time = "2026-01-05T10:00:00+00:00"
    quiz = [
        {"kind": "pair", "layer": 2, "neuron": 5, "right": right, "at": f"{time[:18]}{right:d}{time[19:]}"}
        for right in (0, 1)
    ]
    parts = {
        "lesson": {STEPS[0].name: {"guess": 100, "answer": "nouns", "neuron": 7, "at": time}, "no step": {"guess": 1}},
        "quiz": {str(n): {**one, "right": bool(one["right"])} for n, one in enumerate(quiz)}
        | {"more": {"right": True}},
        "seat": {
            "code": "tea",
            "seat": 3,
            "guess": "target",
            "measured": {"g": -1.5, "low": -2, "high": -1, "auc": 0.1, "seat": 3},
        },
    }
    at.session_state["_learner"] = parts
    settle(at)
    done = HANDED[-1]
    assert [(one.step, one.answer, one.at) for one in done.answers] == [(STEPS[0].title, "nouns", time)]
    assert [(one.n_right, one.n) for one in done.scores] == [(1, 2)]
    shown = [float(number) / 100 for number in re.findall(r"[\d.]+", done.scores[0].interval)]
    assert shown == pytest.approx(stats.binomtest(1, 2).proportion_ci(method="wilson"), abs=0.001)
    minus = "\N{MINUS SIGN}"
    assert dict(done.seat) == {
        "Class code": "tea",
        "Seat": "3",
        "Prediction for this seat": "higher for the target",
        "Effect of this seat": f"Hedges' g {minus}1.50 [{minus}2.00, {minus}1.00]",
        "AUC of this seat": "0.100",
    }
    at.session_state["_learner"] = {
        "seat": {"code": "tea", "seat": 3, "guess": "target", "measured": {"g": "much"}},
        "quiz": [],
        "lesson": {},
    }
    settle(at)
    done = HANDED[-1]
    assert list(dict(done.seat)) == ["Class code", "Seat", "Prediction for this seat"]
    assert not done.scores and not done.answers


def test_the_print_out_says_which_words_of_a_claim_are_not_borne():
    at = open_page(PAGE)
    at.text_input(key="session_name").set_value("Ada")
    at.text_input(key="session_claim").set_value("It encodes nouns.")
    settle(at)
    assert "do not bear: “encodes” (no check here bears it)" in everything(at)
    assert "Ada" not in json.dumps([dict(at.query_params), at.session_state["_learner"]])
    click(at, "pin")
    assert at.text_input(key="session_name").value == "Ada"
