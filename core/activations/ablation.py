"""What a model predicts when one neuron of a layer passes on its mean: the loss of the next token.

    means = activation_moments(lm, text, layer=3).mean[[120]]
    ablated_losses(lm, load_head(lm), text, wanted, Ablation(3, [120], means))   # (1 + 1, n_wanted)

A neuron's activation, the input of the down-projection, is replaced by its mean over the text's tokens ("mean
ablation"). The beginning-of-text token is no part of the text: it keeps its activation.

For each neuron, only the layers after its own are computed again, from the hidden states between them. Where the losses
of a row show that this is not the same, the neuron's own layer is computed again too, or the whole network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.activations.edits import LayerOutput, edited, last_hidden, layer_outputs, skipped
from core.activations.hooks import Gate
from core.activations.outputs import TokenRows, output_weights
from core.models.head import Head
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched

if TYPE_CHECKING:
    import torch

# Most tokens of a pass: what it computes should fit into a CPU's caches.
_MAX_PASS_TOKENS = 2_048
_MAX_PASS_FLOATS = 32_000_000  # beside the weights: 128 MB in float32
_MAX_PASS_PRODUCTS = 8e10  # about half a second on two cores
_MAX_LOGITS = 2_000_000  # of one product with the head's matrix (8 MB)
# How far the losses of a part of the network may be from those of all of it: by rounding, and as a share of the effect.
_ROUNDING, _SAME = 2e-5, 0.01
_N_COMPARED = 8  # neurons

# What is computed for each neuron.
AFTER, FROM, WHOLE = WAYS = "the layers after its own", "its own layer and those after it", "the whole network"


@dataclass(frozen=True, eq=False)
class Ablation:
    """Some neurons of a layer, and the mean (n_neurons,) by which each one's activation is replaced, one at a time."""

    layer: int
    neurons: Sequence[int]
    means: np.ndarray

    def part(self, which: slice) -> Ablation:
        """Some of the neurons."""
        return Ablation(self.layer, self.neurons[which], self.means[which])


def ablated_losses(
    lm: LoadedModel,
    head: Head,
    text: TokenRows,
    wanted: Sequence[np.ndarray],
    ablation: Ablation,
    *,
    way: str | None = None,
    gate: Gate = nullcontext,
    progress: Progress = unwatched,
) -> np.ndarray:
    """The loss of the next token at some places of a text, with all neurons, and with each of some ablated.

    Parameters
    ----------
    lm : LoadedModel
    head : callable
        Of ``load_head(lm)``.
    text : TokenRows
        Rows of one length share a pass: there is no padding.
    wanted : sequence of int64 ndarray
        For each row, the places whose next token's loss is wanted: each less than the row's length - 1.
    ablation : Ablation
    way : str, optional
        One of ``WAYS``. By default the first that gives the losses of the whole network for the longest row.
    gate : callable
        Makes the context manager of each pass.
    progress : callable
        Called after each pass, which takes about half a second at most.

    Returns
    -------
    ndarray of shape (1 + n_neurons, n_wanted)
        float64, in nats: -log p(next token). The first row is that of the whole model. The places are in the order of
        the rows.

    Raises
    ------
    UserError
        Memory runs out.

    Examples
    --------
    >>> from core.models import load_model
    >>> from core.models.head import load_head
    >>> lm, text = load_model("bundled"), TokenRows([[0, 5, 6, 7]], n_start=1)
    >>> ablated_losses(lm, load_head(lm), text, [np.array([1, 2])], Ablation(3, [120], np.array([0.1]))).shape
    (2, 2)
    """
    passes = _Passes(lm, head, text, wanted, ablation, gate)
    places = np.cumsum([0, *(len(of_row) for of_row in wanted)])
    losses = np.zeros((1 + len(ablation.neurons), places[-1]))
    buckets = text.by_length([number for number, of_row in enumerate(wanted) if len(of_row)])
    n_done, n = 0.0, sum(len(bucket) for bucket in buckets)
    with memory_for(f"ablate neurons of {lm.info.name}", "a shorter text needs less"):
        way = way or passes.find_way(buckets[0][0], progress)
        for numbers in (part for bucket in buckets for part in passes.parts_of(bucket)):
            columns = np.concatenate([np.arange(places[i], places[i + 1]) for i in numbers])
            for first, found in passes.read(numbers, way):
                losses[first : first + len(found), columns] = found
                n_done += len(numbers) * len(found) / len(losses)
                progress(n_done / n, f"Ablating {len(ablation.neurons):,} neurons: {n_done:,.0f} of {n:,} sentences")
    return losses


