"""Words to pooled neurons, in as few passes as their shared prefixes allow.

Words are read level by level through the tree of their distinct prefixes (``core.prefix_tree``): a pass reads one
token after each of many prefixes, whose keys and values the level before has left. So nothing is padded, no position
shifts, and what words share is computed once. Longer rows than a word has are read by plain passes, all rows of one
length together: a pass for each of their tokens would cost more than sharing saves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core import metrics
from core.loaded_model import LoadedModel
from core.passes import Keep, read_layers
from core.prefix_tree import Level, Rows, chunks, levels
from core.queueing import Told, turns

if TYPE_CHECKING:
    import torch

# Rows of more tokens are read by plain passes.
_LONGEST_IN_TREE = 16
# Floats that a pass may hold beyond the weights (256 MB in float32).
_FLOATS = 64_000_000
# Floats that the levels of a tree may leave for the next ones, together (96 MB): what a reading holds while it waits
# for its turn. A pass has copies of it besides.
_FLOATS_LEFT = 24_000_000
# Multiplications that one pass may take, about half a second on two cores: whoever waits for a turn waits no longer.
_PRODUCTS = 8e10

# Indices of rows, and for each layer their pooled neurons, float32 (n_rows, d_mlp).
Batch = tuple[np.ndarray, dict[int, np.ndarray]]


@dataclass(frozen=True)
class Reading:
    """How rows of token ids are read. The first ``n_prefix`` ids of a row are read but not pooled."""

    lm: LoadedModel
    layers: Sequence[int]
    side: str
    pooling: str
    n_prefix: int
    waiting: Told | None = None

    def passed(self, ids: torch.Tensor, keep: Keep, past: Any = None) -> dict[int, torch.Tensor]:
        """One pass over ids (batch, pos): layer -> what ``keep`` makes of (batch, pos, d_mlp)."""
        captured = read_layers(self.lm, ids, self.layers, self.side, keep, past=past)
        metrics.FORWARD_PASSES.labels("words").inc()
        return captured

    def floats_left(self, n_tokens: int) -> float:
        """What a prefix of so many tokens leaves for the next level: its keys and values, and its sums."""
        if n_tokens <= self.n_prefix:  # all rows share it, or it is nothing
            return 0.0
        return self._cached_floats(n_tokens) + len(self.layers) * self.lm.d_mlp

    def rows_of_a_pass(self, n_tokens: int, n_before: int = 0) -> int:
        """How many rows of so many tokens, after so many read before, one pass takes."""
        # A block holds a few d_mlp-wide arrays per token at a time; the captures one per row and layer.
        floats = (n_tokens * 4 + len(self.layers)) * self.lm.d_mlp + self._cached_floats(n_before)
        products = self.lm.info.n_parameters * n_tokens
        return max(1, int(min(_FLOATS / floats, _PRODUCTS / products)))

    def _cached_floats(self, n_tokens: int) -> float:
        # Models with fewer key heads than heads have less.
        return n_tokens * 2.0 * self.lm.d_model * (max(self.layers) + 1)


def read_rows(reading: Reading, ids: Rows) -> Iterator[Batch]:
    """Every row's pooled neurons, batch by batch; each row comes once."""
    short = [i for i, row in enumerate(ids) if len(row) <= _LONGEST_IN_TREE]
    for chunk in chunks([ids[i] for i in short], reading.floats_left, _FLOATS_LEFT):
        indices = np.array([short[i] for i in chunk])
        for rows, values in _read_tree(reading, [ids[i] for i in indices]):
            yield indices[rows], values
    yield from _read_long(reading, ids)


# --- Words: level by level ---


