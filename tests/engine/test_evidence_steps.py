"""The steps of evidence: what is shared, what is kept, what is computed again; and what core finds alone."""

from __future__ import annotations

import gc
import json
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.__main__ import main
from core.activations import gold_activations
from core.errors import UserError
from core.evidence import CHECKS, read_subject, run_check
from core.models import load_model
from core.progress import unwatched
from core.records import CUSTOM, IMPOSSIBLE, ContrastSpec
from core.words import bundled_gold, read_conllu
from core.words.conllu import GOLD_FILE
from engine import evidence_steps, limits, metrics, sizes, steps
from engine.admission import admitted
from engine.evidence_steps import document, finding, found, gold, gold_reading, missing, of_check
from engine.pipeline import GoldSource, Request, is_cached, resolve, results_of
from engine.visitors import Visitor
from tests.support.fake_checks import FakeChecks, verdict_of
from tests.support.slow_work import asked_for
from tests.support.threads import WAIT, in_thread, until

pytestmark = pytest.mark.usefixtures("own_world")

SPEC = ContrastSpec.careful(layer=3, n_target=40, n_baseline=40)
OWN = GoldSource.of_file("mine.conllu", GOLD_FILE.read_text(encoding="utf-8")[:4_000].rpartition("\n\n")[0] + "\n\n")
REQUEST = Request(SPEC, marked=120)


def run_all(visitor: Visitor, request: Request) -> None:
    evidence_steps.checks.ask(visitor, missing(request))
    until(lambda: not evidence_steps.checks.jobs_of(visitor))


def test_a_check_finds_what_core_finds() -> None:
    here = resolve(finding, of_check(REQUEST, "input_grid"))
    alone = run_check("input_grid", read_subject(SPEC, 120))
    assert here == alone and here.value is not None


def test_the_reading_of_a_text_is_that_of_core_and_serves_all_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = resolve(gold_reading, Request(SPEC, marked=120, gold=OWN))
    alone = gold_activations(load_model("bundled"), read_conllu(OWN.text, "mine"), 3, prefix=True)
    np.testing.assert_array_equal(reading.at("activation"), alone.at("activation"))
    monkeypatch.setattr(evidence_steps, "gold_activations", None)  # not called again
    for change in ({"alpha": 0.01}, {"hook_side": "activation"}, {"n_target": 30}, {"correction": "fdr_bh"}):
        assert resolve(gold_reading, Request(SPEC.changed(**change), marked=3, check="causal", gold=OWN)) is reading
    for change in ({"layer": 2}, {"pooling": "last"}, {"prefix": False}):
        assert not is_cached(gold_reading, Request(SPEC.changed(**change), marked=120, gold=OWN))
    assert not is_cached(gold_reading, REQUEST)


def test_a_file_is_known_by_its_text() -> None:
    again = GoldSource.of_file("another name.conllu", OWN.text)
    first = resolve(gold, Request(SPEC, gold=OWN))
    assert resolve(gold, Request(SPEC, gold=again)) is first
    assert OWN.text not in repr(Request(SPEC, gold=OWN))
    other = GoldSource.of_file("mine.conllu", OWN.text.replace("VERB", "NOUN"))
    assert {word.upos for word in resolve(gold, Request(SPEC, gold=other)).sentences[0].words} != {
        word.upos for word in first.sentences[0].words
    }


def test_a_text_that_is_no_conllu_is_refused_by_its_name() -> None:
    with pytest.raises(UserError, match=r"notes\.conllu is not CoNLL-U"):
        resolve(gold, Request(SPEC, gold=GoldSource.of_file("notes.conllu", "A dog barks.")))


def test_a_text_that_memory_has_no_room_for_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_steps, "gold_activations", None)
    monkeypatch.setattr(sizes, "_FLOAT", 40_000)
    with pytest.raises(UserError, match=r"words of the tagged text may take [\d,]+ MB of memory, and this server has"):
        resolve(gold_reading, REQUEST)


@pytest.mark.parametrize("d_mlp", [1_536, 3_072, 4_096])
def test_the_offered_treebanks_are_read_with_small_models(d_mlp: int) -> None:
    """SmolLM2 135M, GPT-Neo 125M, GPT-2 Medium. EWT's development part has 25,147 words."""
    text, lm = SimpleNamespace(n_words=25_147), SimpleNamespace(d_mlp=d_mlp, info=SimpleNamespace(n_parameters=125e6))
    with admitted(sizes.reading_of_tagged_text(lm, text), unwatched):  # type: ignore[arg-type]
        pass


