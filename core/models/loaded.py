"""A loaded model, and the steps that all loaders share."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.models.hook_points import HookPoints
from core.models.load_tokenizer import StartToken
from core.models.nonlinearity import Nonlinearity
from core.records import ModelInfo

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

# Keys and values (n_rows, n_heads, n_tokens, d_head) of each layer, the first layer first.
KeysAndValues = Sequence[tuple["torch.Tensor", "torch.Tensor"]]


@dataclass(eq=False)
class LoadedModel:
    """A loaded model: its base network (without language-model head), its tokenizer, and facts about it.

    ``info`` is what a reader needs to reproduce a result. ``start_token`` is the id of the beginning-of-text token, or
    None. ``new_cache`` makes a key-value cache for the network. The tokenizer has passed ``configure_tokenizer``. It
    may know tokens from ``n_embeddings`` on, which the network cannot read. ``config_digest`` is the SHA-256 of the
    contents of config.json, on which values depend as on the weights. ``folder`` is where its files are; None if it has
    none. Hold ``lock`` during a forward pass with hooks: hooks belong to the module, not to the caller.
    """

    info: ModelInfo
    network: torch.nn.Module
    tokenizer: Tokenizer
    start_token: int | None
    new_cache: Callable[[KeysAndValues], Any]
    d_model: int
    n_embeddings: int
    hook_points: HookPoints
    config_digest: str = ""
    folder: Path | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def n_layers(self) -> int:
        """How many blocks the network has."""
        return self.info.n_layers

    @property
    def d_mlp(self) -> int:
        """How many neurons one layer's MLP has."""
        return self.info.d_mlp

    @property
    def nonlinearity(self) -> Nonlinearity | None:
        """The function from pre-activations to activations. It does not hold the network.

        None if activations do not follow: in a gated model, or if each layer has learned its own function.
        """
        points = self.hook_points
        if points.nonlinearity is None:
            return None
        module = self.network.get_submodule(f"{points.mlp.format(0)}.{points.nonlinearity}")
        return Nonlinearity(module) if next(module.parameters(), None) is None else None


def on_best_device(network: torch.nn.Module) -> tuple[torch.nn.Module, tuple[str, ...]]:
    """Move a network to the GPU (CUDA or MPS) if there is one.

    Returns
    -------
    network : Module
    notes : tuple of str
        One sentence if the GPU refused the network and the CPU is used.

    Notes
    -----
    From here on, products of float32 matrices are computed in full precision in this process, also on GPUs that would
    round the factors to 10 bits (TF32) if a program asked for it.
    """
    import torch

    torch.set_float32_matmul_precision("highest")
    if torch.cuda.is_available():
        device = "cuda"
    elif torch.backends.mps.is_available():
        device = "mps"
    else:
        return network, ()
    try:
        return network.to(device), ()
    except RuntimeError as error:  # out of memory, or a driver that does not answer
        note = f"The {device} device did not take the model ({str(error).splitlines()[0]}); the CPU is used."
        return network.to("cpu"), (note,)


def _processor(device: torch.device) -> str:
    """What computes on a device: its name, or the widest arithmetic of the CPU."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return platform.processor() or "Apple GPU"
    return torch.backends.cpu.get_cpu_capability()


_ROUNDED = (
    "The model was read in bfloat16: each weight and value is rounded to 8 significant bits, by up to 0.4%, and the "
    "changes add up over sums and layers. docs/reference/models.md says what this changed in one model."
)


def mlp_width(network: torch.nn.Module, hook_points: HookPoints) -> int:
    """d_mlp: how many inputs the first layer's down-projection has, a ``Linear`` or GPT-2's transposed ``Conv1D``."""
    layer: Any = network.get_submodule(hook_points.path(0, "activation"))
    return int(layer.nx) if hasattr(layer, "nx") else int(layer.in_features)


def assemble(
    network: torch.nn.Module,
    tokenizer: Tokenizer,
    start: StartToken | None,
    hook_points: HookPoints,
    *,
    new_cache: Callable[[KeysAndValues], Any],
    speed_up: Callable[[torch.nn.Module], None],
    name: str,
    revision: str,
    architecture: str,
    n_layers: int,
    d_model: int,
    context: int,
    n_embeddings: int,
    base_path: str,
    notes: tuple[str, ...] = (),
) -> LoadedModel:
    """Make a ``LoadedModel``: move the network to its device, collect its facts, replace slow modules.

    ``speed_up`` is called on the network after it has been moved.
    """
    network, fallbacks = on_best_device(network)
    first = next(network.parameters())
    dtype = str(first.dtype).removeprefix("torch.")
    info = ModelInfo(
        name=name,
        revision=revision,
        architecture=architecture,
        n_layers=n_layers,
        d_mlp=mlp_width(network, hook_points),
        context=context,
        n_parameters=sum(p.numel() for p in network.parameters()),
        device=first.device.type,
        dtype=dtype,
        notes=(*notes, *fallbacks, *((_ROUNDED,) if dtype == "bfloat16" else ())),
        start_token=start.name if start else None,
        start_token_is_end_of_text=start is not None and start.is_end_of_text,
        processor=_processor(first.device),
        hook_paths=(hook_points.template("pre-activation"), hook_points.template("activation")),
        base_path=base_path,
    )
    speed_up(network)
    start_id = start.id if start else None
    return LoadedModel(info, network, tokenizer, start_id, new_cache, d_model, n_embeddings, hook_points)
