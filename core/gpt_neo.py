"""The bundled GPT-Neo without transformers, whose import takes seconds, and 150 MB in every process.

    parts = load(folder, sizes)   # the sizes: its config.json

The network is called as transformers' ``GPTNeoModel`` is, keeps its module paths, and gives its values to the last
bit. Any other model, GPT-Neo or not, is loaded by ``core.transformers_models``: weights in shards, other nonlinearities
and the many ways in which strangers' files can be broken are all known there.
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

from core.fast_modules import GPTNeoAttention, speed_up
from core.loaded_model import Parts, read_texts_whole


def load(folder: Path, sizes: dict[str, Any]) -> Parts:
    """The parts of a model that ``training.export`` wrote, its network in float32 and in evaluation mode."""
    network = GPTNeo(sizes)  # drawing weights only to forget them takes less time than importing what spares it
    weights = load_file(folder / "model.safetensors")
    network.load_state_dict({key.removeprefix("transformer."): w.float() for key, w in weights.items()}, assign=True)
    return Parts(
        network=network.eval().requires_grad_(False),
        tokenizer=read_texts_whole(Tokenizer.from_file(str(folder / "tokenizer.json"))),
        start_token=sizes["bos_token_id"],
        new_past=Past,
        speed_up=speed_up,
        n_layers=sizes["num_layers"],
        d_model=sizes["hidden_size"],
        context=sizes["max_position_embeddings"],
    )


@dataclass
class _LayerPast:
    keys: torch.Tensor
    values: torch.Tensor


class Past:
    """The keys and values of tokens read before: what our attention asks of transformers' ``DynamicCache``."""

    def __init__(self, layers: Iterable[tuple[torch.Tensor, torch.Tensor]] = ()) -> None:
        self.layers = [_LayerPast(keys, values) for keys, values in layers]

    def get_seq_length(self, layer: int = 0) -> int:
        """How many tokens a layer has kept."""
        return self.layers[layer].keys.shape[2] if layer < len(self.layers) else 0

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Add (n_rows, n_heads, n_tokens, d_head) to a layer, from the first on in turn; return all that it has."""
        if layer == len(self.layers):
            self.layers.append(_LayerPast(keys, values))
        else:
            past = self.layers[layer]
            past.keys, past.values = torch.cat([past.keys, keys], 2), torch.cat([past.values, values], 2)
        return self.layers[layer].keys, self.layers[layer].values


class GPTNeo(nn.Module):
    """A base network in the sizes of a config.json, its nonlinearity GELU's tanh form."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.wte = nn.Embedding(sizes["vocab_size"], sizes["hidden_size"])
        self.wpe = nn.Embedding(sizes["max_position_embeddings"], sizes["hidden_size"])
        self.h = nn.ModuleList(_Block(layer, sizes) for layer in range(sizes["num_layers"]))
        self.ln_f = nn.LayerNorm(sizes["hidden_size"], sizes["layer_norm_epsilon"])

    def forward(
        self, input_ids: torch.Tensor, past_key_values: Past | None = None, use_cache: bool = False
    ) -> torch.Tensor:
        """Ids (batch, pos) -> the last hidden states (batch, pos, d_model). With a past, all that is read is kept."""
        n_before = past_key_values.get_seq_length() if past_key_values is not None else 0
        positions = torch.arange(n_before, n_before + input_ids.shape[1], device=input_ids.device)
        x = self.wte(input_ids) + self.wpe(positions)
        for block in self.h:
            x = block(x, past_key_values)
        return self.ln_f(x)


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

    def forward(self, x: torch.Tensor, past: Past | None) -> torch.Tensor:
        x = self.attn["attention"](self.ln_1(x), past)[0] + x
        neurons = self.mlp["act"](self.mlp["c_fc"](self.ln_2(x)))
        return x + self.mlp["c_proj"](neurons)