def test_findings_are_kept_and_shared(fake_checks: FakeChecks) -> None:
    one, two = Visitor(), Visitor()
    assert found(REQUEST) == {} and [request.check for request in missing(REQUEST)] == list(CHECKS)
    run_all(one, REQUEST)
    assert [name for name, _ in fake_checks.ran] == list(CHECKS) and fake_checks.most_at_once == 1
    assert {name: found.verdict for name, found in found(REQUEST).items()} == {n: verdict_of(n) for n in CHECKS}
    assert missing(REQUEST) == []
    run_all(two, REQUEST)
    assert len(fake_checks.ran) == len(CHECKS), "another visitor's are there"


def test_another_neuron_experiment_or_text_has_findings_of_its_own(fake_checks: FakeChecks) -> None:
    resolve(finding, of_check(REQUEST, "gold_text"))
    others = (
        Request(SPEC, marked=121),
        Request(SPEC.changed(alpha=0.01), marked=120),
        Request(SPEC, marked=120, gold=OWN),
    )
    assert all("gold_text" not in found(other) for other in others)
    resolve(finding, of_check(others[2], "gold_text"))
    sizes = [found(request)["gold_text"].numbers["n_sentences"] for request in (REQUEST, others[2])]
    assert sizes == [len(bundled_gold().sentences), len(resolve(gold, others[2]).sentences)]


def test_a_cancelled_check_is_not_run_and_another_visitor_keeps_it(fake_checks: FakeChecks) -> None:
    fake_checks.hold("both_sides")
    one, two = Visitor(), Visitor()
    request = of_check(REQUEST, "both_sides")
    for visitor in (one, two):
        evidence_steps.checks.ask(visitor, [request])
    until(lambda: bool(fake_checks.ran))
    evidence_steps.checks.cancel(one, [request])
    fake_checks.let_go("both_sides")
    until(lambda: not evidence_steps.checks.jobs_of(two))
    assert "both_sides" in found(REQUEST)

    fake_checks.hold("causal")
    request = of_check(REQUEST, "causal")
    evidence_steps.checks.ask(one, [request])
    until(lambda: ("causal", 120) in fake_checks.ran)
    evidence_steps.checks.cancel(one, [request])
    until(lambda: not evidence_steps.checks._jobs)
    assert "causal" not in found(REQUEST) and evidence_steps.checks.error_of(request) is None


@pytest.mark.parametrize("another_waits", [True, False])
def test_to_cancel_a_check_leaves_the_reading_that_another_needs(
    fake_checks: FakeChecks, monkeypatch: pytest.MonkeyPatch, another_waits: bool
) -> None:
    """One that nobody else needs is stopped."""
    one, read, began = Visitor(), evidence_steps.gold_activations, threading.Event()

    def slow(*args: object, **options: object) -> object:
        began.set()
        until(lambda: not evidence_steps.checks.jobs_of(one))
        return read(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(evidence_steps, "gold_activations", slow)
    module = fake_checks.module("gold_text")
    check = module.check  # type: ignore[attr-defined]

    def reading_check(subject, progress):  # type: ignore[no-untyped-def]
        subject.read_gold(progress)
        return check(subject, progress)

    module.check = reading_check  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "core.evidence.gold_text", module)
    request = of_check(REQUEST, "gold_text")
    evidence_steps.checks.ask(one, [request])
    assert began.wait(WAIT)
    before = asked_for("gold_reading", "wait")
    if another_waits:
        in_thread(lambda: resolve(gold_reading, REQUEST))
        until(lambda: asked_for("gold_reading", "wait") == before + 1)
    evidence_steps.checks.cancel(one, [request])
    until(lambda: not evidence_steps.checks._jobs)
    assert is_cached(gold_reading, REQUEST) == another_waits
    assert "gold_text" not in found(REQUEST) and evidence_steps.checks.error_of(request) is None


@pytest.mark.parametrize("about", ["busy", "memory", ""])
def test_what_may_pass_is_an_error_and_no_finding(fake_checks: FakeChecks, about: str) -> None:
    fake_checks.raised["held_out"] = UserError("There are too few words.", about=about)
    run_all(Visitor(), REQUEST)
    error = evidence_steps.checks.error_of(of_check(REQUEST, "held_out"))
    if about:
        assert str(error) == "There are too few words." and "held_out" not in found(REQUEST)
    else:
        assert error is None and found(REQUEST)["held_out"].verdict == IMPOSSIBLE