@dataclass(frozen=True)
class _Left:
    """What a level leaves for the next, one row for each prefix that goes on.

    ``past`` has each layer's keys and values (n_prefixes, n_heads, n_tokens, d_head), ``sums`` each captured layer's
    sum over the tokens to pool so far (n_prefixes, d_mlp).
    """

    past: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    sums: dict[int, torch.Tensor] = field(default_factory=dict)

    def rows(self, indices: torch.Tensor) -> _Left:
        """Some prefixes, in the order asked for."""
        past = [(keys[indices], values[indices]) for keys, values in self.past]
        return _Left(past, {layer: sums[indices] for layer, sums in self.sums.items()})

    @staticmethod
    def joined(parts: list[_Left]) -> _Left:
        """The prefixes of all parts, one after another."""
        import torch

        if len(parts) == 1:
            return parts[0]
        layers = zip(*(part.past for part in parts), strict=True)
        past = [(torch.cat([k for k, _ in layer]), torch.cat([v for _, v in layer])) for layer in layers]
        return _Left(past, {layer: torch.cat([part.sums[layer] for part in parts]) for layer in parts[0].sums})


def _read_tree(reading: Reading, rows: Rows) -> Iterator[Batch]:
    """One chunk of rows, level by level; a row comes with the level that it ends in."""
    left = _Left()
    for depth, level in enumerate(levels(rows)):
        size = reading.rows_of_a_pass(1, depth)
        leaves = np.setdiff1d(np.arange(len(level.token_ids)), level.inner, assume_unique=True)
        kept = []
        for prefixes in (level.inner, leaves):
            for part in np.array_split(prefixes, math.ceil(len(prefixes) / size)) if len(prefixes) else ():
                with turns().take(reading.waiting):
                    sums, after = _read_prefixes(reading, level, depth, part, left)
                ended = np.isin(level.ends, part)
                if ended.any():
                    at = np.searchsorted(part, level.ends[ended])
                    yield level.rows[ended], _pooled(reading, sums, at, depth)
                if after is not None:
                    kept.append(after)
        left = _Left.joined(kept) if kept else _Left()


def _read_prefixes(
    reading: Reading, level: Level, depth: int, part: np.ndarray, left: _Left
) -> tuple[dict[int, torch.Tensor], _Left | None]:
    """Each layer's values or sums (n_prefixes, d_mlp) at some prefixes of a level, and what these leave.

    All of them go on, or none does.
    """
    import torch

    go_on = part[0] in level.inner
    before = left.rows(torch.from_numpy(level.parents[part])) if depth else left
    past = reading.lm.new_past(before.past) if depth or go_on else None
    values = reading.passed(torch.from_numpy(level.token_ids[part, None]), lambda seen: seen[:, -1], past)
    if reading.pooling == "mean" and depth > reading.n_prefix:
        values = {layer: before.sums[layer].add_(seen) for layer, seen in values.items()}  # sums of our own, by rows()
    if past is None or not go_on:
        return values, None
    sums = values if depth >= reading.n_prefix else {}
    return values, _Left([(layer.keys, layer.values) for layer in past.layers], sums)


def _pooled(reading: Reading, sums: dict[int, torch.Tensor], at: np.ndarray, depth: int) -> dict[int, np.ndarray]:
    import torch

    n_pooled = depth + 1 - reading.n_prefix if reading.pooling == "mean" else 1
    rows = torch.from_numpy(at)
    return {layer: values[rows].div_(n_pooled).cpu().numpy() for layer, values in sums.items()}


# --- What is longer than a word ---


def _read_long(reading: Reading, ids: Rows) -> Iterator[Batch]:
    """The long rows, in batches of one length, in a fixed order."""
    import torch

    def pool(values: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_mlp] -> [batch, d_mlp]
        # A copy, since a view would keep all positions of all layers.
        return values[:, reading.n_prefix :].mean(dim=1) if reading.pooling == "mean" else values[:, -1].clone()

    buckets: dict[int, list[int]] = defaultdict(list)
    for index, row in enumerate(ids):
        if len(row) > _LONGEST_IN_TREE:
            buckets[len(row)].append(index)
    for length, bucket in sorted(buckets.items()):
        size = reading.rows_of_a_pass(length)
        for first in range(0, len(bucket), size):
            batch = bucket[first : first + size]
            with turns().take(reading.waiting):
                captured = reading.passed(torch.tensor([ids[i] for i in batch]), pool)
            yield np.array(batch), {layer: values.cpu().numpy() for layer, values in captured.items()}
