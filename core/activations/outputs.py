"""What the neurons of a layer pass on: their activations over a text, their output weights, what these do to logits.

text = TokenRows([[0, 5, 6, 7], [0, 8, 9]], n_start=1)
activation_moments(lm, text, layer=3).mean           # (d_mlp,)
output_weights(lm, 3, [120])                         # (1, d_model)
direct_effect(lm, load_head(lm), text, 3, 120, step=1.0)  # (vocabulary,)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.activations.edits import edited, last_hidden, layer_outputs, skipped
from core.activations.hooks import Gate, Point
from core.activations.word_passes import Reading, read_plainly
from core.models.head import Head
from core.models.loaded import LoadedModel
from core.progress import Progress, unwatched

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class TokenRows:
    """Sentences as rows of token ids, none longer than the model's context.

    The first ``n_start`` ids of each row are no part of its sentence: a beginning-of-text token.
    """

    rows: Sequence[Sequence[int]]
    n_start: int = 0

    @property
    def n_tokens(self) -> int:
        """How many tokens the sentences have."""
        return sum(len(row) - self.n_start for row in self.rows)

    def by_length(self, numbers: Sequence[int]) -> list[list[int]]:
        """Of some rows, the numbers of those of each length, the longest first."""
        buckets: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            buckets[len(self.rows[number])].append(number)
        return [buckets[length] for length in sorted(buckets, reverse=True)]

    def ids(self, numbers: Sequence[int], device: str) -> torch.Tensor:
        """Rows of one length: int64 (n, pos)."""
        import torch

        return torch.tensor([list(self.rows[number]) for number in numbers], device=device)


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and variance of every neuron's activation over the tokens of a text: float64 (d_mlp,)."""

    mean: np.ndarray
    variance: np.ndarray


def activation_moments(
    lm: LoadedModel, text: TokenRows, layer: int, *, gate: Gate = nullcontext, progress: Progress = unwatched
) -> Moments:
    """Mean and variance (by n) of every neuron's activation over all tokens of some sentences.

    Examples
    --------
    >>> from core.models import load_model
    >>> activation_moments(load_model("bundled"), TokenRows([[0, 5, 6], [0, 7]], n_start=1), 3).mean.shape
    (512,)
    """
    import torch

    sums = np.zeros((2, lm.d_mlp))

    def write(numbers: np.ndarray, point: Point, of_rows: np.ndarray) -> None:  # (n,) and (n, 2, d_mlp)
        sums[:] += of_rows.sum(axis=0, dtype=np.float64)

    def sums_of(values: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_mlp] -> [batch, 2, d_mlp]
        read = values[:, text.n_start :].float()
        return torch.stack([read.sum(1), read.square().sum(1)], 1)

    sides = ["activation"]
    reading = Reading(lm, [layer], sides, sides, "mean", text.n_start, write, gate)
    n_read, n = 0, len(text.rows)
    for n_rows in read_plainly(reading, [list(row) for row in text.rows], range(n), lambda part: sums_of):
        n_read += n_rows
        progress(n_read / n, f"Reading sentences: {n_read:,} of {n:,}")
    mean, square = sums / text.n_tokens
    return Moments(mean, np.maximum(square - mean**2, 0))


def output_weights(lm: LoadedModel, layer: int, neurons: Sequence[int]) -> np.ndarray:
    """What the down-projection makes of an activation of 1 of each neuron: float32 (n, d_model), without its bias.

    It is read from what the module computes, so that it does not matter how its weights are stored.

    Examples
    --------
    >>> from core.models import load_model
    >>> output_weights(load_model("bundled"), 3, [120, 375]).shape
    (2, 384)
    """
    import torch

    module = lm.network.get_submodule(lm.hook_points.path(layer, "activation"))
    blocks, kind = [], getattr(torch, lm.info.dtype)
    with torch.inference_mode():
        bias = module(torch.zeros(1, lm.d_mlp, dtype=kind, device=lm.info.device)).float()
        for first in range(0, len(neurons), 256):
            part = torch.tensor(list(neurons[first : first + 256]))
            one_hot = torch.nn.functional.one_hot(part, lm.d_mlp).to(lm.info.device, kind)  # [n, d_mlp]
            blocks.append((module(one_hot).float() - bias).cpu().numpy())
    return np.concatenate(blocks)


def direct_effect(
    lm: LoadedModel,
    head: Head,
    text: TokenRows,
    layer: int,
    neuron: int,
    *,
    step: float,
    gate: Gate = nullcontext,
    progress: Progress = unwatched,
) -> np.ndarray:
    """How a higher activation of a neuron changes the logits directly: past all later layers.

    At each token, what the neuron's layer returns with its activation higher by ``step``, minus what it returns as it
    is, is added to the hidden states after the last layer. They go through the final norm and the unembedding.

    Parameters
    ----------
    lm : LoadedModel
    head : callable
        Of ``load_head(lm)``.
    text : TokenRows
        A few sentences: the change is averaged over all of their tokens.
    layer, neuron : int
        0-based.
    step : float
        In the units of the activation.
    gate : callable
        Makes the context manager around the passes over one row.
    progress : callable
        Called after each row.

    Returns
    -------
    ndarray of shape (vocabulary,)
        float64: the mean change of each token's logit, minus the mean of all tokens, which changes no probability.

    Examples
    --------
    >>> from core.models import load_model
    >>> from core.models.head import load_head
    >>> lm = load_model("bundled")
    >>> direct_effect(lm, load_head(lm), TokenRows([[0, 5, 6]], n_start=1), 3, 120, step=0.5).shape
    (8192,)
    """
    import torch

    def higher(activations: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_mlp]
        moved = activations.clone()
        moved[..., neuron] += step
        return moved

    sums, end = [], lm.n_layers - 1
    for number in range(len(text.rows)):
        ids = text.ids([number], lm.info.device)
        with gate(), lm.lock, torch.inference_mode():
            with layer_outputs(lm, [layer, end]) as plain:
                hidden = last_hidden(lm, ids)
            with layer_outputs(lm, [layer]) as moved, edited(lm, layer, ids, higher):
                last_hidden(lm, ids)
            change = moved[layer].hidden - plain[layer].hidden  # [batch = 1, pos, d_model]
            with skipped(lm, end, plain[end], plain[end].hidden + change):
                changed = last_hidden(lm, ids)
            after, before = (head(each[0, text.n_start :]).float() for each in (changed, hidden))  # [pos, vocabulary]
            sums.append((after - before).sum(0).cpu().numpy().astype(np.float64))
        progress((number + 1) / len(text.rows), "Reading what the neuron's output weights raise and lower")
    effect: np.ndarray = np.sum(sums, axis=0) / text.n_tokens  # [n_rows, vocabulary] -> [vocabulary]
    return effect - effect.mean()
