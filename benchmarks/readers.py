"""Other methods to read the activations of words: the notebook's loop, padded transformers, TransformerLens, nnsight.

A way is made from a model's folder, and then called with words and layers as ``core.activations.word_activations``
is: it returns float32 (n_layers, n_words, d_mlp), the pre-activation, mean over each word's tokens. Batches are padded
on the right: no real token of a causal model sees what stands to its right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmarks.models import encode

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

Reader: TypeAlias = Callable[[Sequence[str], Sequence[int]], np.ndarray]
# Padded ids and mask, both int64 (batch, pos), and the layers -> each layer's values, (batch, pos, d_mlp).
Capture: TypeAlias = Callable[["torch.Tensor", "torch.Tensor", Sequence[int]], "list[torch.Tensor]"]


@dataclass(frozen=True)
class Peer:
    """Another method: ``build(folder)`` loads the model and returns ``reader(words, layers, batch_size)``.

    ``package`` is what it needs beyond the app's own requirements. ``batch_sizes`` are tried before anything is timed;
    the best one is used. ``sorts`` says that it is given words of like length together.
    """

    name: str
    build: Callable[[Path], Capture]
    package: str | None = None
    batch_sizes: tuple[int, ...] = (16, 64, 256)
    sorts: bool = False


def notebook_loop(folder: Path) -> Reader:
    """The notebook's: one full pass for each word, with the head; then ``c_fc`` again on the input of the MLP."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def read(words: Sequence[str], layers: Sequence[int]) -> np.ndarray:
        rows: list[list[np.ndarray]] = [[] for _ in layers]

        def hook_for(place: int) -> Callable[..., None]:
            def hook(mlp: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
                rows[place].append(mlp.c_fc(inputs[0])[0].mean(dim=0).numpy())

            return hook

        blocks = model.transformer.h
        handles = [blocks[layer].mlp.register_forward_hook(hook_for(i)) for i, layer in enumerate(layers)]
        try:
            with torch.no_grad():
                for word in words:
                    model(**tokenizer(word, return_tensors="pt"))
        finally:
            for handle in handles:
                handle.remove()
        return np.stack([np.stack(found) for found in rows])

    return read


def padded_transformers(folder: Path) -> Capture:
    """Base model of transformers, whole, with an attention mask and a hook on each ``c_fc``."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    def capture(ids: torch.Tensor, mask: torch.Tensor, layers: Sequence[int]) -> list[torch.Tensor]:
        found: dict[int, torch.Tensor] = {}

        def hook_for(layer: int) -> Callable[..., None]:
            def hook(module: Any, inputs: Any, output: torch.Tensor) -> None:
                found[layer] = output

            return hook

        handles = [model.h[layer].mlp.c_fc.register_forward_hook(hook_for(layer)) for layer in layers]
        try:
            model(input_ids=ids, attention_mask=mask, use_cache=False)
        finally:
            for handle in handles:
                handle.remove()
        return [found[layer] for layer in layers]

    return capture


def transformer_lens(folder: Path) -> Capture:
    """TransformerLens's bridge: ``run_with_cache`` of only the requested layers, stopped after the deepest."""
    import torch
    from transformer_lens.model_bridge import TransformerBridge

    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32)

    def capture(ids: torch.Tensor, mask: torch.Tensor, layers: Sequence[int]) -> list[torch.Tensor]:
        names = [f"blocks.{layer}.mlp.hook_pre" for layer in layers]
        _, cache = bridge.run_with_cache(
            ids, return_cache_object=False, names_filter=names, stop_at_layer=max(layers) + 1
        )
        return [cache[name] for name in names]

    return capture


def nnsight_trace(folder: Path) -> Capture:
    """nnsight: one trace for each batch, stopped after the deepest layer."""
    import nnsight
    import torch
    from transformers import AutoModel

    model = nnsight.NNsight(AutoModel.from_pretrained(folder, dtype=torch.float32).eval())

    def capture(ids: torch.Tensor, mask: torch.Tensor, layers: Sequence[int]) -> list[torch.Tensor]:
        order = sorted(layers)  # a trace reads modules in the order in which they run
        with model.trace(input_ids=ids, use_cache=False) as tracer:
            found = nnsight.save([])
            for layer in order:
                found.append(model.h[layer].mlp.c_fc.output)
            tracer.stop()
        return [found[order.index(layer)] for layer in layers]

    return capture


PEERS = (
    Peer("TransformerLens, padded batches", transformer_lens, "transformer-lens"),
    Peer("TransformerLens, words sorted by tokens", transformer_lens, "transformer-lens", sorts=True),
    Peer("nnsight, padded batches", nnsight_trace, "nnsight"),
    Peer("transformers, padded batches", padded_transformers),
)


def in_batches(capture: Capture, tokenizer: Tokenizer, size: int, *, sorts: bool = False) -> Reader:
    """Words in padded batches of ``size``, in their order or by their number of tokens; mean over real tokens."""
    import torch

    def read(words: Sequence[str], layers: Sequence[int]) -> np.ndarray:
        rows = encode(tokenizer, words)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i])) if sorts else list(range(len(rows)))
        out: np.ndarray | None = None
        for first in range(0, len(order), size):
            batch = order[first : first + size]
            ids, mask = pad([rows[i] for i in batch])
            weights = (mask / mask.sum(1, keepdim=True)).unsqueeze(1)  # [batch, 1, pos]
            with torch.inference_mode():
                values = capture(ids, mask, layers)
                pooled = [torch.bmm(weights, value)[:, 0].numpy() for value in values]  # (batch, d_mlp) each
            if out is None:
                out = np.empty((len(layers), len(words), pooled[0].shape[1]), dtype=np.float32)
            for i, value in enumerate(pooled):
                out[i, batch] = value
        assert out is not None
        return out

    return read


def pad(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of ids padded on the right with 0, and the mask of real tokens: both int64 (batch, longest)."""
    import torch

    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
