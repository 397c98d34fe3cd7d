"""Tiny random models of every architecture, in hub layout, and a plain, slow way to read their neurons.

    folder = save_tiny("gpt_neo", tmp_path)
    reference = Reference(folder)
    reference.read([5, 6, 7], layer=2, side="activation")    # (3, d_mlp)

Nothing here is shared with ``core``: the module paths are written out again, and the whole model always runs.
"""

from __future__ import annotations

import json
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer

from benchmarks.tiny_models import CONTEXT, END_OF_TEXT, N_LAYERS, random_model, save_tokenizer

__all__ = [
    "ABSOLUTE",
    "CONTEXT",
    "END_OF_TEXT",
    "FUSED",
    "GATED",
    "N_LAYERS",
    "PATHS",
    "TEXT",
    "WORDS",
    "Reference",
    "assert_close",
    "assert_one_sentence",
    "change_config",
    "copy_folder",
    "save_tiny",
    "save_tokenizer",
]

torch.set_num_threads(1)  # on matrices this small, threads only wait for each other

ABSOLUTE = 1e-5  # how far float32 sums in another order may lie apart here

# Words of one piece and of several, repeats, capitals, an accent, an apostrophe, an emoji, an inner space.
WORDS = ["time", "people", "a", "antidisestablishmentarianism", "Time", "time", "don't", "naïve", "🙂"]
WORDS += ["walking", "bureaucracy", "x", "people", "ice cream", "j.", "to"]
TEXT = "The quick brown fox jumps over the lazy dog, and then it naps: 3 hours!\n\tTwo more."

# Architecture -> (MLP, expansion, down-projection), as module paths from the causal model on.
_LLAMA_PATHS = ("model.layers.{}.mlp", "gate_proj", "down_proj")
PATHS = {
    "gpt_neo": ("transformer.h.{}.mlp", "c_fc", "c_proj"),
    "gpt2": ("transformer.h.{}.mlp", "c_fc", "c_proj"),
    "gpt_bigcode": ("transformer.h.{}.mlp", "c_fc", "c_proj"),
    "gptj": ("transformer.h.{}.mlp", "fc_in", "fc_out"),
    "codegen": ("transformer.h.{}.mlp", "fc_in", "fc_out"),
    "gpt_neox": ("gpt_neox.layers.{}.mlp", "dense_h_to_4h", "dense_4h_to_h"),
    "falcon": ("transformer.h.{}.mlp", "dense_h_to_4h", "dense_4h_to_h"),
    "falcon alibi": ("transformer.h.{}.mlp", "dense_h_to_4h", "dense_4h_to_h"),  # Falcon-RW
    "phi": ("model.layers.{}.mlp", "fc1", "fc2"),
    "starcoder2": ("model.layers.{}.mlp", "c_fc", "c_proj"),
    "nemotron": ("model.layers.{}.mlp", "up_proj", "down_proj"),
    "xglm": ("model.layers.{}", "fc1", "fc2"),
    "opt": ("model.decoder.layers.{}", "fc1", "fc2"),
    "opt post-norm": ("model.decoder.layers.{}", "fc1", "fc2"),  # OPT-350m
    "bloom": ("transformer.h.{}.mlp", "dense_h_to_4h", "dense_4h_to_h"),
    "mpt": ("transformer.blocks.{}.ffn", "up_proj", "down_proj"),
    "phi3": ("model.layers.{}.mlp", "gate_up_proj", "down_proj"),
    "modernbert-decoder": ("model.layers.{}.mlp", "Wi", "Wo"),
    **dict.fromkeys(
        ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "smollm3", "olmo", "olmo2"),
        _LLAMA_PATHS,
    ),
    **dict.fromkeys(("stablelm", "granite", "cohere", "cohere2"), _LLAMA_PATHS),
}
# In these, the activation is the product of a gate and another layer.
FUSED = ("phi3", "modernbert-decoder")  # the first half of the expansion is the gate
GATED = (*(name for name, (_, expand, _) in PATHS.items() if expand == "gate_proj"), *FUSED)


