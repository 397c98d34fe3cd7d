"""The faster forms of modules, against the ones that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from transformers import AutoModel, DynamicCache
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoSelfAttention
from transformers.pytorch_utils import Conv1D

from core.activations import word_activations
from core.models import fast_modules, load_model, load_transformers
from core.models.fast_modules import GPTNeoAttention, PackedLinear, TanhGELU, can_pack
from core.models.hook_points import HOOK_POINTS
from core.models.load_transformers import speed_up
from core.records import HOOK_SIDES
from tests.support.tiny_models import CONTEXT, N_LAYERS, WORDS

Folder = Callable[[str], Path]
needs_packing = pytest.mark.skipif(
    not can_pack(nn.Linear(2, 2)), reason="this build of PyTorch has no oneDNN for processors"
)


def network(folder: Path) -> nn.Module:
    """A model's base network as transformers loads it."""
    return AutoModel.from_pretrained(folder, dtype=torch.float32).eval().requires_grad_(False)


def ours(attention: nn.Module) -> GPTNeoAttention:
    """The faster form of transformers' attention."""
    return load_transformers._gpt_neo_attention(attention)


def ids(rows: int, length: int) -> torch.Tensor:
    """Token ids (rows, length), the same at each call."""
    return torch.randint(0, 300, (rows, length), generator=torch.Generator().manual_seed(length))


@pytest.mark.parametrize("architecture", HOOK_POINTS)
@pytest.mark.parametrize("packs", [True, False])
def test_a_network_gives_the_same_values(
    tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch, architecture: str, packs: bool
) -> None:
    """Last hidden states of every architecture, packed and where packing cannot be had, above the local window."""
    plain, fast = (network(tiny_folder(architecture)) for _ in range(2))
    if not packs:
        monkeypatch.setattr(fast_modules, "can_pack", lambda network: False)
    speed_up(fast)
    linear = [m for m in fast.modules() if type(m) in (nn.Linear, Conv1D)]
    assert bool(linear) is not (packs and can_pack(plain))
    for length in (1, 2, 9, CONTEXT):
        with torch.inference_mode():
            expected = plain(ids(3, length), use_cache=False).last_hidden_state
            found = fast(ids(3, length), use_cache=False).last_hidden_state
        assert expected.std() > 0.1
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", range(N_LAYERS))
@pytest.mark.parametrize("n_before", [0, 1, 5, 7, 8, 12])
@pytest.mark.parametrize("n_tokens", [1, 3])
def test_gpt_neos_attention_after_tokens_before(tiny_folder: Folder, layer: int, n_before: int, n_tokens: int) -> None:
    """Global and local layers; the keys and values that it leaves are those that transformers' leaves."""
    module = network(tiny_folder("gpt_neo")).get_submodule(f"h.{layer}.attn.attention")
    assert isinstance(module, GPTNeoSelfAttention)
    states = torch.randn(2, n_before + n_tokens, 32, generator=torch.Generator().manual_seed(layer)) * 3
    caches = []
    for attention in (module, ours(module)):
        cache = DynamicCache()
        for k in range(layer):
            cache.update(torch.zeros(2, 4, 1, 8), torch.zeros(2, 4, 1, 8), k)
        for k in range(n_before):
            attention(states[:, k : k + 1], layer_past=cache, use_cache=True)
        # transformers' module masks within the window, and its caller masks what follows a query
        after = torch.triu(torch.full((n_tokens, n_before + n_tokens), -torch.inf), diagonal=n_before + 1)
        caches.append((cache, attention(states[:, n_before:], layer_past=cache, attention_mask=after)[0]))
    (plain_cache, expected), (fast_cache, found) = caches
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(fast_cache.layers[layer].keys, plain_cache.layers[layer].keys)
    torch.testing.assert_close(fast_cache.layers[layer].values, plain_cache.layers[layer].values)


def test_a_token_alone_asks_for_no_query(tiny_folder: Folder) -> None:
    """Its attention is its value's projection; a key is computed only to be kept."""
    attention = ours(network(tiny_folder("gpt_neo")).get_submodule("h.0.attn.attention"))
    ran: list[str] = []
    for name in ("q_proj", "k_proj", "v_proj"):
        attention.get_submodule(name).register_forward_hook(lambda *_, name=name: ran.append(name))
    attention(torch.ones(2, 1, 32))
    assert ran == ["v_proj"]
    cache = DynamicCache()
    attention(torch.ones(2, 1, 32), layer_past=cache)
    assert ran[1:] == ["v_proj", "k_proj"] and cache.get_seq_length(0) == 1


@needs_packing
@pytest.mark.parametrize("shape", [(1, 40), (7, 40), (2, 5, 40)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer(shape: tuple[int, ...], bias: bool) -> None:
    """As the layer itself; contiguous or not."""
    torch.manual_seed(1)
    layer = nn.Linear(40, 24, bias=bias).requires_grad_(False)
    x = torch.randn(shape) * 2
    for given in (x, x.flip(0).transpose(0, -2).contiguous().transpose(0, -2)):
        found = PackedLinear(layer.weight, layer.bias)(given)
        torch.testing.assert_close(found, layer(given), rtol=0, atol=2e-6)


def test_the_gelu() -> None:
    """As PyTorch's in float64, from where it is 0 to where it is the identity, at any shape."""
    x = torch.cat([torch.linspace(-12, 12, 4001), torch.tensor([0.0, -1e-30, 1e-30, -1e4, 1e4])]).reshape(2, -1)
    before = x.clone()
    found = TanhGELU()(x)
    torch.testing.assert_close(found.double(), F.gelu(x.double(), approximate="tanh"), rtol=1e-6, atol=1e-6)
    assert torch.equal(x, before)  # somebody may have read it


@needs_packing
@pytest.mark.parametrize("architecture", HOOK_POINTS)
def test_values_do_not_depend_on_the_layers_read(tiny_folder: Folder, architecture: str) -> None:
    """To the last bit: a layer read alone, and among all."""
    lm = load_model(str(tiny_folder(architecture)))
    for side in HOOK_SIDES:
        together = word_activations(lm, WORDS, side=side)
        for layer in range(N_LAYERS):
            np.testing.assert_array_equal(word_activations(lm, WORDS, [layer], side=side)[0], together[layer])
