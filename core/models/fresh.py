"""The same architecture before training: fresh random weights.

lm = with_fresh_weights(load_model("bundled"), seed=0)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.models.loaded import LoadedModel
from core.models.memory import check_memory
from core.out_of_memory import memory_for

if TYPE_CHECKING:
    from torch import nn

# PyTorch's random numbers are the process's: two threads that draw at once would not get those of their seeds.
_one_at_a_time = threading.Lock()


def with_fresh_weights(lm: LoadedModel, seed: int) -> LoadedModel:
    """A model of the same architecture and sizes, with the weights that it has before training.

    They are drawn by the architecture's own rule: what transformers does for a new model; for the bundled model,
    GPT-Neo's (normal with standard deviation 0.02, zero biases). PyTorch's random numbers outside are not changed.

    Parameters
    ----------
    lm : LoadedModel
        It is not changed.
    seed : int
        The same seed draws the same weights.

    Returns
    -------
    LoadedModel
        On the same device, in the same dtype, with the same tokenizer. Its ``revision`` names the seed.

    Raises
    ------
    UserError
        There is not enough memory for a second network.

    Examples
    --------
    >>> from core.models import load_model
    >>> with_fresh_weights(load_model("bundled"), seed=0).info.revision
    'fresh weights, seed 0'
    """
    import torch

    _check_room(lm)
    with memory_for(f"draw fresh weights for {lm.info.name}", "a smaller model needs less"):
        with _one_at_a_time, torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            network, speed_up = _new_network(lm)
        network = network.eval().requires_grad_(False).to(lm.info.device, getattr(torch, lm.info.dtype))
        speed_up(network)
    info = replace(lm.info, revision=f"fresh weights, seed {seed}")
    return replace(lm, info=info, network=network, folder=None, lock=threading.Lock())


def _check_room(lm: LoadedModel) -> None:
    try:
        check_memory(f"A second network like {lm.info.name}", 4 * lm.info.n_parameters, {})  # drawn in float32
    except UserError as error:
        raise UserError(str(error)) from error  # of no kind: as long as the first network is here, it stays so


def _new_network(lm: LoadedModel) -> tuple[nn.Module, Callable[[nn.Module], None]]:
    """A network with fresh weights, and the function that replaces its slow modules."""
    from core.models import fast_modules, load_bundled

    if isinstance(lm.network, load_bundled.GPTNeo):
        network = load_bundled.GPTNeo(lm.network.sizes)
        network.draw_weights()
        return network, fast_modules.speed_up
    from core.models import load_transformers

    kind: Any = type(lm.network)
    return kind(lm.network.config), load_transformers.speed_up