def save_tiny(architecture: str, folder: Path, *, dead_neurons: dict[int, list[int]] | None = None) -> Path:
    """Write a random model and its tokenizer; ``dead_neurons``: layer -> neurons whose weights are 0."""
    model = random_model(architecture, save_tokenizer(folder))
    for layer, neurons in (dead_neurons or {}).items():
        mlp, expand, _ = PATHS[architecture]
        module = model.get_submodule(f"{mlp.format(layer)}.{expand}")
        with torch.no_grad():
            module.weight[neurons] = 0.0
            module.bias[neurons] = 0.0
    model.save_pretrained(folder)
    return folder


_MOST_KEPT = 100  # rows of a reference


class Reference:
    """The whole model, loaded by transformers alone, one unpadded row at a time, nothing stopped early."""

    def __init__(self, folder: Path) -> None:
        self._model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self._paths = PATHS[kind := self._model.config.model_type]
        self._fused = kind in FUSED
        self._folder = folder
        self._read: dict[tuple[int, ...], dict[str, np.ndarray]] = {}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(str(self._folder / "tokenizer.json"))

    def ids(self, text: str) -> list[int]:
        """The text's token ids."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    @cached_property
    def _tokenizer_for_users(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.encode_special_tokens = True
        return tokenizer

    def typed_ids(self, text: str) -> list[int]:
        """The token ids of what a user types, in which a special token's name is text."""
        return self._tokenizer_for_users.encode(text, add_special_tokens=False).ids

    def read(self, ids: list[int], layer: int, side: str) -> np.ndarray:
        """One layer's neurons at every token: (n_tokens, d_mlp)."""
        return self.read_all(ids, side)[layer]

    def read_all(self, ids: list[int], side: str) -> np.ndarray:
        """Every layer's neurons at every token: (n_layers, n_tokens, d_mlp). One pass is for both sides."""
        key = tuple(ids)
        if key not in self._read:
            if len(self._read) == _MOST_KEPT:
                del self._read[next(iter(self._read))]
            self._read[key] = self._read_both_sides(ids)
        return self._read[key][side]

    @torch.no_grad()
    def _read_both_sides(self, ids: list[int]) -> dict[str, np.ndarray]:
        mlp_path, expand, contract = self._paths
        before: list[np.ndarray] = []
        after: list[np.ndarray] = []
        handles = []

        def after_mlp(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
            # As the notebook does it: the expansion is computed again from what the MLP was given.
            before.append(getattr(module, expand)(inputs[0])[0].numpy())

        def after_expansion(module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> None:
            before.append(output.numpy().reshape(len(ids), -1).copy())

        def before_contraction(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            after.append(inputs[0].numpy().reshape(len(ids), -1).copy())

        for layer in range(self._model.config.num_hidden_layers):
            mlp = self._model.get_submodule(mlp_path.format(layer))
            if not mlp_path.endswith(("mlp", "ffn")):  # the layer holds the MLP's modules itself
                handles.append(getattr(mlp, expand).register_forward_hook(after_expansion))
            else:
                handles.append(mlp.register_forward_hook(after_mlp))
            handles.append(getattr(mlp, contract).register_forward_pre_hook(before_contraction))
        self._model(torch.tensor([ids]))
        for handle in handles:
            handle.remove()
        expanded = np.stack(before)
        if self._fused:
            expanded = expanded[..., : expanded.shape[-1] // 2]
        found = {"pre-activation": expanded, "activation": np.stack(after)}
        for values in found.values():
            values.flags.writeable = False
        return found

    def word(self, word: str, side: str, *, leading_space: bool = False, prefix: bool = False) -> np.ndarray:
        """One word, alone, the prefix read but left out: (n_layers, n_tokens, d_mlp)."""
        ids = self.ids(f" {word}" if leading_space else word)
        head = self.ids(END_OF_TEXT) if prefix else []
        return self.read_all([*head, *ids], side)[:, len(head) :]


def copy_folder(folder: Path, to: Path, *, without: tuple[str, ...] = ()) -> Path:
    """A copy of a model's folder, to be broken by a test."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns(*without))
    return to


def change_config(folder: Path, **changes: Any) -> None:
    """Write some fields of a folder's config.json anew."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def assert_one_sentence(error: BaseException, *names: str) -> None:
    """The error's message is short, on one line, and names what it is about."""
    message = str(error)
    assert "\n" not in message and 10 < len(message) < 300, message
    assert message[-1] in ".!?)", message
    assert all(name in message for name in names), message


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal shapes, and values within 1e-5, in float32."""
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=ABSOLUTE)
