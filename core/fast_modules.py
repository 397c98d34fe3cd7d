"""A network's modules in faster forms, whose values differ by rounding alone.

    speed_up(network)   # changes it in place; it is then for inference only

- GELU's tanh form in a few steps, where transformers writes it out in eight that each go through memory.
- On a processor, linear layers whose weights oneDNN has arranged once. MKL, which PyTorch takes otherwise, arranges
  them at every call: for twenty rows this takes as long as the product.
- GPT-Neo's attention without its matrix of scores; and where a row has one token only, it attends to itself alone, so
  that queries and scores, and keys that nobody asks for, need not be computed.

No form depends on which layers are read: a layer's values are the same to the last bit, read alone or among others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import nn

# What makes another module of a module, to stand in its place.
Form: TypeAlias = Callable[[Any], nn.Module]


def speed_up(network: nn.Module) -> None:
    """Put faster forms in place of PyTorch's modules in a base network, whose paths stay as they are."""
    if can_pack(network):
        forms: dict[type, Form] = {
            nn.Linear: lambda linear: PackedLinear(linear.weight, linear.bias),
            nn.GELU: lambda gelu: TanhGELU() if gelu.approximate == "tanh" else gelu,
        }
        replace(network, forms)
        _leave_the_file(network)


def can_pack(network: nn.Module) -> bool:
    """Whether a network's linear layers can be packed: in float32 on a processor, where PyTorch was built for it."""
    parameter = next(network.parameters())
    on_processor = parameter.device.type == "cpu" and parameter.dtype == torch.float32
    return on_processor and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def replace(parent: nn.Module, forms: Mapping[type, Form]) -> None:
    """Put others in place of all modules below a parent whose type has a form, in those others too."""
    for name, child in list(parent.named_children()):
        other = forms[type(child)](child) if type(child) in forms else child
        parent.add_module(name, other)
        replace(other, forms)


def _leave_the_file(network: nn.Module) -> None:
    """Copy what was not packed, so that the mapped file of weights, most of which is packed now, can go."""
    for parameter in network.parameters():
        parameter.data = parameter.data.clone()


class PackedLinear(nn.Module):
    """A linear layer on weights that oneDNN has arranged once. ``weight`` is (d_out, d_in), ``bias`` (d_out,).

    The two calls are those that PyTorch's own compiler makes. It has no public name for them; where they are missing,
    nothing is packed.
    """

    def __init__(self, weight: torch.Tensor, bias: nn.Parameter | None) -> None:
        super().__init__()
        self.bias = bias
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x (..., d_in) -> (..., d_out)."""
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")
        return product


class TanhGELU(nn.Module):
    """GELU's tanh form, written with the logistic function: tanh(z) = 2 sigmoid(2 z) - 1.

    PyTorch computes the tanh itself, which takes three times as long as the logistic function.
    """

    _SCALE = 2 * math.sqrt(2 / math.pi)

    def __init__(self) -> None:
        super().__init__()
        self._scale = torch.tensor(self._SCALE)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any shape -> the same shape."""
        exponent = torch.addcmul(self._scale, x, x, value=0.044715 * self._SCALE)
        return exponent.mul_(x).sigmoid_().mul_(x)


class GPTNeoAttention(nn.Module):
    """GPT-Neo's attention for rows of equal length: unscaled dot products, in every second layer over a window.

    It takes what transformers' own module takes, but no heed of an attention mask: nothing is padded. ``window`` is how
    many tokens a query sees, its own included; None is all.
    """

    def __init__(
        self,
        *,
        layer: int,
        n_heads: int,
        window: int | None,
        q_proj: nn.Module,
        k_proj: nn.Module,
        v_proj: nn.Module,
        out_proj: nn.Module,
    ) -> None:
        super().__init__()
        self._layer, self._n_heads, self._window = layer, n_heads, window
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = q_proj, k_proj, v_proj, out_proj

    def forward(self, hidden_states: torch.Tensor, layer_past: Any = None, **_: Any) -> tuple[torch.Tensor, None]:
        """Hidden states (batch, pos, d_model) -> the same shape. Keys and values are added to ``layer_past``.

        That is a ``core.gpt_neo.Past``, or transformers' ``DynamicCache``.
        """
        value = self.v_proj(hidden_states)
        n_before = layer_past.get_seq_length(self._layer) if layer_past is not None else 0
        alone = n_before + hidden_states.shape[1] == 1
        if alone and layer_past is None:
            return self.out_proj(value), None
        keys, values = self._heads(self.k_proj(hidden_states)), self._heads(value)
        if layer_past is not None:
            keys, values = layer_past.update(keys, values, self._layer)
        if alone:
            return self.out_proj(value), None
        queries = self._heads(self.q_proj(hidden_states))
        seen = F.scaled_dot_product_attention(queries, keys, values, scale=1.0, **self._mask(queries, keys))
        return self.out_proj(seen.transpose(1, 2).flatten(2)), None

    def _heads(self, x: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_model] -> [batch, head, pos, d_head]
        return x.unflatten(2, (self._n_heads, -1)).transpose(1, 2)

    def _mask(self, queries: torch.Tensor, keys: torch.Tensor) -> dict[str, Any]:
        """Which keys each query sees, the last query standing at the last key, as attention's arguments say it."""
        n_queries, n_keys = queries.shape[2], keys.shape[2]
        window = self._window or n_keys
        if n_keys <= window and n_queries in (1, n_keys):
            return {"is_causal": n_queries > 1}
        at = torch.arange(n_keys, device=keys.device)
        distance = at[-n_queries:, None] - at
        return {"attn_mask": (distance >= 0) & (distance < window)}
