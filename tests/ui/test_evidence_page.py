"""The Evidence page by AppTest: cold, while checks run, and with their findings. The checks are fake ones."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest
import streamlit as st

from core.errors import UserError
from core.evidence import CHECKS
from core.evidence.claim import claim_of
from core.records import CUSTOM, FAILS, IMPOSSIBLE, Finding
from engine import evidence_steps, steps
from engine.evidence_steps import finding, found, of_check
from engine.pipeline import STEPS, Request, forget_everything, resolve, results_of
from tests.support.evidence_page import chips, click, html, is_there, run_check
from tests.support.fake_checks import verdict_of
from tests.support.pages import (
    EVIDENCE,
    NEURONS,
    SMALL,
    figure,
    go_to,
    link,
    neuron_shown,
    open_page,
    said,
    settle,
)
from tests.support.threads import until
from ui import evidence_states, verdicts
from ui.defaults import MAX_NEURONS
from ui.panels import evidence_claim
from ui.panels.evidence_check import matched_lists


@pytest.fixture(autouse=True)
def _nothing_found():
    forget_everything()
    yield
    forget_everything()


def test_nothing_runs_until_it_is_asked_for(fake_checks, contrast):
    at = open_page(EVIDENCE)
    assert fake_checks.ran == []
    assert chips(at) == dict.fromkeys(CHECKS, "not run")
    assert at.number_input(key="neuron").value == contrast(SMALL).largest
    assert [head.value for head in at.header] == [f"Check {n.replace('_', ' ')}" for n in CHECKS] + [
        "What you may claim"
    ]
    assert [head.proto.anchor for head in at.header][:-1] == list(CHECKS), "where the strip leads"
    assert any(caption.startswith("Nothing has run yet") for caption in said(at.caption))
    assert not at.code and not is_there(at, "cancel_all")


def test_one_check_shows_what_it_has_found(fake_checks, contrast):
    neuron = contrast(SMALL).largest
    at = run_check(open_page(EVIDENCE), "held_out")
    assert fake_checks.ran == [("held_out", neuron)]
    assert chips(at) == {**dict.fromkeys(CHECKS, "not run"), "held_out": verdict_of("held_out")}
    finding = found(Request(SMALL, marked=neuron))["held_out"]
    shown = html(at)
    assert (
        verdicts.label(finding.verdict, f"measure of held_out {verdicts.number_of(finding, 'measure of held_out')}")
        in shown
    )
    assert finding.sentence in said(at.markdown)
    assert {"**Rule.** The rule of held_out.", "**What it cannot show.** held_out cannot show everything."} <= {
        caption.replace("\\", "") for caption in said(at.caption)
    }
    assert figure(at, "picture_held_out")["data"][0]["y"] == [neuron]
    assert not is_there(at, "run_held_out") and at.button(key="run_all").label == f"Run the other {len(CHECKS) - 1}"


def test_run_all_fills_the_strip_and_the_claim_grows(fake_checks, contrast):
    at = open_page(EVIDENCE)
    fake_checks.hold("both_sides")
    click(at, "run_all")
    until(lambda: len(fake_checks.ran) == 2)
    at.run()
    shown = chips(at)
    assert list(shown.values()) == [verdict_of("test_choice"), "running", *["waiting"] * 12]
    bar = at.get("progress")[0].proto
    assert "Check both sides (layer" in bar.text and bar.text.endswith("12 more to come") and bar.value == 50
    assert at.button(key="run_both_sides").label == "Cancel" and at.button(key="run_all").disabled
    fake_checks.let_go("both_sides")
    settle(at)
    assert [name for name, _ in fake_checks.ran] == list(CHECKS) and fake_checks.most_at_once == 1
    assert chips(at) == {name: verdict_of(name) for name in CHECKS}
    result = contrast(SMALL)
    claim = claim_of(result, result.largest, found(Request(SMALL, marked=result.largest)))
    assert [code.value for code in at.code] == [claim]


def test_the_progress_moves_while_checks_of_another_layer_run(fake_checks, monkeypatch):
    intervals = []

    def fragment(*given, run_every=None, **options):
        intervals.append(run_every)
        return real(*given, run_every=run_every, **options)

    real = st.fragment
    monkeypatch.setattr(st, "fragment", fragment)
    at = open_page(EVIDENCE, neuron="17")
    assert intervals[-1] is None
    fake_checks.hold("causal")
    click(at, "run_causal")
    until(lambda: bool(fake_checks.ran))
    at.slider(key="layer").set_value(SMALL.layer + 1).run()
    assert set(chips(at).values()) == {"not run"} and intervals[-1] == 1.0
    bar = at.get("progress")[0].proto.text.replace("\\", "")
    assert bar == f"Check causal (layer {SMALL.layer}, neuron 17): Working on causal"
    fake_checks.let_go("causal")
    until(lambda: not evidence_steps.checks._jobs)
    at.run()
    assert not at.get("progress") and not is_there(at, "cancel_all") and intervals[-1] is None


def test_a_cancelled_check_is_not_run_and_the_next_one_runs(fake_checks):
    at = open_page(EVIDENCE)
    fake_checks.hold("test_choice", "multiplicity")
    click(at, "run_all")
    until(lambda: bool(fake_checks.ran))
    at.run()
    assert at.button(key="run_test_choice").label == "Cancel"
    click(at, "run_test_choice")
    assert chips(at)["test_choice"] == "not run" and at.button(key="run_test_choice").label == "Run"
    until(lambda: len(fake_checks.ran) == 3)
    click(at, "cancel_all")
    assert set(chips(at).values()) == {"not run", verdict_of("both_sides")} and not is_there(at, "cancel_all")
    until(lambda: not evidence_steps.checks._jobs)
    assert [name for name, _ in fake_checks.ran] == ["test_choice", "both_sides", "multiplicity"]


def test_another_visitor_shares_what_runs_and_keeps_it(fake_checks, contrast):
    one, two = open_page(EVIDENCE), open_page(EVIDENCE)
    fake_checks.hold("causal")
    for at in (one, two):
        click(at, "run_causal")
    until(lambda: bool(fake_checks.ran))
    one.run()
    click(one, "run_causal")
    assert chips(one)["causal"] == "not run"
    two.run()
    assert chips(two)["causal"] == "running"
    fake_checks.let_go("causal")
    settle(two)
    assert chips(two)["causal"] == verdict_of("causal") and len(fake_checks.ran) == 1
    assert chips(settle(one))["causal"] == verdict_of("causal"), "it is there for all"


def test_the_work_goes_on_when_the_page_is_left(fake_checks):
    at = open_page(EVIDENCE)
    fake_checks.hold("gold_text")
    click(at, "run_gold_text")
    until(lambda: bool(fake_checks.ran))
    go_to(at, NEURONS)
    fake_checks.let_go("gold_text")
    until(lambda: not evidence_steps.checks._jobs)
    assert chips(go_to(at, EVIDENCE))["gold_text"] == verdict_of("gold_text")


def test_the_neuron_is_that_of_the_neurons_page(fake_checks):
    at = open_page(EVIDENCE, neuron="17")
    assert at.number_input(key="neuron").value == 17
    at.number_input(key="neuron").set_value(41)
    settle(at)
    assert link(at)["neuron"] == "41"
    assert run_check(at, "causal") and fake_checks.ran == [("causal", 41)]
    assert neuron_shown(go_to(at, NEURONS)) == 41
    (there,) = [item.proto for item in at.main.get("page_link") if "neuron 41" in item.proto.label]
    assert there.page == "Evidence" and "neuron=41" in there.query_string


def test_what_went_wrong_is_said_and_can_be_tried_again(fake_checks):
    fake_checks.raised["causal"] = UserError("The server is busy: *200* readings wait.", about="busy")
    fake_checks.raised["ambiguous"] = ZeroDivisionError("of the test")
    fake_checks.raised["held_out"] = UserError("The words are too few.")
    at = open_page(EVIDENCE)
    for name in ("causal", "ambiguous", "held_out"):
        run_check(at, name)
    assert [chips(at)[name] for name in ("causal", "ambiguous", "held_out")] == ["error", "error", IMPOSSIBLE]
    captions = said(at.caption)
    assert "The server is busy: *200* readings wait." in captions
    assert any("unexpected error (ZeroDivisionError)" in caption for caption in captions)
    assert "The words are too few." in said(at.markdown)
    assert at.button(key="run_causal").label == "Try again"
    fake_checks.raised.clear()
    assert chips(run_check(at, "causal"))["causal"] == verdict_of("causal")


def test_a_neuron_that_cannot_be_tested_is_told(monkeypatch, contrast):
    def conclude(*args, **options):
        result = real(*args, **options)
        result.tests.statistic[7] = np.nan
        return result

    real = steps.conclude
    monkeypatch.setattr(steps, "conclude", conclude)
    at = open_page(EVIDENCE, neuron="7")
    assert "cannot be tested" in said(at.warning)[0] and not html(at)[1:]
    at.number_input(key="neuron").set_value(8)
    assert chips(settle(at))


def test_pinned_neurons_stand_side_by_side_and_in_the_link(fake_checks):
    at = open_page(EVIDENCE, neuron="17", pinned="5,40")
    click(at, "pin")
    assert link(at)["pinned"] == "5,40,17" and at.button(key="pin").label == "Unpin neuron 17"
    click(at, "run_pinned")
    settle(at)
    assert fake_checks.ran == [(name, neuron) for neuron in (5, 40, 17) for name in CHECKS]
    table = next(item for item in html(at) if "<table" in item)
    assert re.findall(r"<th scope='row'>.*?<small>(.*?)</small>", table) == [f"measure of {name}" for name in CHECKS]
    assert re.findall(r"Neuron (\d+)", table) == ["5", "40", "17"]
    assert table.count("<tr>") == 1 + len(CHECKS) and table.count(verdict_of("causal")) >= 3
    click(at, "show_40")
    assert at.number_input(key="neuron").value == 40 and chips(at)["causal"] == verdict_of("causal")
    click(at, "pin")
    assert link(at)["pinned"] == "5,17"


def test_another_layer_says_that_its_neurons_are_others(fake_checks):
    at = open_page(EVIDENCE, neuron="17", pinned="5,40")
    at.slider(key="layer").set_value(SMALL.layer + 1).run()
    assert "pinned" not in link(at) and said(at.toast) == ["No longer pinned: 5, 40. Another layer has other neurons."]
    assert not settle(at).toast


def test_no_more_than_six_are_pinned():
    at = open_page(EVIDENCE, neuron="17", pinned=",".join(map(str, range(MAX_NEURONS))))
    assert at.button(key="pin").disabled
    at = open_page(EVIDENCE, pinned="3,99999")
    assert link(at)["pinned"] == "3" and "other pinned ones were set aside" in said(at.warning)[0]


def test_all_numbers_are_there_once_they_are_asked_for(fake_checks):
    at = run_check(open_page(EVIDENCE, neuron="17"), "causal")
    assert not at.dataframe
    at.session_state["numbers_causal"] = True
    settle(at)
    singles, rows = (table.value for table in at.dataframe)
    assert dict(zip(singles["figure"], singles["value"], strict=True))["neuron"] == "17"
    assert rows["word"].tolist() == ["<b>*time*</b>"], "as it is: a table knows no markup"


def test_the_evidence_file_is_what_the_engine_writes(fake_checks, monkeypatch):
    made = []
    draw = st.download_button
    monkeypatch.setattr(
        st, "download_button", lambda label, data, *a, **o: (made.append((label, data)), draw(label, data, *a, **o))[1]
    )
    at = run_check(open_page(EVIDENCE, neuron="17"), "causal")
    written = json.loads(dict(made)["Evidence file (JSON)"]())
    assert written["neuron"] == 17 and written["claim"] == at.code[0].value
    assert {name for name, one in written["checks"].items() if one["verdict"] != "not run"} == {"causal"}


def test_the_matched_lists_become_the_experiment(fake_checks, monkeypatch):
    matched = {"target": ["time", "days", "night"], "baseline": ["go", "see"]}
    lemmas = {"target": ["time", "day", "night"], "baseline": ["go", "see"]}
    module = sys.modules["core.evidence.confounds"]
    finding = Finding(
        "holds", "A rule.", "A sentence.", 0.9, None, {"matched": matched, "matched_lemmas": lemmas, "neuron": 1}
    )
    monkeypatch.setattr(module, "check", lambda subject, progress: finding)
    at = run_check(open_page(EVIDENCE), "confounds")
    click(at, "use_matched")
    settle(at)
    assert (link(at)["target"], link(at)["target_words"], link(at)["baseline_words"]) == (
        CUSTOM,
        "time\ndays\tday\nnight",
        "go\nsee",
    )
    assert not at.error and chips(at)["confounds"] == "not run"


@pytest.mark.parametrize("matched", [None, {}, {"target": ["a", "b"]}, {"target": ["a", "b"], "baseline": ["c"]}])
def test_without_two_matched_words_of_each_there_is_no_button(matched):
    assert matched_lists(Finding("holds", "", "", figures={"matched": matched})) == {}


def test_a_control_offers_no_matched_lists(fake_checks, monkeypatch):
    """Its groups are dealt at random: as custom lists, with the shuffle on, they would be shuffled again."""
    matched = {"target": ["time", "days", "night"], "baseline": ["go", "see", "be"]}
    finding = Finding(
        FAILS, "A rule.", "A sentence.", 0.5, None, {"matched": matched, "matched_lemmas": matched, "neuron": 1}
    )
    monkeypatch.setattr(sys.modules["core.evidence.confounds"], "check", lambda subject, progress: finding)
    at = open_page(EVIDENCE, shuffle_labels="1")
    assert chips(run_check(at, "confounds"))["confounds"] == FAILS and not is_there(at, "use_matched")
    assert is_there(run_check(open_page(EVIDENCE), "confounds"), "use_matched")


def test_the_claim_is_of_the_findings_that_the_page_shows(fake_checks, contrast, monkeypatch):
    """Whatever another visitor's check finds while the page is drawn."""
    at = run_check(open_page(EVIDENCE, neuron="17"), "causal")
    request = Request(SMALL, marked=17)
    shown = found(request)
    draw = evidence_claim.draw

    def draw_late(*given):
        resolve(finding, of_check(request, "test_choice"))
        draw(*given)

    monkeypatch.setattr(evidence_claim, "draw", draw_late)
    at.run()
    assert (
        any(caption.startswith(f"1 of {len(CHECKS)} checks") for caption in said(at.caption))
        and len(found(request)) == 2
    )
    assert [code.value for code in at.code] == [claim_of(contrast(SMALL), 17, shown)]


