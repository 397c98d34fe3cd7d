"""The GPT-Neo network to train, and a forward pass of it that is fast on a CPU.

The weights live in the very module that the app loads (``transformers``' ``GPTNeoForCausalLM``). Only
the forward pass is written again: PyTorch's fused attention instead of an explicit score matrix, which
compiles into one graph and trains about a tenth faster. ``tests/training/test_training.py`` holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from transformers import GPTNeoConfig, GPTNeoForCausalLM


@dataclass(frozen=True)
class Shape:
    """The size of the network; the defaults are the bundled model's."""

    vocab_size: int = 8192
    hidden_size: int = 384
    d_mlp: int = 512
    n_layers: int = 6
    n_heads: int = 6
    context: int = 512
    window: int = 256


SMALL = Shape(vocab_size=512, hidden_size=32, d_mlp=128, n_layers=2, n_heads=2)


def build(shape: Shape, seed: int) -> GPTNeoForCausalLM:
    """A freshly initialised GPT-Neo with alternating global and local attention and a tied head."""
    torch.manual_seed(seed)
    config = GPTNeoConfig(
        vocab_size=shape.vocab_size,
        hidden_size=shape.hidden_size,
        intermediate_size=shape.d_mlp,
        num_layers=shape.n_layers,
        num_heads=shape.n_heads,
        attention_types=[[["global", "local"], shape.n_layers // 2]],
        max_position_embeddings=shape.context,
        window_size=shape.window,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPTNeoForCausalLM(config)


def hidden_states(model: GPTNeoForCausalLM, ids: torch.Tensor) -> torch.Tensor:
    """The last layer's normed residual stream: (batch, pos) ids -> (batch, pos, d_model)."""
    stack = model.transformer
    x = stack.wte(ids) + stack.wpe(torch.arange(ids.shape[1], device=ids.device))
    for block in stack.h:
        x = x + _attend(block.attn.attention, block.ln_1(x), model.config.window_size)
        x = x + block.mlp(block.ln_2(x))
    return stack.ln_f(x)


def _attend(attention: Any, x: torch.Tensor, window: int) -> torch.Tensor:
    batch, pos, width = x.shape

    def heads(y: torch.Tensor) -> torch.Tensor:  # [batch, head, pos, d_head]
        return y.view(batch, pos, attention.num_heads, attention.head_dim).transpose(1, 2)

    q, k, v = (heads(p(x)) for p in (attention.q_proj, attention.k_proj, attention.v_proj))
    # GPT-Neo does not divide the scores by sqrt(d_head): scale=1.
    if attention.attention_type == "local" and pos > window:
        at = torch.arange(pos, device=x.device)
        distance = at[:, None] - at[None, :]
        mask = (distance >= 0) & (distance < window)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)
    else:
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)
    return attention.out_proj(y.transpose(1, 2).reshape(batch, pos, width))


def loss(model: GPTNeoForCausalLM, windows: torch.Tensor, half: bool = True) -> torch.Tensor:
    """Mean next-token cross-entropy in nats over windows of ids (batch, pos + 1). ``half``: train in bfloat16."""
    with torch.autocast(windows.device.type, dtype=torch.bfloat16, enabled=half and model.training):
        logits = model.lm_head(hidden_states(model, windows[:, :-1]))
    return F.cross_entropy(logits.float().flatten(0, 1), windows[:, 1:].flatten())
