"""The bundled GPT-Neo without transformers, which takes seconds to import and 150 MB in every process.

    lm = load(folder, sizes, revision, hook_points)   # sizes: the contents of config.json

The network has the interface and the module paths of transformers' ``GPTNeoModel``, and the same values to the last
bit. ``core.models.load_transformers`` loads all other models, GPT-Neo or not. It handles sharded weights, other
nonlinearities, and broken files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn

from core.models.catalogue import BUNDLED
from core.models.fast_modules import GPTNeoAttention, PackedLinear, can_pack, speed_up
from core.models.hook_points import HookPoints
from core.models.load_tokenizer import StartToken, configure_tokenizer
from core.models.loaded import LoadedModel, assemble


def load(
    folder: Path, sizes: dict[str, Any], revision: str, hook_points: HookPoints, dtype: str = "float32"
) -> LoadedModel:
    """Load a model that ``training.export`` wrote, in evaluation mode."""
    network = GPTNeo(sizes)  # random weights, replaced below: cheaper than importing a library that skips them
    weights = load_file(folder / "model.safetensors")
    kind: torch.dtype = getattr(torch, dtype)
    network.load_state_dict({key.removeprefix("transformer."): w.to(kind) for key, w in weights.items()}, assign=True)
    tokenizer = configure_tokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")))
    start = StartToken(sizes["bos_token_id"], str(tokenizer.id_to_token(sizes["bos_token_id"])))
    return assemble(
        network.eval().requires_grad_(False),
        tokenizer,
        start,
        hook_points,
        new_cache=KeyValueCache,
        speed_up=speed_up,
        name=BUNDLED,
        revision=revision,
        architecture=sizes["model_type"],
        n_layers=sizes["num_layers"],
        d_model=sizes["hidden_size"],
        context=sizes["max_position_embeddings"],
        n_embeddings=sizes["vocab_size"],
        base_path="transformer",
    )


@dataclass
class _LayerCache:
    keys: torch.Tensor
    values: torch.Tensor


class KeyValueCache:
    """The key-value cache: the part of transformers' ``DynamicCache`` that our attention uses.

    Examples
    --------
    >>> cache = KeyValueCache()
    >>> keys, values = cache.update(torch.zeros(2, 4, 3, 8), torch.zeros(2, 4, 3, 8), layer=0)
    >>> keys.shape, cache.get_seq_length(0)
    (torch.Size([2, 4, 3, 8]), 3)
    """

    def __init__(self, layers: Iterable[tuple[torch.Tensor, torch.Tensor]] = ()) -> None:
        self.layers = [_LayerCache(keys, values) for keys, values in layers]

    def get_seq_length(self, layer: int = 0) -> int:
        """How many tokens are in the cache of a layer."""
        return self.layers[layer].keys.shape[2] if layer < len(self.layers) else 0

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Add keys and values (n_rows, n_heads, n_tokens, d_head) to a layer, and return all of the layer's.

        The first layer must be updated first, then the second, and so on.
        """
        if layer == len(self.layers):
            self.layers.append(_LayerCache(keys, values))
        else:
            past = self.layers[layer]
            # [n_rows, n_heads, n_before, d_head] and [n_rows, n_heads, n_tokens, d_head], along the third axis
            past.keys, past.values = torch.cat([past.keys, keys], 2), torch.cat([past.values, values], 2)
        return self.layers[layer].keys, self.layers[layer].values


class GPTNeo(nn.Module):
    """A GPT-Neo without language-model head. The sizes come from config.json; the nonlinearity is GELU's tanh form."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.sizes = sizes
        self.wte = nn.Embedding(sizes["vocab_size"], sizes["hidden_size"])
        self.wpe = nn.Embedding(sizes["max_position_embeddings"], sizes["hidden_size"])
        self.h = nn.ModuleList(_Block(layer, sizes) for layer in range(sizes["num_layers"]))
        self.ln_f = nn.LayerNorm(sizes["hidden_size"], sizes["layer_norm_epsilon"])

    def forward(
        self, input_ids: torch.Tensor, past_key_values: KeyValueCache | None = None, use_cache: bool = False
    ) -> torch.Tensor:
        """Ids (batch, pos) -> the last hidden states (batch, pos, d_model). A cache gets the new keys and values."""
        n_before = past_key_values.get_seq_length() if past_key_values is not None else 0
        positions = torch.arange(n_before, n_before + input_ids.shape[1], device=input_ids.device)  # [pos]
        x = self.wte(input_ids) + self.wpe(positions)  # [batch, pos, d_model] + [pos, d_model]
        for block in self.h:
            x = block(x, past_key_values)
        return self.ln_f(x)

    def draw_weights(self) -> None:
        """Draw all weights anew as GPT-Neo does before training, in place, by PyTorch's random numbers."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                module.weight.data.normal_(std=self.sizes["initializer_range"])
                if isinstance(module, nn.Linear) and module.bias is not None:
                    module.bias.data.zero_()

    def new_head(self) -> nn.Module:
        """The head: last hidden states (..., d_model) -> logits (..., vocabulary). Its matrix is the embedding's."""
        if can_pack(self):
            return PackedLinear(self.wte.weight, None)
        head = nn.Linear(self.wte.embedding_dim, self.wte.num_embeddings, bias=False, device="meta")
        head.weight = self.wte.weight
        return head


class _Block(nn.Module):
    def __init__(self, layer: int, sizes: dict[str, Any]) -> None:
        super().__init__()
        width, epsilon = sizes["hidden_size"], sizes["layer_norm_epsilon"]
        d_mlp = sizes["intermediate_size"] or 4 * width
        attention = GPTNeoAttention(
            layer=layer,
            n_heads=sizes["num_heads"],
            window=sizes["window_size"] if sizes["attention_layers"][layer] == "local" else None,
            q_proj=nn.Linear(width, width, bias=False),
            k_proj=nn.Linear(width, width, bias=False),
            v_proj=nn.Linear(width, width, bias=False),
            out_proj=nn.Linear(width, width),
        )
        self.ln_1 = nn.LayerNorm(width, epsilon)
        self.attn = nn.ModuleDict({"attention": attention})
        self.ln_2 = nn.LayerNorm(width, epsilon)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(width, d_mlp), "act": nn.GELU("tanh"), "c_proj": nn.Linear(d_mlp, width)}
        )

    def forward(self, x: torch.Tensor, past: KeyValueCache | None) -> torch.Tensor:
        x = self.attn["attention"](self.ln_1(x), past)[0] + x
        neurons = self.mlp["act"](self.mlp["c_fc"](self.ln_2(x)))  # [batch, pos, d_model] -> [batch, pos, d_mlp]
        return x + self.mlp["c_proj"](neurons)
