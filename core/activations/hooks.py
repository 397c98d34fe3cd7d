"""One forward pass, with hooks that read neurons. The pass ends at the deepest hook.

captured = read_layers(lm, ids, layers=[8], sides=["pre-activation"], reduce=lambda values: values[:, -1])
captured[8, "pre-activation"]   # (batch, d_mlp)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from core.models.loaded import LoadedModel

if TYPE_CHECKING:
    import torch

# A layer, and the side of its nonlinearity.
Point = tuple[int, str]
# From the values (batch, pos, d_mlp) at one point to what is returned of them.
Reduce = Callable[["torch.Tensor"], "torch.Tensor"]
# Makes the context manager of one forward pass: ``contextlib.nullcontext``, or a server's place in its queue.
Gate = Callable[[], AbstractContextManager[object]]


class _DeepestPointReached(Exception):
    """Ends a forward pass early. The hook raises it; ``read_layers`` catches it."""


def read_layers(
    lm: LoadedModel,
    ids: torch.Tensor,
    layers: Sequence[int],
    sides: Sequence[str],
    reduce: Reduce,
    *,
    cache: Any = None,
) -> dict[Point, torch.Tensor]:
    """Read the neurons of some layers in one forward pass, on one or both sides of the nonlinearity.

    Parameters
    ----------
    lm : LoadedModel
    ids : int64 tensor (batch, pos)
        All rows have the same length: there is no padding.
    layers : sequence of int
        0-based. Nothing after the deepest layer's hook point is computed.
    sides : sequence of {"pre-activation", "activation"}
    reduce : callable
        Called with the values (batch, pos, d_mlp) at each point. The result is returned, in float32.
    cache : key-value cache from ``lm.new_cache``, optional
        Keys and values of earlier tokens, one row for each row of ids. The new ones are added to it.

    Returns
    -------
    dict of (layer, side) -> float32 tensor, on the model's device
        In the units of the hook point.

    Raises
    ------
    RuntimeError
        The hook of a layer did not run.

    Examples
    --------
    >>> import torch
    >>> from core.models import load_model
    >>> captured = read_layers(load_model("bundled"), torch.tensor([[5, 6]]), [2], ["activation"], lambda x: x[:, -1])
    >>> captured[2, "activation"].shape
    torch.Size([1, 512])
    """
    import torch

    captured: dict[Point, torch.Tensor] = {}

    def reduced(values: torch.Tensor) -> torch.Tensor:
        # Some layers see all tokens in one row, and some expansion layers put the gate before the product that it
        # gates: [batch * pos, d_mlp] or [batch, pos, 2 * d_mlp] -> [batch, pos, d_mlp]. Mostly nothing to do.
        return reduce(values[..., : lm.d_mlp].contiguous().view(*ids.shape, lm.d_mlp)).float()

    with lm.lock, torch.inference_mode(), _hooks(lm, layers, sides, reduced, captured):
        try:
            lm.network(input_ids=ids.to(lm.info.device), past_key_values=cache, use_cache=cache is not None)
        except _DeepestPointReached:
            return captured
    missing = sorted({layer for layer in layers for side in sides if (layer, side) not in captured})
    raise RuntimeError(f"The hooks of layers {missing} of {lm.info.name} never ran.")


@contextmanager
def _hooks(
    lm: LoadedModel, layers: Sequence[int], sides: Sequence[str], reduce: Reduce, captured: dict[Point, torch.Tensor]
) -> Iterator[None]:
    """Add a hook to each point, end the pass at the deepest one, and always remove the hooks."""
    deepest = max(layers), "activation" if "activation" in sides else "pre-activation"

    def hook_for(point: Point) -> Callable[..., None]:
        def hook(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor | None = None) -> None:
            captured[point] = reduce(inputs[0] if output is None else output)
            if point == deepest:
                raise _DeepestPointReached

        return hook

    handles = []
    try:
        for layer, side in itertools.product(set(layers), set(sides)):
            module = lm.network.get_submodule(lm.hook_points.path(layer, side))
            if side == "pre-activation":
                handles.append(module.register_forward_hook(hook_for((layer, side))))
            else:  # the input of the down-projection is the output of the nonlinearity
                handles.append(module.register_forward_pre_hook(hook_for((layer, side))))
        yield
    finally:
        for handle in handles:
            handle.remove()
