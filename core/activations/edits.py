"""Change a network while it runs: what a layer's neurons pass on, or where in the network a pass begins.

    with layer_outputs(lm, [3]) as outputs:         # what layers return
        last_hidden(lm, ids)
    with edited(lm, 3, ids, edit):                  # what the down-projection of layer 3 gets
        last_hidden(lm, ids)
    with skipped(lm, 3, outputs[3], hidden):        # layers 0 to 3 do nothing; the next one gets ``hidden``
        last_hidden(lm, ids)

Hold ``lm.lock`` around them, in ``torch.inference_mode()``. A network might carry more from layer to layer than its
hidden states, so whoever skips layers compares what comes out with a whole pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.models.loaded import LoadedModel

if TYPE_CHECKING:
    import torch

# From the activations (batch, pos, d_mlp) of a layer to those that its down-projection gets instead.
Edit = Callable[["torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True)
class LayerOutput:
    """What a layer returned: ``hidden`` (batch, pos, d_model), alone or before ``n_others`` other values."""

    hidden: torch.Tensor
    n_others: int | None

    def like_this(self, hidden: torch.Tensor) -> Any:
        """Other hidden states, as the layer would return them."""
        return hidden if self.n_others is None else (hidden, *[None] * self.n_others)


def last_hidden(lm: LoadedModel, ids: torch.Tensor) -> torch.Tensor:
    """Run the network on ids (batch, pos), without a cache: the last hidden states (batch, pos, d_model)."""
    output: Any = lm.network(input_ids=ids, use_cache=False)
    return _output_of(output).hidden


def _output_of(output: Any) -> LayerOutput:
    import torch

    return LayerOutput(output, None) if isinstance(output, torch.Tensor) else LayerOutput(output[0], len(output) - 1)


@contextmanager
def layer_outputs(lm: LoadedModel, layers: Sequence[int]) -> Iterator[dict[int, LayerOutput]]:
    """Record what some layers return in the passes inside; the last pass counts.

    Examples
    --------
    >>> import torch
    >>> from core.models import load_model
    >>> lm, ids = load_model("bundled"), torch.tensor([[5, 6, 7]])
    >>> with torch.inference_mode(), layer_outputs(lm, [3]) as outputs:
    ...     whole = last_hidden(lm, ids)
    >>> with torch.inference_mode(), skipped(lm, 3, outputs[3], outputs[3].hidden):
    ...     torch.equal(last_hidden(lm, ids), whole)
    True
    """
    outputs: dict[int, LayerOutput] = {}

    def hook_for(layer: int) -> Callable[..., None]:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            outputs[layer] = _output_of(output)

        return hook

    handles = [_layer(lm, layer).register_forward_hook(hook_for(layer)) for layer in layers]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def edited(lm: LoadedModel, layer: int, ids: torch.Tensor, edit: Edit) -> Iterator[None]:
    """Let the down-projection of a layer get ``edit`` of the activations, in passes over ids (batch, pos).

    ``edit`` gets activations (batch, pos, d_mlp), which it must not change in place, and returns as many.
    """

    def hook(module: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        # Some layers see all tokens in one row: [batch * pos, d_mlp] -> [batch, pos, d_mlp], and back
        activations = inputs[0].contiguous().view(*ids.shape, lm.d_mlp)
        return edit(activations).view(inputs[0].shape), *inputs[1:]

    handle = lm.network.get_submodule(lm.hook_points.path(layer, "activation")).register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def skipped(lm: LoadedModel, last: int, like: LayerOutput, hidden: torch.Tensor) -> Iterator[None]:
    """Let the layers up to ``last`` compute nothing, and the next one get ``hidden`` (batch, pos, d_model).

    ``like`` is what one of them has returned.
    """
    layers = [_layer(lm, layer) for layer in range(last + 1)]
    try:
        for layer in layers:
            # Of the instance, so that it hides the class's: the network still sees the same modules.
            layer.forward = lambda *args, **kwargs: like.like_this(hidden)
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


def _layer(lm: LoadedModel, layer: int) -> Any:
    return lm.network.get_submodule(lm.hook_points.layer_path(layer))
