"""Weights that do not fit their config.json: never dropped, never made up, without a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.activations import word_activations
from core.errors import UserError
from core.models import load_model
from tests.support.tiny_models import PATHS, assert_one_sentence, change_config, copy_folder

Folder = Callable[[str], Path]
Copy = Callable[[str], Path]


@pytest.fixture
def copy(tiny_folder: Folder, tmp_path: Path) -> Copy:
    """Copies a small model, for a test to break."""
    return lambda architecture: copy_folder(tiny_folder(architecture), tmp_path / architecture)


def add(folder: Path, **arrays: torch.Tensor) -> None:
    """Add arrays to a folder's weights; "__" in a name is a dot."""
    weights = load_file(folder / "model.safetensors")
    more = {name.replace("__", "."): array for name, array in arrays.items()}
    save_file({**weights, **more}, folder / "model.safetensors", metadata={"format": "pt"})


def refusal(folder: Path, *names: str) -> str:
    """The one sentence with which a folder is refused."""
    with pytest.raises(UserError) as caught:
        load_model(str(folder))
    assert_one_sentence(caught.value, str(folder), *names)
    return str(caught.value)


# --- Arrays without a place ---


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("llama", "model.layers.1.self_attn.q_proj.bias"),  # of a model with biases, under a config without
        ("gpt_neo", "transformer.h.2.attn.attention.q_proj.bias"),
        ("gpt2", "transformer.h.4.ln_1.weight"),  # a fifth layer, under a config with four
        ("gpt_neox", "gpt_neox.layers.0.mlp.adapter.weight"),
        ("gpt2", "h.0.mlp.c_gate.weight"),  # as old weights name them, without "transformer."
        ("gpt2", "wte.bias"),
        ("opt", "project_in.weight"),
    ],
)
def test_arrays_that_the_configuration_has_no_place_for(copy: Copy, architecture: str, name: str) -> None:
    """Loaded without them, the model would be another one."""
    folder = copy(architecture)
    add(folder, **{name: torch.ones(32)})
    refusal(folder, name, "config.json")


def test_arrays_that_say_nothing_new_are_no_loss(copy: Copy) -> None:
    """Causal masks and constants, as old checkpoints have them, and heads: the same values with and without."""
    extra = {
        "gpt_neo": {
            "transformer.h.0.attn.attention.bias": torch.ones(1, 1, 64, 64).tril().bool(),
            "transformer.h.0.attn.attention.masked_bias": torch.tensor(-1e9),
        },
        "gpt2": {"transformer.h.0.attn.masked_bias": torch.tensor(-1e4), "score.weight": torch.ones(2, 32)},
        "llama": {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4), "score.weight": torch.ones(2, 32)},
    }
    for architecture, arrays in extra.items():
        folder = copy(architecture)
        before = word_activations(load_model(str(folder)), ["time", "people"])
        add(folder, **arrays)
        np.testing.assert_array_equal(word_activations(load_model(str(folder)), ["time", "people"]), before)


@pytest.mark.parametrize("architecture", PATHS)
def test_a_head_of_its_own_or_a_shared_one(copy: Copy, architecture: str) -> None:
    """The head is not read: the same values with a tied one, an untied one, and without any."""
    folder = copy(architecture)
    before = word_activations(load_model(str(folder)), ["time", "people"])
    base = PATHS[architecture][0].split(".")[0]
    whole = load_file(folder / "model.safetensors")
    weights = {key: array for key, array in whole.items() if key.startswith(f"{base}.")}
    heads = {"gpt_neox": "embed_out.weight", "modernbert-decoder": "decoder.weight"}
    head = {heads.get(architecture, "lm_head.weight"): torch.randn(320, 32)}
    for tied, more in ((True, {}), (False, head)):
        save_file({**weights, **more}, folder / "model.safetensors", metadata={"format": "pt"})
        change_config(folder, tie_word_embeddings=tied)
        np.testing.assert_array_equal(word_activations(load_model(str(folder)), ["time", "people"]), before)


# --- Files ---


def in_shards(folder: Path) -> list[Path]:
    """Divide a folder's weights into two files with an index."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    shards = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    for shard, part in zip(shards, (names[::2], names[1::2]), strict=True):
        save_file({name: weights[name] for name in part}, folder / shard, metadata={"format": "pt"})
    places = {name: shards[i % 2] for i, name in enumerate(names)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return [folder / shard for shard in shards]


def test_a_missing_shard_is_named(copy: Copy) -> None:
    folder = copy("gpt2")
    whole = word_activations(load_model(str(folder)), ["time", "people"])
    shards = in_shards(folder)
    np.testing.assert_array_equal(word_activations(load_model(str(folder)), ["time", "people"]), whole)
    shards[1].unlink()
    refusal(folder, shards[1].name, "1 of 2")


@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_beside_the_weights_is_not_passed_over(copy: Copy, file: str) -> None:
    folder = copy("llama")
    (folder / file).write_text("{}")
    refusal(folder, file)


@pytest.mark.parametrize(("dtype", "name"), [(torch.int8, "I8"), (torch.float8_e4m3fn, "F8_E4M3"), (torch.uint8, "U8")])
def test_quantised_weights_are_refused_whatever_the_configuration_says(
    copy: Copy, dtype: torch.dtype, name: str
) -> None:
    """They would be taken for the numbers themselves, without their scale."""
    folder = copy("llama")
    weights = load_file(folder / "model.safetensors")
    key = "model.layers.1.mlp.gate_proj.weight"
    save_file({**weights, key: weights[key].to(dtype)}, folder / "model.safetensors", metadata={"format": "pt"})
    refusal(folder, key, name)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_in_other_precision_are_read(copy: Copy, dtype: torch.dtype) -> None:
    folder = copy("gpt2")
    whole = word_activations(load_model(str(folder)), ["time"])
    weights = load_file(folder / "model.safetensors")
    converted = {key: array.to(dtype) for key, array in weights.items()}
    save_file(converted, folder / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_allclose(word_activations(load_model(str(folder)), ["time"]), whole, atol=0.05)


@pytest.mark.parametrize(
    ("architecture", "key"), [("gpt2", "activation_function"), ("llama", "hidden_act"), ("gpt_neox", "hidden_act")]
)
def test_an_unknown_activation_is_named(copy: Copy, architecture: str, key: str) -> None:
    folder = copy(architecture)
    change_config(folder, **{key: "supersilu"})
    refusal(folder, "supersilu", f"config.json sets {key}")


def test_no_sentence_has_a_path_that_was_not_typed(copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a visitor named a model below the server's folder, its place on the server stays unsaid."""
    monkeypatch.chdir(tmp_path)
    copy("gpt2")
    for name, content in (
        ("model.safetensors", b"{"),
        ("tokenizer.json", b"{"),
        ("config.json", b'{"model_type": "gpt2"'),
    ):
        whole = (tmp_path / "gpt2" / name).read_bytes()
        (tmp_path / "gpt2" / name).write_bytes(content)
        with pytest.raises(UserError) as caught:
            load_model("gpt2")
        assert_one_sentence(caught.value, "gpt2")
        assert str(tmp_path) not in str(caught.value)
        (tmp_path / "gpt2" / name).write_bytes(whole)
