"""Faster versions of a network's modules. Their values differ only by rounding.

    speed_up(network)   # in place; the network is for inference only afterwards

- GELU's tanh form in few steps. transformers computes it in eight steps, and each one goes through memory.
- On a CPU, linear layers whose weights oneDNN has packed once. By default PyTorch uses MKL, which packs them at every
  call. For twenty rows this takes as long as the product.
- GPT-Neo's attention without a stored matrix of scores. A row with a single token attends only to itself, so queries
  and scores are not computed, and keys only for a cache.

No version depends on which layers are read. So a layer has the same values, to the last bit, whichever other layers
are read with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import nn

# From a module to the one that replaces it.
Replacement: TypeAlias = Callable[[Any], nn.Module]


def speed_up(network: nn.Module) -> None:
    """Replace PyTorch's modules by faster ones, in place. Module paths do not change.

    Where ``can_pack`` is false, modules stay as they are.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(2, 3), nn.GELU("tanh"))
    >>> speed_up(network)
    >>> network(torch.ones(1, 2)).shape  # [batch, d_in] -> [batch, d_out]
    torch.Size([1, 3])
    """
    if can_pack(network):
        replacements: dict[type, Replacement] = {
            nn.Linear: lambda linear: PackedLinear(linear.weight, linear.bias),
            nn.GELU: lambda gelu: TanhGELU() if gelu.approximate == "tanh" else gelu,
        }
        replace(network, replacements)
    if next(network.parameters()).device.type == "cpu":
        _copy_parameters(network)


def can_pack(network: nn.Module) -> bool:
    """Whether the linear layers can be packed: float32 weights on a CPU, and a PyTorch with oneDNN."""
    parameter = next(network.parameters())
    on_cpu = parameter.device.type == "cpu" and parameter.dtype == torch.float32
    return on_cpu and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def replace(parent: nn.Module, replacements: Mapping[type, Replacement]) -> None:
    """Replace all modules below ``parent`` by their type, recursively, also inside the new modules."""
    for name, child in list(parent.named_children()):
        new = replacements[type(child)](child) if type(child) in replacements else child
        parent.add_module(name, new)
        replace(new, replacements)


def _copy_parameters(network: nn.Module) -> None:
    """Copy the parameters that were not packed or moved, so that the mapped weight file can be closed."""
    for parameter in network.parameters():
        parameter.data = parameter.data.clone()


class PackedLinear(nn.Module):
    """A linear layer whose weights oneDNN has packed once. ``weight`` is (d_out, d_in), ``bias`` (d_out,).

    The two operators are those that PyTorch's compiler calls. They are private; where they are missing, ``can_pack``
    is false.
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

    PyTorch's own module computes tanh, which takes three times as long as the logistic function.
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
    """GPT-Neo's attention for rows of equal length: unscaled dot products; every second layer has a local window.

    It has the arguments of the module in transformers, but ignores an attention mask, because there is no padding.
    ``window`` is the number of tokens that a query attends to, including its own; None means all.
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

        ``layer_past`` is a ``core.models.load_bundled.KeyValueCache`` or transformers' ``DynamicCache``.
        """
        value = self.v_proj(hidden_states)
        n_before = layer_past.get_seq_length(self._layer) if layer_past is not None else 0
        single_token = n_before + hidden_states.shape[1] == 1
        if single_token and layer_past is None:
            return self.out_proj(value), None
        keys, values = self._heads(self.k_proj(hidden_states)), self._heads(value)
        if layer_past is not None:
            keys, values = layer_past.update(keys, values, self._layer)
        if single_token:
            return self.out_proj(value), None
        queries = self._heads(self.q_proj(hidden_states))
        # [batch, head, pos, d_head] with keys and values [batch, head, n_keys, d_head] -> [batch, head, pos, d_head]
        attended = F.scaled_dot_product_attention(queries, keys, values, scale=1.0, **self._mask(queries, keys))
        # [batch, head, pos, d_head] -> [batch, pos, head, d_head] -> [batch, pos, d_model]
        return self.out_proj(attended.transpose(1, 2).flatten(2)), None

    def _heads(self, x: torch.Tensor) -> torch.Tensor:
        # [batch, pos, d_model] -> [batch, pos, head, d_head] -> [batch, head, pos, d_head]
        return x.unflatten(2, (self._n_heads, -1)).transpose(1, 2)

    def _mask(self, queries: torch.Tensor, keys: torch.Tensor) -> dict[str, Any]:
        """The arguments of attention that say which keys each query sees. The last query is at the last key."""
        n_queries, n_keys = queries.shape[2], keys.shape[2]
        window = self._window or n_keys
        if n_keys <= window and n_queries in (1, n_keys):
            return {"is_causal": n_queries > 1}
        at = torch.arange(n_keys, device=keys.device)
        distance = at[-n_queries:, None] - at  # [pos, 1] - [n_keys] -> [pos, n_keys]
        return {"attn_mask": (distance >= 0) & (distance < window)}