@dataclass(frozen=True, eq=False)
class _Plain:
    """A pass over rows of one length with all neurons.

    ``ids`` is (batch, pos). ``rows`` and ``places`` (n_wanted,) say where a loss is wanted. ``outputs`` has what the
    ablated layer and the one before it returned, ``activations`` (n_neurons, batch, pos) those of the neurons.
    """

    ids: torch.Tensor
    rows: torch.Tensor
    places: torch.Tensor
    outputs: dict[int, LayerOutput]
    activations: torch.Tensor


@dataclass(frozen=True, eq=False)
class _Passes:
    """How rows are read with and without neurons. The fields are the arguments of ``ablated_losses``."""

    lm: LoadedModel
    head: Head
    text: TokenRows
    wanted: Sequence[np.ndarray]
    ablation: Ablation
    gate: Gate

    @cached_property
    def weights(self) -> np.ndarray:
        """The output weights of the neurons: (n_neurons, d_model)."""
        return output_weights(self.lm, self.ablation.layer, self.ablation.neurons)

    def rows_per_pass(self, n_tokens: int) -> int:
        """How many rows of ``n_tokens`` one pass may have."""
        products = _MAX_PASS_PRODUCTS / self.lm.info.n_parameters
        return max(1, int(min(_MAX_PASS_TOKENS, _MAX_PASS_FLOATS / (4 * self.lm.d_mlp), products) / n_tokens))

    def parts_of(self, bucket: Sequence[int]) -> Iterator[Sequence[int]]:
        """Rows of one length in parts, each for one pass."""
        size = self.rows_per_pass(len(self.text.rows[bucket[0]]))
        for first in range(0, len(bucket), size):
            yield bucket[first : first + size]

    def find_way(self, number: int, progress: Progress = unwatched) -> str:
        """The least part of the network whose losses, in one row and of a few neurons, are those of all of it."""
        few = replace(self, ablation=self.ablation.part(slice(_N_COMPARED)))

        def losses_by(way: str) -> np.ndarray:
            parts = []
            for _, found in few.read([number], way):
                parts.append(found)
                progress(0.0, "Comparing a part of the network with all of it")
            return np.concatenate(parts)

        whole = losses_by(WHOLE)
        allowed = _ROUNDING + _SAME * np.abs(whole[1:] - whole[0]).max(initial=0)
        for way in (AFTER, FROM) if self.ablation.layer else (AFTER,):
            if np.abs(losses_by(way) - whole).max(initial=0) <= allowed:
                return way
        return WHOLE

    def read(self, numbers: Sequence[int], way: str) -> Iterator[tuple[int, np.ndarray]]:
        """Read rows of one length: with all neurons, then with each neuron ablated.

        Yields, pass by pass, the losses (n, n_wanted), and the first row (n,) of ``ablated_losses`` that they are.
        """
        import torch

        with self.gate(), self.lm.lock, torch.inference_mode():
            plain, found = self._read_plainly(numbers)
        yield 0, found
        size = self.rows_per_pass(plain.ids.numel())
        for first in range(0, len(self.ablation.neurons), size):
            with self.gate(), self.lm.lock, torch.inference_mode():
                found = self._ablate(plain, slice(first, first + size), way)
            yield 1 + first, found

    def _read_plainly(self, numbers: Sequence[int]) -> tuple[_Plain, np.ndarray]:
        import torch

        ids = self.text.ids(numbers, self.lm.info.device)
        wanted, layer = [self.wanted[i] for i in numbers], self.ablation.layer
        rows = np.repeat(np.arange(len(numbers)), [len(of_row) for of_row in wanted])
        places = np.concatenate(wanted)
        seen: list[torch.Tensor] = []

        def record(activations: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_mlp] -> [n_neurons, batch, pos]
            seen.append(activations[..., list(self.ablation.neurons)].movedim(-1, 0).float())
            return activations

        kept = range(max(0, layer - 1), layer + 1)
        with layer_outputs(self.lm, kept) as outputs, edited(self.lm, layer, ids, record):
            hidden = last_hidden(self.lm, ids)
        of_rows, of_places = (torch.from_numpy(each).to(ids.device) for each in (rows, places))
        plain = _Plain(ids, of_rows, of_places, outputs, seen[0])
        return plain, self._losses(hidden[None], plain)

    def _ablate(self, plain: _Plain, which: slice, way: str) -> np.ndarray:
        """The losses (n, n_wanted) without each of n neurons: all in one pass, each in rows of its own."""
        ablation = self.ablation.part(which)
        n, layer = len(ablation.neurons), ablation.layer
        ids = plain.ids.repeat(n, 1)  # [batch, pos] -> [n * batch, pos]
        with ExitStack() as stack:
            if way == AFTER:
                like = plain.outputs[layer]
                stack.enter_context(skipped(self.lm, layer, like, self._written(plain, which).flatten(0, 1)))
            else:
                stack.enter_context(edited(self.lm, layer, ids, lambda values: self._replaced(values, ablation)))
            if way == FROM:
                like = plain.outputs[layer - 1]
                stack.enter_context(skipped(self.lm, layer - 1, like, like.hidden.repeat(n, 1, 1)))
            last = last_hidden(self.lm, ids)
        return self._losses(last.view(n, *plain.ids.shape, -1), plain)

    def _written(self, plain: _Plain, which: slice) -> torch.Tensor:
        """What the layer would return (n, batch, pos, d_model) if its output were a sum of what its neurons write."""
        import torch

        hidden = plain.outputs[self.ablation.layer].hidden
        means = torch.from_numpy(self.ablation.means[which]).to(hidden.device, torch.float32)
        change = means[:, None, None] - plain.activations[which]  # [n, batch, pos]
        change[:, :, : self.text.n_start] = 0
        weights = torch.from_numpy(self.weights[which]).to(hidden.device)
        # [batch, pos, d_model] + [n, batch, pos, 1] * [n, 1, 1, d_model] -> [n, batch, pos, d_model]
        return torch.addcmul(hidden.float(), change[..., None], weights[:, None, None]).to(hidden.dtype)

    def _replaced(self, values: torch.Tensor, ablation: Ablation) -> torch.Tensor:
        """Activations (n * batch, pos, d_mlp) with the mean of one neuron in the rows of each of n neurons."""
        by_neuron = values.clone().view(len(ablation.neurons), -1, *values.shape[1:])
        for each, neuron, mean in zip(by_neuron, ablation.neurons, ablation.means, strict=True):
            each[:, self.text.n_start :, neuron] = float(mean)
        return by_neuron.flatten(0, 1)

    def _losses(self, hidden: torch.Tensor, plain: _Plain) -> np.ndarray:
        """From last hidden states (n, batch, pos, d_model) to the losses (n, n_wanted)."""
        import torch

        targets = plain.ids[plain.rows, plain.places + 1].repeat(len(hidden))  # [n * n_wanted]
        wanted = hidden[:, plain.rows, plain.places].flatten(0, 1)  # [n * n_wanted, d_model]
        losses, size = [], max(1, _MAX_LOGITS // self.lm.n_embeddings)
        for part, its_targets in zip(wanted.split(size), targets.split(size), strict=True):
            logits = self.head(part).float()  # [n_part, vocabulary]
            losses.append(torch.nn.functional.cross_entropy(logits, its_targets, reduction="none"))
        return torch.cat(losses).view(len(hidden), -1).cpu().numpy().astype(np.float64)
