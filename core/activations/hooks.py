"""One forward pass, with hooks that read neurons. The pass ends at the deepest hook.

captured = read_layers(lm, ids, layers=[8], side="pre-activation", reduce=lambda values: values[:, -1])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from core.models.loaded import LoadedModel

if TYPE_CHECKING:
    import torch

# From one layer's values (batch, pos, d_mlp) to what is returned of them.
Reduce = Callable[["torch.Tensor"], "torch.Tensor"]
# Makes the context manager of one forward pass: ``contextlib.nullcontext``, or a server's place in its queue.
Gate = Callable[[], AbstractContextManager[object]]


class _DeepestLayerReached(Exception):
    """Ends a forward pass early. The hook raises it; ``read_layers`` catches it."""


def read_layers(
    lm: LoadedModel,
    ids: torch.Tensor,
    layers: Sequence[int],
    side: str,
    reduce: Reduce,
    *,
    cache: Any = None,
) -> dict[int, torch.Tensor]:
    """Read the neurons of some layers in one forward pass.

    Parameters
    ----------
    lm : LoadedModel
    ids : int64 tensor (batch, pos)
        All rows have the same length: there is no padding.
    layers : sequence of int
        0-based. Nothing after the deepest layer's hook point is computed.
    side : {"pre-activation", "activation"}
    reduce : callable
        Called with the values (batch, pos, d_mlp) of each layer. The result is returned, in float32.
    cache : key-value cache from ``lm.new_cache``, optional
        Keys and values of earlier tokens, one row for each row of ids. The new ones are added to it.

    Returns
    -------
    dict of layer -> float32 tensor, on the model's device
        In the units of the hook point.

    Raises
    ------
    RuntimeError
        The hook of a layer did not run.

    Examples
    --------
    >>> import torch
    >>> from core.models import load_model
    >>> captured = read_layers(load_model("bundled"), torch.tensor([[5, 6]]), [2], "activation", lambda x: x[:, -1])
    >>> captured[2].shape
    torch.Size([1, 512])
    """
    import torch

    captured: dict[int, torch.Tensor] = {}
    with lm.lock, torch.inference_mode(), _hooks(lm, layers, side, reduce, captured):
        try:
            lm.network(input_ids=ids.to(lm.info.device), past_key_values=cache, use_cache=cache is not None)
        except _DeepestLayerReached:
            return captured
    missing = sorted(set(layers) - set(captured))
    raise RuntimeError(f"The hooks of layers {missing} of {lm.info.name} never ran.")


@contextmanager
def _hooks(
    lm: LoadedModel, layers: Sequence[int], side: str, reduce: Reduce, captured: dict[int, torch.Tensor]
) -> Iterator[None]:
    """Add a hook to each layer, end the pass at the deepest one, and always remove the hooks."""
    deepest = max(layers)

    def hook_for(layer: int) -> Callable[..., None]:
        def hook(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor | None = None) -> None:
            captured[layer] = reduce(inputs[0] if output is None else output).float()
            if layer == deepest:
                raise _DeepestLayerReached

        return hook

    handles = []
    try:
        for layer in set(layers):
            module = lm.network.get_submodule(lm.hook_points.path(layer, side))
            if side == "pre-activation":
                handles.append(module.register_forward_hook(hook_for(layer)))
            else:  # the input of the down-projection is the output of the nonlinearity
                handles.append(module.register_forward_pre_hook(hook_for(layer)))
        yield
    finally:
        for handle in handles:
            handle.remove()
