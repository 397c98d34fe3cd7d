"""Models: none but those allowed, nothing outside their folder, no code and no pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.models import LoadedModel
from core.records import ContrastSpec
from engine import steps
from engine.pipeline import Request, forget_everything, resolve
from tests.support.tiny_models import N_LAYERS, assert_one_sentence, change_config, copy_folder
from ui import link


def load(name: str) -> LoadedModel:
    """Load a model anew in the way that every page does."""
    forget_everything()
    return resolve(steps.model, Request(ContrastSpec.careful(model=name)))


def refused(name: str) -> str:
    with pytest.raises(UserError) as caught:
        load(name)
    assert_one_sentence(caught.value)
    assert steps.layers_of(name) is None
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "EleutherAI/pythia-70m",
        "Bundled",
        "bundled ",
        " bundled",
        "./bundled",
        "bundled\0",
        "*",
        "/etc",
        "~",
        "x" * 9_999,
    ],
)
def test_only_models_on_the_list_are_loaded(name: str, class_limits: None, no_connection: list[Any]) -> None:
    assert "This server does not offer the model" in refused(name)
    assert no_connection == []


def test_a_folder_on_the_list_needs_a_root(tiny_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, its name can only be a hub id."""
    folder = str(tiny_folder("gpt_neo"))
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", folder)
    assert "hub id" in refused(folder)


@pytest.fixture
def rooted(tiny_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server that loads any model below ``tmp_path/root``; beside the root lies another one."""
    copy_folder(tiny_folder("gpt_neo"), tmp_path / "outside")
    copy_folder(tiny_folder("gpt_neo"), tmp_path / "root" / "class" / "inside")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "*")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODEL_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("HOME", str(tmp_path / "outside"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "root"


@pytest.mark.parametrize("name", ["class/inside", "./class//inside/", "class/../class/inside", "{root}/class/inside"])
def test_a_folder_below_the_root_is_a_model(name: str, rooted: Path) -> None:
    name = name.format(root=rooted)
    assert steps.layers_of(name) == N_LAYERS == load(name).n_layers


_OUTSIDE = (
    ".. ../outside class/../../outside class/inside/../../../outside {root}/../outside {root}side /etc / "
    "link link/ class/link/../outside a\0b \ud800"
)


@pytest.mark.parametrize(
    "name",
    [
        *_OUTSIDE.split(),
        "../" * 2_000 + "etc",
    ],
)
def test_nothing_outside_the_root_is_looked_at(name: str, rooted: Path, no_connection: list[Any]) -> None:
    (rooted / "link").symlink_to(rooted.parent / "outside")
    (rooted / "class" / "link").symlink_to(rooted.parent / "outside")
    copy_folder(rooted.parent / "outside", rooted.parent / "rootside")
    assert "outside the folder" in refused(name.format(root=rooted))
    assert no_connection == []


@pytest.mark.parametrize("name", ["~", "~root", "~/", "x" * 5_000, "x/" * 2_500, "nowhere", "$HOME", "%2e%2e/outside"])
def test_other_names_are_no_folders(name: str, rooted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can only be hub ids, most of them not even that."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "outside the folder" not in refused(name)
    assert "hub" in refused(name)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json", "notes.txt"])
def test_a_model_may_not_link_to_files_outside_the_root(file: str, rooted: Path) -> None:
    target = rooted / "class" / "inside" / file
    target.unlink(missing_ok=True)
    target.symlink_to(rooted.parent / "outside" / file)  # whether or not there is such a file
    told = refused("class/inside")
    assert file in told and "link" in told


def test_links_within_the_root_are_followed(rooted: Path) -> None:
    """The hub's own cache is laid out so: a snapshot's files are links to blobs."""
    inside = rooted / "class" / "inside"
    (rooted / "blobs").mkdir()
    (inside / "model.safetensors").rename(rooted / "blobs" / "0123")
    (inside / "model.safetensors").symlink_to("../../blobs/0123")
    assert load("class/inside").n_layers == N_LAYERS


@pytest.fixture
def folder(tiny_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model to be made hostile; whoever unpickles anything fails the test."""
    import torch

    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: pytest.fail("a pickle was read"))
    return copy_folder(tiny_folder("gpt_neo"), tmp_path / "model")


@pytest.mark.parametrize(
    "shard", ["pytorch_model.bin", "vocab.bin", "../outside.safetensors", "/x.safetensors", 3, None]
)
def test_an_index_cannot_name_a_pickle_or_a_file_elsewhere(shard: object, folder: Path) -> None:
    """transformers would read both, though asked for safetensors alone."""
    weights = folder / "model.safetensors"
    weights.rename(folder / "other.safetensors")
    for name in ("pytorch_model.bin", "vocab.bin", "../outside.safetensors"):
        (folder / name).write_bytes(b"not to be opened")
    index = {
        "metadata": {},
        "weight_map": {"transformer.wte.weight": shard, "transformer.wpe.weight": "other.safetensors"},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"only \.safetensors files beside it are read"):
        load(str(folder))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_none(text: str, folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(UserError, match="it is no index of weights"):
        load(str(folder))


@pytest.mark.parametrize(
    "asked",
    [
        {"transformers_weights": "adapter_model.bin"},
        {"transformers_weights": "other.safetensors"},
        {"attn_implementation": "evil/kernel"},
        {"attn_implementation": {"": "evil/kernel"}},
        {"_attn_implementation": "kernels-community/flash-attn"},
    ],
)
def test_a_configuration_cannot_lead_to_other_files_or_code(
    asked: dict[str, Any], folder: Path, no_connection: list[Any]
) -> None:
    (folder / "adapter_model.bin").write_bytes(b"not to be opened")
    change_config(folder, **asked)
    with pytest.raises(UserError) as caught:
        load(str(folder))
    assert_one_sentence(caught.value, next(iter(asked)), "not followed")
    assert no_connection == []


def test_code_beside_a_model_is_not_run(folder: Path, no_connection: list[Any]) -> None:
    """Neither a network's nor a tokenizer's; and no adapter is fetched: beside one, a model is refused."""
    for name in ("evil.py", "modeling_evil.py", "tokenization_evil.py", "__init__.py"):
        (folder / name).write_text("raise SystemExit('run')")
    change_config(folder, auto_map={"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.Evil"})
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer |= {
        "auto_map": {"AutoTokenizer": ["evil.Evil", None]},
        "tokenizer_class": "Evil",
        "vocab_file": "/etc/passwd",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    assert load(str(folder)).n_layers == N_LAYERS
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "evil/base", "peft_type": "LORA"}')
    with pytest.raises(UserError, match=r"adapter_config\.json"):
        load(str(folder))
    assert no_connection == []


@pytest.mark.parametrize("layers", [0, -1, True, "4", 4.0, None, [4]])
def test_a_configuration_with_strange_numbers_breaks_no_page(layers: object, rooted: Path) -> None:
    change_config(rooted / "class" / "inside", num_layers=layers)
    view, problems = link.read({"model": "class/inside", "layer": "3"})
    assert steps.layers_of("class/inside") is None
    assert (view.spec.model, view.spec.layer, problems) == ("class/inside", 3, [])


def test_a_configuration_that_is_too_deep_is_one_sentence(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    assert "cannot be read" in refused(str(folder))
