"""Checkpoints in the background: small summaries, one model at a time, what is done stays done, and what is offered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.models.checkpoints import Checkpoint
from core.records import ContrastSpec
from engine import emergence_steps, files, steps
from engine.jobs import bytes_in_memory
from engine.pipeline import Request, forget_everything, resolve, results_of
from engine.visitors import Visitor
from tests.support.threads import until
from tests.support.tiny_models import copy_folder

STEPS = (0, 1, 2, 10)
SPEC = ContrastSpec.careful(n_target=30, n_baseline=30)


@pytest.fixture
def runs(tiny_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with four checkpoints of one run, and a queue of its own."""
    for step in STEPS:
        copy_folder(tiny_folder("gpt_neo"), tmp_path / "root" / "runs" / f"step{step}")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "*")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODEL_ROOT", str(tmp_path / "root"))
    monkeypatch.setattr(emergence_steps, "checkpoints", emergence_steps.new_queue())
    forget_everything()
    yield tmp_path / "root" / "runs"
    forget_everything()


def asked(*steps: int) -> list[Checkpoint]:
    return [Checkpoint(step, f"runs/step{step}", f"step{step}") for step in steps]


def read(visitor: Visitor, *steps: int, spec: ContrastSpec = SPEC) -> None:
    requests = [emergence_steps.request_of(spec, each.name) for each in asked(*steps)]
    for job in emergence_steps.checkpoints.ask(visitor, requests):
        assert job.finished.wait(60)


def test_a_curve_over_many_checkpoints_holds_no_more_models_than_are_allowed(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    read(Visitor(), *STEPS)
    curve = emergence_steps.curve(SPEC, "step", asked(*STEPS))
    assert curve.steps == STEPS and not curve.failed
    assert len(results_of(steps.model)._jobs) == 1
    n_layers, n_neurons = curve.summaries[0].shape
    assert bytes_in_memory(curve.summaries[0]) < 2 * n_layers * (5 * n_neurons + 200)
    assert not results_of(steps.tests)._jobs and not results_of(steps.adjusted)._jobs, "nothing else is kept of them"


def test_what_is_done_is_not_done_again_for_another_layer_or_side(runs: Path) -> None:
    visitor = Visitor()
    read(visitor, 0, 1)
    loads = len(results_of(emergence_steps.checkpoint)._jobs)
    other = SPEC.changed(layer=1, hook_side="activation", model="runs/step1")
    assert set(emergence_steps.found(other, [each.name for each in asked(*STEPS)])) == {"runs/step0", "runs/step1"}
    read(visitor, 0, 1, 2, spec=other)
    assert len(results_of(emergence_steps.checkpoint)._jobs) == loads + 1
    assert emergence_steps.found(SPEC.changed(alpha=0.01), ["runs/step0"]) == {}, "another test is another result"


def test_a_folder_is_looked_through_again_only_after_a_change(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    plain = emergence_steps.checkpoints_of

    def listed(name: str, *more: Any) -> Any:
        looked.append(name)
        return plain(name, *more)

    monkeypatch.setattr(emergence_steps, "checkpoints_of", listed)

    def steps_of(name: str) -> list[int]:
        return [each.step for each in emergence_steps.offered_checkpoints(name).found]

    for _ in range(3):
        assert steps_of("runs/step1") == list(STEPS)
    assert looked == ["runs/step1"]
    copy_folder(runs / "step0", runs / "step77")
    assert steps_of("runs/step1") == [*STEPS, 77]
    (runs / "step77" / "config.json").unlink()
    assert steps_of("runs/step1") == list(STEPS) and len(looked) == 3
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "runs/step1,runs/step2")
    assert steps_of("runs/step1") == [1, 2], "what a server offers may change, too"


def test_a_checkpoint_that_fails_does_not_stop_the_others(runs: Path) -> None:
    (runs / "step1" / "model.safetensors").write_bytes(b"broken")
    read(Visitor(), 0, 1, 2)
    curve = emergence_steps.curve(SPEC, "step", asked(0, 1, 2, 10))
    assert curve.steps == (0, 2) and [failed.step for failed in curve.failed] == [1]
    assert str(runs) not in curve.failed[0].why
    saved = [json.loads(files.emergence(each, "json"))["not_read"] for each in (replace(curve, failed=()), curve)]
    assert [len(each) for each in saved] == [0, 1], "a file of its own"
    copy_folder(runs / "step0", runs / "again")
    (runs / "step1" / "model.safetensors").write_bytes((runs / "again" / "model.safetensors").read_bytes())
    read(Visitor(), 1)
    assert emergence_steps.curve(SPEC, "step", asked(0, 1, 2, 10)).steps == (0, 1, 2)


def test_an_unexpected_error_is_a_sentence_without_its_text(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any, **more: Any) -> None:
        raise ZeroDivisionError("a secret path")

    monkeypatch.setattr("core.emergence.summarise", broken)
    read(Visitor(), 0)
    failed = emergence_steps.curve(SPEC, "step", asked(0)).failed[0]
    assert "ZeroDivisionError" in failed.why and "secret" not in failed.why


def test_who_stops_gets_no_more(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue, visitor = emergence_steps.checkpoints, Visitor()
    requests = [emergence_steps.request_of(SPEC, each.name) for each in asked(*STEPS)]
    queue.ask(visitor, requests)
    queue.cancel(visitor, requests)
    until(lambda: not queue._jobs)
    assert len(emergence_steps.found(SPEC, [each.name for each in asked(*STEPS)])) <= 1
    assert not emergence_steps.curve(SPEC, "step", asked(*STEPS)).failed, "to stop is no failure"


def test_many_words_have_no_curve() -> None:
    with pytest.raises(UserError, match="only the chosen layer is read"):
        resolve(emergence_steps.checkpoint, Request(SPEC.changed(n_target=3_000, n_baseline=3_000, family="layer")))


def test_a_class_server_has_the_checkpoints_that_it_offers(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor can neither read nor see others, whatever name a browser sends."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled,runs/step0,runs/step10")
    for name in ("runs/step0", "runs/step10"):
        found = emergence_steps.offered_checkpoints(name)
        assert [each.name for each in found.found] == ["runs/step0", "runs/step10"] and not found.notes
    for name in ("runs", "runs/step1", "./runs/step0", "runs/../runs/step0", str(runs / "step0"), "bundled"):
        assert emergence_steps.offered_checkpoints(name).found == ()
    read(Visitor(), 1)
    failed = emergence_steps.curve(SPEC, "step", asked(1)).failed[0]
    assert "does not offer" in failed.why and emergence_steps.found(SPEC, ["runs/step1"]) == {}
