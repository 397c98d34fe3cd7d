"""Which checkpoints a model has: names and their order, folders of one run, revisions on the hub."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

from core.models import Folders
from core.models.checkpoints import PYTHIA_STEPS, Checkpoints, checkpoints_of
from core.records.agreement import correspondence
from core.records.checkpoint_names import log_spaced, position_of
from tests.support.made_results import MODEL
from tests.support.tiny_models import change_config

HUB = "EleutherAI/pythia-70m"


@pytest.mark.parametrize(
    ("label", "position"),
    [
        ("step0", (0, "step")), ("step-240000", (240_000, "step")), ("checkpoint-500", (500, "step")),
        ("global_step500", (500, "step")), ("Step_7", (7, "step")), ("ckpt_000360", (360, "step")),
        ("iter_0001000", (1_000, "step")), ("1000", (1_000, "step")), ("pythia-step20", (20, "step")),
        ("stage1-step1000-tokens4B", (1_000, "step")), ("300B", (300 * 10**9, "token")),
        ("tokens-1.5T", (1_500 * 10**9, "token")), ("20M-tokens", (20 * 10**6, "token")),
        ("step", None), ("final", None), ("v2", None), ("step1.5", None), ("step3k", None), ("footstep3", None),
        ("epoch3", (3, "epoch")), ("epoch1-step20", (20, "step")), ("step1-checkpoint2", None),
        ("step" + "9" * 16, None), ("-5", None), ("gpt2-1B-chat", None), ("", None),
        ("٣", None),
    ],
)  # fmt: skip
def test_a_step_is_read_from_a_name_only_where_it_is_plain(label: str, position: tuple[int, str] | None) -> None:
    found = position_of(label)
    assert (found and (found.step, found.unit)) == position


@pytest.mark.parametrize("asked", ["runA-step100", "runA-step200", "runB-step200"])
def test_two_runs_in_one_folder_are_told_apart_and_the_asked_one_is_its_own(tmp_path: Path, asked: str) -> None:
    """What Emergence takes for one run, Compare does too."""
    names = ["runA-step100", "runA-step200", "runB-step200"]
    folder(tmp_path, *names)
    found = checkpoints_of(str(tmp_path / asked))
    assert labels(found) == [name for name in names if name[:4] == asked[:4]]
    assert [each.label for each in found.found if each.step == found.own] == [asked]
    assert len(found.notes) == 1 and "Of another run" in found.notes[0]
    model = replace(MODEL, name=str(tmp_path / asked), revision="sha256:a")
    for name in names:
        other = replace(MODEL, name=str(tmp_path / name), revision="sha256:b")
        assert correspondence(model, 1, other, 1).same_neurons == (name in labels(found))


@pytest.mark.parametrize("asked", ["step5", "step005"])
def test_of_two_folders_at_one_step_the_asked_one_is_shown(tmp_path: Path, asked: str) -> None:
    folder(tmp_path, "step5", "step005", "step6")
    found = checkpoints_of(str(tmp_path / asked))
    assert labels(found) == [asked, "step6"] and "of the same step" in found.notes[0]


def test_notes_and_folders_are_bounded_and_the_asked_folder_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, "step99", *(f"odd{letter}" for letter in "abcdefghijkl"))
    assert len(checkpoints_of(str(tmp_path / "step99")).notes) == 8
    assert checkpoints_of(str(tmp_path / "step99")).notes[-1] == "5 more are left out."
    monkeypatch.setattr("core.models.checkpoints._MOST", 4)
    found = checkpoints_of(str(tmp_path / "step99"))
    assert labels(found) == ["step99"] and "13 entries" in found.notes[0] and len(found.notes) == 4


def folder(place: Path, *names: str, **config: object) -> None:
    """Folders that look like models, as far as is looked at."""
    for name in names:
        (place / name).mkdir(parents=True)
        (place / name / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_layer": 2, **config}))
        (place / name / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0}}}')


def labels(found: Checkpoints) -> list[str]:
    return [each.label for each in found.found]


def test_folders_beside_a_checkpoint_are_in_the_order_of_their_steps(tmp_path: Path) -> None:
    folder(tmp_path / "runs", "step1000", "step20", "step0", "step3")
    (tmp_path / "runs" / "step20" / "config.json").write_text(
        json.dumps({"model_type": "gpt2", "n_layer": 2, "transformers_version": "9.9", "_name_or_path": "x"})
    )
    for name in ("step20", "step20/"):
        found = checkpoints_of(str(tmp_path / "runs" / name))
        assert labels(found) == ["step0", "step3", "step20", "step1000"] and found.own == 20 and not found.notes
    assert found.found[0].name == str(tmp_path / "runs" / "step0")
    assert [each.step for each in checkpoints_of(str(tmp_path / "runs")).found] == [0, 3, 20, 1_000]


def test_what_is_of_no_or_another_run_is_left_out_with_a_note(tmp_path: Path) -> None:
    folder(tmp_path, "step0", "step5", "checkpoint-5", "final", "300B")
    folder(tmp_path, "step6", n_layer=3)
    folder(tmp_path, "step7", "step8")
    (tmp_path / "step7" / "tokenizer.json").write_text('{"model": {"vocab": {"b": 0}}}')
    (tmp_path / "step8" / "config.json").write_text("{")
    (tmp_path / "logs").mkdir()
    (tmp_path / "step9").write_text("a file")
    found = checkpoints_of(str(tmp_path / "step0"))
    assert labels(found) == ["step0", "step5"]
    for name, why in {
        "checkpoint-5": "Of another run", "final": "does not say", "step6": "n_layer", "step7": "tokenizer",
        "step8": "cannot be read",
    }.items():  # fmt: skip
        assert sum(f"“{name}”" in note and why in note for note in found.notes) == 1, (name, found.notes)
    assert len(found.notes) == 5


def test_a_vocabulary_may_be_written_in_another_way(tmp_path: Path) -> None:
    folder(tmp_path, "1", "2")
    (tmp_path / "2" / "tokenizer.json").write_text('{\n "model": {"vocab": {"a":0}}}')
    assert labels(checkpoints_of(str(tmp_path / "1"))) == ["1", "2"]


def test_a_folder_whose_name_has_no_step_has_no_checkpoints(tmp_path: Path) -> None:
    folder(tmp_path, "mine", "step1")
    for name in (str(tmp_path / "mine"), str(tmp_path / "nowhere"), "bundled", "../..", "a\0b", "x" * 9_999, "gpt2@"):
        assert checkpoints_of(name).found == ()
    assert checkpoints_of(str(tmp_path / "step1")).own == 1


def test_only_what_is_offered_is_looked_at(tmp_path: Path) -> None:
    """Nothing is said of other folders: not that they are there, and not what is in them."""
    folder(tmp_path / "root" / "runs", "step0", "step1", "step2", "best")
    root = Folders((tmp_path / "root").resolve())
    every = checkpoints_of("runs/step0", root)
    assert [each.name for each in every.found] == ["runs/step0", "runs/step1", "runs/step2"] and len(every.notes) == 1
    some = checkpoints_of("runs/step0", root, {"runs/step0", "runs/step2"}.__contains__)
    assert [each.name for each in some.found] == ["runs/step0", "runs/step2"] and not some.notes
    assert checkpoints_of("runs/step0", Folders(allowed=False)).found == ()


def test_no_link_and_no_parent_leads_out_of_the_root(tmp_path: Path) -> None:
    folder(tmp_path / "outside", "step7")
    folder(tmp_path / "root", "step0", "step1")
    (tmp_path / "root" / "step7").symlink_to(tmp_path / "outside" / "step7")
    root = Folders((tmp_path / "root").resolve())
    found = checkpoints_of("step0", root)
    assert labels(found) == ["step0", "step1"] and not found.notes
    for name in ("../outside/step7", "..", "."):
        assert "step7" not in labels(checkpoints_of(name, root))
    assert checkpoints_of(".", Folders((tmp_path / "root" / "step0").resolve())).found == (), "the root's own siblings"


def test_the_steps_of_pythia_are_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert len(PYTHIA_STEPS) == len(set(PYTHIA_STEPS)) == 154
    found = checkpoints_of(f"{HUB}@step1000")
    assert [each.step for each in found.found] == [
        0,
        1,
        2,
        4,
        8,
        16,
        32,
        64,
        128,
        256,
        512,
        *range(1_000, 144_000, 1_000),
    ]
    assert found.own == 1_000 and found.found[0].name == f"{HUB}@step0" and found.found[-1].name == HUB
    assert checkpoints_of(HUB).own == 143_000 and checkpoints_of(f"{HUB}@step143000").found[-1].label == "step143000"
    assert checkpoints_of("EleutherAI/pythia-70m-v0").found == () == checkpoints_of("mine/pythia-70m").found
    some = checkpoints_of(HUB, offered={HUB, f"{HUB}@step8"}.__contains__)
    assert [each.step for each in some.found] == [8, 143_000]


def test_revisions_of_other_models_are_those_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    refs = tmp_path / "models--lab--olm" / "refs"
    (refs / "deep").mkdir(parents=True)
    for name in ("main", "step10-tokens1B", "step9", "300B", "deep/er"):
        (refs / name).write_text("0" * 40)
    assert labels(checkpoints_of("lab/olm@step10-tokens1B")) == ["step9", "step10-tokens1B"]
    assert checkpoints_of("lab/olm").own is None and labels(checkpoints_of("lab/olm")) == ["step9", "step10-tokens1B"]


def test_without_a_network_only_what_is_here_is_a_checkpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    found = checkpoints_of(HUB)
    assert found.found == () and "0 of 154" in found.notes[0]


@pytest.mark.parametrize("most", [2, 3, 10])
def test_chosen_steps_have_both_ends_and_are_about_evenly_apart(most: int) -> None:
    for keep in (None, 5_000, 0, 999_999):
        steps = log_spaced(PYTHIA_STEPS, most, keep)
        assert len(steps) <= most + (keep == 5_000 and most == 2) and set(steps) <= set(PYTHIA_STEPS)
        assert (steps[0], steps[-1]) == (0, 143_000)
        assert keep not in PYTHIA_STEPS or keep in steps
    assert log_spaced([7, 3]) == (3, 7) and log_spaced([]) == ()


def test_another_size_is_another_run(tiny_folder: object, tmp_path: Path) -> None:
    """The configurations of real folders, as transformers writes them."""
    from tests.support.tiny_models import copy_folder

    source = tiny_folder("gpt_neo")  # type: ignore[operator]
    for name in ("step1", "step2", "step3"):
        copy_folder(source, tmp_path / name)
    change_config(tmp_path / "step3", hidden_size=64)
    found = checkpoints_of(str(tmp_path / "step2"))
    assert labels(found) == ["step1", "step2"] and "hidden_size" in found.notes[0]
