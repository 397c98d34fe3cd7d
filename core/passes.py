"""One forward pass: hooks where neurons are read, an end as soon as the deepest of them has been.

with turns().take(waiting):
    captured = read_layers(lm, ids, layers=[8], side="pre-activation", keep=lambda values: values[:, -1])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.loaded_model import LoadedModel

if TYPE_CHECKING:
    import torch

Keep = Callable[["torch.Tensor"], "torch.Tensor"]


class _DeepestLayerReached(Exception):
    """Ends a forward pass early; raised by the hook, caught where the pass was started."""


def read_layers(
    lm: LoadedModel,
    ids: torch.Tensor,
    layers: Sequence[int],
    side: str,
    keep: Keep,
    *,
    past: Any = None,
) -> dict[int, torch.Tensor]:
    """Read some layers' neurons at ids (batch, pos), in one pass. The caller has its turn (``core.queueing``).

    Parameters
    ----------
    lm : LoadedModel
    ids : int64 tensor (batch, pos)
        No padding: every row is as long as the others.
    layers : sequence of int
        0-based. Nothing behind the deepest one's hook point is computed.
    side : {"pre-activation", "activation"}
    keep : callable
        Called with each layer's values (batch, pos, d_mlp); what it returns is kept, in float32.
    past : what ``lm.new_past`` makes, optional
        Keys and values of the tokens before, one row for each row of ids. Those of ids are added to it.

    Returns
    -------
    dict of layer -> float32 tensor, on the model's device

    Raises
    ------
    RuntimeError
        A layer's hook never ran.
    """
    import torch

    captured: dict[int, torch.Tensor] = {}
    with lm.lock, torch.inference_mode(), _hooks(lm, layers, side, keep, captured):
        try:
            lm.network(input_ids=ids.to(lm.info.device), past_key_values=past, use_cache=past is not None)
        except _DeepestLayerReached:
            return captured
    missing = sorted(set(layers) - set(captured))
    raise RuntimeError(f"The hooks of layers {missing} of {lm.info.name} never ran.")


@contextmanager
def _hooks(
    lm: LoadedModel, layers: Sequence[int], side: str, keep: Keep, captured: dict[int, torch.Tensor]
) -> Iterator[None]:
    """Hook every layer asked for, stop the pass at the deepest, and remove the hooks whatever happens."""
    deepest = max(layers)

    def hook_for(layer: int) -> Callable[..., None]:
        def hook(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor | None = None) -> None:
            captured[layer] = keep(inputs[0] if output is None else output).float()
            if layer == deepest:
                raise _DeepestLayerReached

        return hook

    handles = []
    try:
        for layer in set(layers):
            module = lm.network.get_submodule(lm.hook_path(layer, side))
            if side == "pre-activation":
                handles.append(module.register_forward_hook(hook_for(layer)))
            else:  # the input of the down-projection is what comes out of the nonlinearity
                handles.append(module.register_forward_pre_hook(hook_for(layer)))
        yield
    finally:
        for handle in handles:
            handle.remove()
