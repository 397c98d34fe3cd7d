"""A model ready to be read, whoever loaded it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.architectures import Architecture
from core.records import ModelInfo

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

# Each layer's keys and values (n_rows, n_heads, n_tokens, d_head), from the first layer on.
KeysAndValues = Sequence[tuple["torch.Tensor", "torch.Tensor"]]


@dataclass(frozen=True)
class Parts:
    """What a loader makes of a folder: the base network, as its files have it, and how to use it.

    ``new_past`` makes the cache that the network takes, of what it has read before. ``speed_up`` puts faster modules in
    place of the network's own, once it is where it is to run. ``start_token`` is the id to read before a text.
    """

    network: torch.nn.Module
    tokenizer: Tokenizer
    start_token: int | None
    new_past: Callable[[KeysAndValues], Any]
    speed_up: Callable[[torch.nn.Module], None]
    n_layers: int
    d_model: int
    context: int


def read_texts_whole(tokenizer: Tokenizer) -> Tokenizer:
    """Set a tokenizer to what is asked of it here, and return it.

    Special tokens written out in a text are text: no one can end the document by typing a tag. Nothing is cut off or
    filled up, whatever the tokenizer's file says.
    """
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@dataclass(eq=False)
class LoadedModel:
    """A model ready to be read: its base network (no language-model head), tokenizer, and particulars.

    Its tokenizer reads texts whole. Hold ``lock`` around a forward pass with hooks: hooks belong to the module, not to
    the caller.
    """

    info: ModelInfo
    network: torch.nn.Module
    tokenizer: Tokenizer
    start_token: int | None
    new_past: Callable[[KeysAndValues], Any]
    d_model: int
    architecture: Architecture
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def n_layers(self) -> int:
        """How many blocks the network has."""
        return self.info.n_layers

    @property
    def d_mlp(self) -> int:
        """How many neurons one layer's MLP has."""
        return self.info.d_mlp

    def hook_path(self, layer: int, side: str) -> str:
        """The module path, below the base model, at which ``side`` of ``layer`` is read."""
        name = self.architecture.expand if side == "pre-activation" else self.architecture.contract
        return f"{self.architecture.mlp.format(layer)}.{name}"

    def check_layer(self, layer: int) -> None:
        """Raise UserError unless the model has such a layer."""
        self.info.check_layer(layer)
