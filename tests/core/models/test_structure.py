"""Hook points found by what a network computes: those of the table, those of other types, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from core.activations import token_activations, word_activations
from core.errors import UserError
from core.models import load_model
from core.models.hook_points import HOOK_POINTS
from core.models.structure import find_hook_points
from core.records import HOOK_SIDES
from tests.support.tiny_models import N_LAYERS, PATHS, TEXT, assert_close, assert_one_sentence, save_tokenizer

Folder = Callable[[str], Path]

_SIZES = {
    "vocab_size": 320,
    "hidden_size": 32,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
    "initializer_range": 0.1,
}
# Types that are not in the table, and where their neurons are: MLP, expansion, down-projection.
FOUND = {
    "arcee": ("layers.{}.mlp", "up_proj", "down_proj"),
    "glm": ("layers.{}.mlp", "gate_up_proj", "down_proj"),
    "helium": ("layers.{}.mlp", "gate_proj", "down_proj"),
    "nanochat": ("layers.{}.mlp", "fc1", "fc2"),
    "olmo3": ("layers.{}.mlp", "gate_proj", "down_proj"),
    "seed_oss": ("layers.{}.mlp", "gate_proj", "down_proj"),
}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("masked", {}),  # each token sees those after it
    "openai-gpt": ("token by token", {}),  # it has no cache
    "bitnet": ("no MLP neurons", {}),  # normalised between gate and down-projection
    "recurrent_gemma": ("", {}),
    # Convolutions, whose state is not in the cache.
    "lfm2": ("", {"layer_types": ["conv", "full_attention"] * (N_LAYERS // 2)}),
}


def save(kind: str, folder: Path, **settings: Any) -> Path:
    """A random model of a type that need not be in the table."""
    save_tokenizer(folder)
    torch.manual_seed(3)
    config = transformers.AutoConfig.for_model(kind, **{**_SIZES, **settings})
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("architecture", PATHS)
def test_the_table_is_found_again(architecture: str, tiny_folder: Folder) -> None:
    """For every family, what is found without the table is what the table says."""
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder(architecture)).eval()
    found = find_hook_points(model.base_model, N_LAYERS, [5, 6, 7, 5, 8])
    expected = HOOK_POINTS[model.config.model_type]
    assert found is not None
    assert (found.nonlinearity is None) == (expected.nonlinearity is None)
    assert all(found.path(layer, side) == expected.path(layer, side) for layer in (0, 3) for side in HOOK_SIDES)


@pytest.mark.parametrize("kind", FOUND)
def test_other_types_equal_plain_hooks(kind: str, tmp_path: Path) -> None:
    """Read in their own way by plain hooks in a full pass; the result says how they were found."""
    assert kind not in HOOK_POINTS
    folder = save(kind, tmp_path)
    lm = load_model(str(folder))
    assert (
        len(lm.info.notes) == 1 and kind in lm.info.notes[0] and "found by what its layers compute" in lm.info.notes[0]
    )
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    mlp, expand, contract = FOUND[kind]
    seen: dict[str, np.ndarray] = {}
    inner = model.base_model.get_submodule(mlp.format(2))
    inner.get_submodule(expand).register_forward_hook(
        lambda m, i, o: seen.update({"pre-activation": o[0, :, :48].numpy()})
    )
    inner.get_submodule(contract).register_forward_pre_hook(lambda m, i: seen.update({"activation": i[0][0].numpy()}))
    for word in ("antidisestablishmentarianism", "time"):
        with torch.inference_mode():
            model(torch.tensor([lm.tokenizer.encode(word, add_special_tokens=False).ids]))
        for side in HOOK_SIDES:
            found = word_activations(lm, [word], [2], side=side)
            assert_close(found[0, 0], seen[side].mean(axis=0))
            assert_close(token_activations(lm, word, 2, side=side).values, seen[side])
    assert token_activations(lm, TEXT, 3).values.shape[1] == 48


@pytest.mark.parametrize("kind", REFUSED)
def test_other_types_that_are_refused(kind: str, tmp_path: Path) -> None:
    """A type whose values would not be those of a full pass: in one sentence."""
    reason, settings = REFUSED[kind]
    folder = save(kind, tmp_path, **settings)
    with pytest.raises(UserError) as caught:
        load_model(str(folder))
    assert_one_sentence(caught.value, str(folder), kind, reason)


class _Block(nn.Module):
    """A layer whose activation is computed from its expansion by ``between``."""

    def __init__(self, between: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.up, self.down, self.between = nn.Linear(8, 24), nn.Linear(24, 8), between

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(self.between(self.up(x)))


class _Network(nn.Module):
    def __init__(self, *between: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.embed, self.blocks = nn.Embedding(9, 8), nn.ModuleList(_Block(each) for each in between)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        x = self.embed(input_ids)
        for block in self.blocks:
            x = block(x)
        return x


def test_only_a_relation_that_holds_in_every_layer_is_taken() -> None:
    """A function without a module is found; another one in one layer, or a norm after it, is not."""
    torch.manual_seed(0)
    silu = nn.functional.silu
    found = find_hook_points(_Network(silu, silu), 2, [1, 2, 3])
    assert found is not None and found.path(1, "activation") == "blocks.1.down" and found.nonlinearity is None
    assert find_hook_points(_Network(silu, torch.cos), 2, [1, 2, 3]) is None
    assert find_hook_points(_Network(silu, lambda x: silu(x) / silu(x).norm()), 2, [1, 2, 3]) is None
    assert find_hook_points(_Network(silu, silu), 3, [1, 2, 3]) is None


def test_bfloat16_is_refused_where_neurons_must_be_found(tmp_path: Path) -> None:
    """Its rounding is far coarser than what tells one nonlinearity from another."""
    folder = save(next(iter(FOUND)), tmp_path)
    with pytest.raises(UserError) as caught:
        load_model(str(folder), "bfloat16")
    assert_one_sentence(caught.value, str(folder), "bfloat16", "float32")