def test_the_claim_needs_no_model(fake_checks, monkeypatch):
    """Other students' models, activations and texts have taken their place in memory."""
    claim = [code.value for code in run_check(open_page(EVIDENCE, neuron="17"), "causal").code]
    kept = (steps.words, steps.conclusion, evidence_steps.gold, finding)
    gone = [step for step in STEPS if step not in kept]
    for step in gone:
        results_of(step)._jobs.clear()
    assert [code.value for code in open_page(EVIDENCE, neuron="17").code] == claim != []
    assert not any(results_of(step)._jobs for step in gone), "nothing was computed for it"


def test_what_the_checks_cannot_get_is_one_sentence(fake_checks, monkeypatch):
    def gone(request):
        raise UserError("The word lists cannot be reached.")

    monkeypatch.setattr(evidence_states, "found", gone)
    at = open_page(EVIDENCE)
    assert [item.split(". ")[0] for item in said(at.error)] == ["The word lists cannot be reached."]
    assert not at.exception


def test_too_many_checks_are_refused_in_one_sentence(fake_checks, monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_QUEUE_LENGTH", str(len(CHECKS) - 1))
    at = open_page(EVIDENCE)
    click(at, "run_all")
    assert f"{len(CHECKS)} checks would wait; at most {len(CHECKS) - 1} may." in said(at.toast) and not at.exception
    assert set(chips(at).values()) == {"not run"} and fake_checks.ran == []
