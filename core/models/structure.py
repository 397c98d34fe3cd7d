"""Find the hook points of a model that is not in the table: by what its layers compute on a few tokens.

    points = find_hook_points(network, n_layers, ids)
    check_cache(network, points, n_layers, ids, DynamicCache)

No name is trusted. In every layer, the input of the down-projection must follow from the output of the expansion layer:
activation = f(expansion), or, in a gated model, activation = f(gate) * product.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from transformers.activations import ACT2FN
from transformers.pytorch_utils import Conv1D

from core.models.hook_points import HookPoints

# Input and output (n_tokens, d) of a linear layer.
Seen = Mapping[str, tuple[torch.Tensor, torch.Tensor]]

# Functions that an MLP may call without a module for it, by their names in transformers.
_FUNCTIONS = ("(silu)", "(gelu)", "(gelu_new)", "(relu)", "(relu2)", "(quick_gelu)", "(sigmoid)")
# How far two float32 computations of the same values may lie apart, as a share of the largest.
_SAME = 1e-4


@torch.inference_mode()
def find_hook_points(network: nn.Module, n_layers: int, ids: Sequence[int]) -> HookPoints | None:
    """Find the modules at which the MLP neurons of a network are read.

    Parameters
    ----------
    network : Module
        A base network, as transformers made it.
    n_layers : int
    ids : sequence of int
        At least two token ids, for a full pass.

    Returns
    -------
    HookPoints or None
        None if there is no such pair of layers, or if it does not hold in every layer of the network.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> network = GPT2Model(GPT2Config(n_embd=8, n_layer=2, n_head=2, vocab_size=9)).eval()
    >>> find_hook_points(network, 2, [1, 2, 3])
    HookPoints(mlp='h.{}.mlp', expand='c_fc', contract='c_proj', nonlinearity='act')
    """
    layers = next((path for path, module in network.named_modules() if _is_stack(module, n_layers)), None)
    if layers is None:
        return None
    linear = {path for path, module in network.named_modules() if isinstance(module, nn.Linear | Conv1D)}
    with recording(network, {path for path in linear if path.startswith(f"{layers}.")}) as seen:
        network(input_ids=torch.tensor([ids]))
    for points, name in _candidates(network, layers, seen):
        relations = {_relation(network, points, layer, name, seen) for layer in range(n_layers)}
        if relations == {"alone"} and not name.startswith("(") and "." not in points.contract:
            return replace(points, nonlinearity=name)
        if relations in ({"alone"}, {"gated"}):
            return points
    return None


@torch.inference_mode()
def check_cache(
    network: nn.Module, points: HookPoints, n_layers: int, ids: Sequence[int], new_cache: Callable[[], Any]
) -> bool:
    """Whether a network has the same neurons if its tokens are read one by one, with a key-value cache.

    If not, tokens see those after them, or layers keep a state that is not in the cache.
    """
    paths = {points.path(layer, side) for layer in range(n_layers) for side in ("pre-activation", "activation")}
    with recording(network, paths) as whole:
        network(input_ids=torch.tensor([ids]))
    cache, steps = new_cache(), []
    for token in ids:
        with recording(network, paths) as step:
            network(input_ids=torch.tensor([[token]]), past_key_values=cache, use_cache=True)
        steps.append(step)
    return all(
        _same(torch.cat([step[path][which] for step in steps]), whole[path][which])
        for path, which in itertools.product(paths, (0, 1))
    )


def _is_stack(module: nn.Module, n_layers: int) -> bool:
    return isinstance(module, nn.ModuleList) and len(module) == n_layers


@contextmanager
def recording(network: nn.Module, paths: set[str]) -> Iterator[dict[str, tuple[torch.Tensor, torch.Tensor]]]:
    """Record the input and the output (n_tokens, d) of some linear layers in a pass of one row: path -> both."""
    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def hook_for(path: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            # [batch = 1, pos, d] or [pos, d] -> [pos, d]
            seen[path] = inputs[0].flatten(0, -2).clone(), output.flatten(0, -2).clone()

        return hook

    handles = [network.get_submodule(path).register_forward_hook(hook_for(path)) for path in paths]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _candidates(network: nn.Module, layers: str, seen: Seen) -> Iterator[tuple[HookPoints, str]]:
    """Pairs of an expansion and a down-projection that fit by their shapes in the first layer, and a nonlinearity."""
    first = {path: at for path, at in seen.items() if path.startswith(f"{layers}.0.")}
    for contract, (activation, returned) in first.items():
        width, mlp = activation.shape[1], contract.rpartition(".")[0]
        for expand, (inputs, output) in first.items():
            if inputs.shape == returned.shape and output.shape[1] in (width, 2 * width):
                for name in (*_own_functions(network.get_submodule(mlp)), *_FUNCTIONS):
                    yield _points(layers, expand, contract), name


def _own_functions(mlp: nn.Module) -> Iterator[str]:
    """The names of the modules of an MLP that may be its nonlinearity."""
    for name, module in mlp.named_children():
        simple = not isinstance(module, nn.Linear | Conv1D | nn.Dropout) and not list(module.children())
        if simple and all(parameter.numel() == 1 for parameter in module.parameters()):  # a norm has one a dimension
            yield name


def _points(layers: str, expand: str, contract: str) -> HookPoints:
    """Hook points from the paths in the first layer."""
    mlp = contract.rpartition(".")[0]
    if not expand.startswith(f"{mlp}."):
        mlp = f"{layers}.0"
    expand, contract = expand.removeprefix(f"{mlp}."), contract.removeprefix(f"{mlp}.")
    return HookPoints(mlp.replace(f"{layers}.0", f"{layers}.{{}}", 1), expand, contract, nonlinearity=None)


def _relation(network: nn.Module, points: HookPoints, layer: int, name: str, seen: Seen) -> str | None:
    """How the activation of a layer follows from its expansion: ``"alone"``, ``"gated"``, or not (None)."""
    paths = points.path(layer, "pre-activation"), points.path(layer, "activation")
    if any(path not in seen for path in paths):
        return None
    (inputs, expansion), (activation, _) = (seen[path] for path in paths)
    mlp = paths[1].rpartition(".")[0]
    function = ACT2FN[name[1:-1]] if name.startswith("(") else network.get_submodule(f"{mlp}.{name}")
    width = activation.shape[1]
    gate = function(expansion[:, :width])
    if gate.shape != activation.shape:
        return None
    if expansion.shape[1] == width and _same(gate, activation):
        return "alone"
    # The product is the second half of the expansion, or another layer with the same input.
    products = [out for path, (x, out) in seen.items() if path.startswith(f"{mlp}.") and x.shape == inputs.shape]
    products = [expansion[:, width:]] if expansion.shape[1] == 2 * width else products
    return "gated" if any(_same(gate * each, activation) for each in products if each.shape == gate.shape) else None


def _same(values: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two arrays are equal but for rounding. All zeros say nothing."""
    largest = float(expected.abs().max())
    return largest > 0 and float((values - expected).abs().max()) <= _SAME * largest