def test_permutations_are_limited(fake_checks: FakeChecks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_PERMUTED", 1_000)
    result = resolve(finding, of_check(REQUEST, "multiplicity"))
    assert result.verdict == IMPOSSIBLE and "512 neurons is too large for this server" in result.sentence
    assert resolve(finding, of_check(REQUEST, "test_choice")).verdict != IMPOSSIBLE


def test_a_check_that_there_is_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"There is no check “os\.path”"):
        of_check(REQUEST, "os.path")


def counts() -> dict[tuple[str, str], float]:
    """How often each cache was asked, by the metrics."""
    return {
        (sample.labels["cache"], sample.labels["outcome"]): sample.value
        for metric in metrics.CACHE_REQUESTS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }


def test_what_a_page_asks_every_second_is_not_counted_and_its_words_are_hashed_once(
    fake_checks: FakeChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(finding, of_check(REQUEST, "causal"))
    before, hashed, plain = counts(), [], ContrastSpec.__hash__
    monkeypatch.setattr(ContrastSpec, "__hash__", lambda spec: hashed.append(spec) or plain(spec))
    for _ in range(10):
        assert list(found(REQUEST)) == ["causal"]
    assert counts() == before
    assert len(hashed) <= 10 * 2, "of each question those of the words, however many checks there are"


def test_nothing_kept_of_a_finding_or_an_error_has_a_text_or_words(fake_checks: FakeChecks) -> None:
    words = tuple(f"{letter}{vowel}t" for letter in "bcdfghlmnprst" for vowel in "aeiou")
    lists = {"target_words": words[:30], "baseline_words": words[30:], "n_target": 30, "n_baseline": 30}
    request = Request(SPEC.changed(target=CUSTOM, baseline=CUSTOM, **lists), marked=120, gold=OWN)
    fake_checks.raised["held_out"] = UserError("It is busy.", about="busy")
    run_all(Visitor(), request)
    assert str(evidence_steps.checks.error_of(of_check(request, "held_out"))) == "It is busy."
    kept = [evidence_steps.checks._errors, *(results_of(step)._jobs for step in (finding, gold, gold_reading))]
    assert all(kept[:3])
    reached, waiting = set(), [key for each in kept for key in each]
    while waiting:
        each = waiting.pop()
        assert each not in (OWN.text, words[:30], words[30:])
        if id(each) not in reached and not isinstance(each, (str, bytes, type)):
            reached.add(id(each))
            waiting += gc.get_referents(each)


def test_the_evidence_file_is_that_of_the_command_line(tmp_path: Path, fake_checks: FakeChecks) -> None:
    run_all(Visitor(), REQUEST)
    path = tmp_path / "out.json"
    options = ["--preset", "careful", "--layer", "3", "--n-target", "40", "--n-baseline", "40", "--neuron", "120"]
    assert main(["evidence", *options, "--json", str(path)]) == 0
    assert document(REQUEST, CHECKS) == path.read_bytes()
    some = json.loads(document(REQUEST, ["causal"]))
    assert [name for name, one in some["checks"].items() if one["verdict"] != "not run"] == ["causal"]


def test_an_evidence_file_never_computes_what_the_page_does_not_show(fake_checks: FakeChecks) -> None:
    resolve(finding, of_check(REQUEST, "causal"))
    with pytest.raises(UserError, match="found by held_out is no longer kept: run it again"):
        document(REQUEST, ["causal", "held_out"])
    assert [name for name, _ in fake_checks.ran] == ["causal"]
    assert is_cached(steps.conclusion, REQUEST)


def test_a_finding_about_a_list_of_ones_own_is_kept_under_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found says each name, as core says it, and is computed once."""
    food = ("bread", "milk", "rice", "soup", "meat", "fish", "cheese", "egg", "salt", "sugar", "tea", "juice")
    spec = ContrastSpec.careful(layer=3, target=CUSTOM, target_words=food, n_target=len(food), n_baseline=20)
    checks = ("control_task", "confounds")
    for check in checks:
        resolve(finding, of_check(Request(spec, marked=120), check))
    monkeypatch.setattr(evidence_steps, "run_check", None)  # not called again
    for name in ("", "Food", "⟨baseline⟩ & <b>"):
        request = Request(spec.changed(target_name=name), marked=120)
        here, alone = found(request), read_subject(request.spec, 120)
        for check in checks:
            resolve(finding, of_check(request, check))
            assert here[check] == run_check(check, alone)
        assert json.loads(document(request, checks))["checks"]["confounds"]["sentence"] == here["confounds"].sentence
