"""Words to pooled neurons, in as few forward passes as their shared tokens allow.

The tokens of all words form a trie (``core.activations.token_trie``), which is read level by level. One pass reads the
tokens of many nodes. It uses the key-value cache of their parents, which the level above computed. So there is no
padding, positions do not shift, and shared tokens are computed once.

Rows with many tokens are read by plain passes, one batch for each length. For them, a pass per token would cost more
than sharing saves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core.activations.hooks import Gate, Point, Reduce, read_layers
from core.activations.token_trie import Level, Rows, chunks, levels
from core.models.loaded import LoadedModel

if TYPE_CHECKING:
    import torch

# Rows with more tokens than this are read by plain passes.
_MAX_TRIE_TOKENS = 16
# Most floats that one pass may hold beside the weights (256 MB in float32).
_MAX_PASS_FLOATS = 64_000_000
# Most floats that all levels of one trie may keep between passes (96 MB). A pass copies some of them.
_MAX_STATE_FLOATS = 24_000_000
# Most multiplications of one pass: about half a second on two cores. No other reading waits longer for its turn.
_MAX_PASS_PRODUCTS = 8e10

# Indices of rows with equally many tokens, and for each layer and side their pooled neurons, float32 (n_rows, d_mlp).
Batch = tuple[np.ndarray, dict[Point, np.ndarray]]


@dataclass(frozen=True)
class Reading:
    """How rows of token ids are read. The first ``n_start`` ids of each row are read, but not pooled.

    ``sides`` are read of every row. An exception are rows with one token to pool: of these, only ``sides_of_one``.
    """

    lm: LoadedModel
    layers: Sequence[int]
    sides: Sequence[str]
    sides_of_one: Sequence[str]
    pooling: str
    n_start: int
    gate: Gate = nullcontext

    def read(
        self, ids: torch.Tensor, sides: Sequence[str], reduce: Reduce, cache: Any = None
    ) -> dict[Point, torch.Tensor]:
        """Run one pass over ids (batch, pos). Return, for each point, ``reduce`` of its (batch, pos, d_mlp)."""
        return read_layers(self.lm, ids, self.layers, sides, reduce, cache=cache)

    def sides_of(self, n_tokens: int) -> Sequence[str]:
        """The sides that are read of rows with ``n_tokens`` tokens."""
        return self.sides_of_one if n_tokens == self.n_start + 1 else self.sides

    def state_floats(self, n_tokens: int) -> float:
        """How many floats a node after ``n_tokens`` tokens keeps for its children: keys, values and sums."""
        if n_tokens <= self.n_start:  # one node, shared by all rows
            return 0.0
        return self._cached_floats(n_tokens) + len(self.sides) * len(self.layers) * self.lm.d_mlp

    def rows_per_pass(self, n_tokens: int, sides: Sequence[str], n_before: int = 0) -> int:
        """How many rows of ``n_tokens`` new tokens one pass may read, with ``n_before`` tokens in the cache."""
        # The network holds about four arrays of width d_mlp for each token, and one capture for each row and point.
        floats = (n_tokens * 4 + len(sides) * len(self.layers)) * self.lm.d_mlp + self._cached_floats(n_before)
        products = self.lm.info.n_parameters * n_tokens
        return max(1, int(min(_MAX_PASS_FLOATS / floats, _MAX_PASS_PRODUCTS / products)))

    def _cached_floats(self, n_tokens: int) -> float:
        # Keys and values of every layer. This is an upper bound: models with grouped key heads need less.
        return n_tokens * 2.0 * self.lm.d_model * (max(self.layers) + 1)


def read_rows(reading: Reading, ids: Rows) -> Iterator[Batch]:
    """Pool the neurons of every row. Batches come in any order; each row comes exactly once."""
    short = [i for i, row in enumerate(ids) if len(row) <= _MAX_TRIE_TOKENS]
    for chunk in chunks([ids[i] for i in short], reading.state_floats, _MAX_STATE_FLOATS):
        indices = np.array([short[i] for i in chunk])
        for rows, values in _read_trie(reading, [ids[i] for i in indices]):
            yield indices[rows], values
    yield from _read_long(reading, ids)


# --- Rows in the trie: level by level ---


@dataclass(frozen=True)
class _NodeState:
    """What the children of some nodes need: one row for each node.

    ``past`` holds keys and values (n_nodes, n_heads, n_tokens, d_head) for each layer of the network. ``sums`` holds,
    for each captured point, the sum (n_nodes, d_mlp) over the tokens to pool so far.
    """

    past: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    sums: dict[Point, torch.Tensor] = field(default_factory=dict)

    def rows(self, indices: torch.Tensor) -> _NodeState:
        """The states of some nodes, in the order of ``indices`` (n,)."""
        # [n_nodes, n_heads, n_tokens, d_head] -> [n, n_heads, n_tokens, d_head]
        past = [(keys[indices], values[indices]) for keys, values in self.past]
        # [n_nodes, d_mlp] -> [n, d_mlp]
        return _NodeState(past, {point: sums[indices] for point, sums in self.sums.items()})

    @staticmethod
    def concatenated(parts: list[_NodeState]) -> _NodeState:
        """The states of all parts in one, along the axis of nodes."""
        import torch

        if len(parts) == 1:
            return parts[0]
        layers = zip(*(part.past for part in parts), strict=True)  # [part][layer] -> [layer][part]
        past = [(torch.cat([k for k, _ in layer]), torch.cat([v for _, v in layer])) for layer in layers]
        return _NodeState(past, {point: torch.cat([part.sums[point] for part in parts]) for point in parts[0].sums})


def _read_trie(reading: Reading, rows: Rows) -> Iterator[Batch]:
    """Read one chunk of rows, level by level. A row is returned at the level of its last token."""
    parents = _NodeState()
    for depth, level in enumerate(levels(rows)):
        leaves = np.setdiff1d(np.arange(len(level.token_ids)), level.inner, assume_unique=True)
        states = []
        for nodes, sides in ((level.inner, reading.sides), (leaves, reading.sides_of(depth + 1))):
            size = reading.rows_per_pass(1, sides, depth)
            for part in np.array_split(nodes, math.ceil(len(nodes) / size)) if len(nodes) else ():
                with reading.gate():
                    sums, state = _read_nodes(reading, level, depth, part, parents, sides=sides)
                ended = np.isin(level.ends, part)
                if ended.any():
                    at = np.searchsorted(part, level.ends[ended])
                    yield level.rows[ended], _pooled(reading, sums, at, depth)
                if state is not None:
                    states.append(state)
        parents = _NodeState.concatenated(states) if states else _NodeState()


def _read_nodes(
    reading: Reading, level: Level, depth: int, part: np.ndarray, parents: _NodeState, *, sides: Sequence[str]
) -> tuple[dict[Point, torch.Tensor], _NodeState | None]:
    """Read the nodes ``part`` (n,) of a level: either all of them have children, or none has.

    Returns, for each point, the values (n, d_mlp) at these nodes, or their sums if the pooling is the mean. The second
    result is the state that their children need; None where there are no children.
    """
    import torch

    have_children = part[0] in level.inner
    before = parents.rows(torch.from_numpy(level.parents[part])) if depth else parents
    cache = reading.lm.new_cache(before.past) if depth or have_children else None
    ids = torch.from_numpy(level.token_ids[part, None])  # [n_nodes] -> [n, pos = 1]
    values = reading.read(ids, sides, _last_token, cache)
    if reading.pooling == "mean" and depth > reading.n_start:
        # In place: rows() has copied the sums.
        values = {point: before.sums[point].add_(value) for point, value in values.items()}
    if cache is None or not have_children:
        return values, None
    sums = values if depth >= reading.n_start else {}
    return values, _NodeState([(layer.keys, layer.values) for layer in cache.layers], sums)


def _last_token(values: torch.Tensor) -> torch.Tensor:
    return values[:, -1]  # [batch, pos, d_mlp] -> [batch, d_mlp]


def _pooled(reading: Reading, sums: dict[Point, torch.Tensor], at: np.ndarray, depth: int) -> dict[Point, np.ndarray]:
    """The pooled neurons of the rows that end at the nodes ``at`` (n_rows,): [n_nodes, d_mlp] -> [n_rows, d_mlp]."""
    import torch

    n_pooled = depth + 1 - reading.n_start if reading.pooling == "mean" else 1
    rows, sides = torch.from_numpy(at), reading.sides_of(depth + 1)
    return {
        (layer, side): values[rows].div_(n_pooled).cpu().numpy()
        for (layer, side), values in sums.items()
        if side in sides
    }


# --- Rows that are too long for the trie ---


def _read_long(reading: Reading, ids: Rows) -> Iterator[Batch]:
    """Read the long rows. All rows of a batch have the same length; the order is fixed."""
    import torch

    def pool(values: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_mlp] -> [batch, d_mlp]
        # A copy: a view would hold all positions of all layers in memory.
        return values[:, reading.n_start :].mean(dim=1) if reading.pooling == "mean" else values[:, -1].clone()

    buckets: dict[int, list[int]] = defaultdict(list)
    for index, row in enumerate(ids):
        if len(row) > _MAX_TRIE_TOKENS:
            buckets[len(row)].append(index)
    for length, bucket in sorted(buckets.items()):
        sides = reading.sides_of(length)
        size = reading.rows_per_pass(length, sides)
        for first in range(0, len(bucket), size):
            batch = bucket[first : first + size]
            with reading.gate():
                captured = reading.read(torch.tensor([ids[i] for i in batch]), sides, pool)
            yield np.array(batch), {point: values.cpu().numpy() for point, values in captured.items()}
