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
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from core.activations.hooks import Gate, Point, Reduce, read_layers
from core.activations.token_trie import Level, Rows, chunks, levels
from core.errors import clear_frames
from core.models.loaded import LoadedModel
from core.out_of_memory import is_out_of_memory
from core.progress import Progress

if TYPE_CHECKING:
    import torch

# Rows with more tokens than this are read by plain passes.
_MAX_TRIE_TOKENS = 16
# Most floats that one pass may hold beside the weights (128 MB in float32).
_MAX_PASS_FLOATS = 32_000_000
# Most floats that all levels of one trie may keep between passes (48 MB). A pass copies some of them.
_MAX_STATE_FLOATS = 12_000_000
# Most multiplications of one pass: about half a second on two cores. No other reading waits longer for its turn.
_MAX_PASS_PRODUCTS = 8e10

# Takes pooled neurons: the indices of some rows (n_rows,), the point, and its values there, float32 (n_rows, d_mlp).
Write = Callable[[np.ndarray, Point, np.ndarray], None]


@dataclass(frozen=True)
class Reading:
    """How rows of token ids are read. The first ``n_start`` ids of each row are read, but not pooled.

    ``sides`` are read of every row. An exception are rows with one token to pool: of these, only ``sides_of_one``.
    ``write`` takes what is read.
    """

    lm: LoadedModel
    layers: Sequence[int]
    sides: Sequence[str]
    sides_of_one: Sequence[str]
    pooling: str
    n_start: int
    write: Write
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


def read_rows(reading: Reading, ids: Rows, progress: Progress) -> None:
    """Pool the neurons of every row. Each row and point is written exactly once, in any order.

    Values go to ``reading.write`` point by point and are not kept, so that no more than one pass's are in memory.
    """
    short = [i for i, row in enumerate(ids) if len(row) <= _MAX_TRIE_TOKENS]
    parts = chunks([ids[i] for i in short], reading.state_floats, _MAX_STATE_FLOATS)
    tries = (_read_trie(reading, ids, np.array([short[i] for i in part])) for part in parts)
    n_read = 0
    for n_rows in chain(chain.from_iterable(tries), _read_long(reading, ids)):
        n_read += n_rows
        progress(n_read / len(ids), f"Reading words: {n_read:,} of {len(ids):,}")


# --- Rows in the trie: level by level ---


@dataclass(frozen=True)
class _NodeState:
    """What the children of some nodes need: one row for each node.

    ``past`` holds keys and values (n_nodes, n_heads, n_tokens, d_head) for each layer of the network. ``sums`` holds,
    for each captured point, the sum (n_nodes, d_mlp) over the tokens to pool so far.
    """

    past: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    sums: dict[Point, torch.Tensor] = field(default_factory=dict)

    def past_of(self, nodes: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The keys and values of some nodes, in the order of ``nodes`` (n,)."""
        # [n_nodes, n_heads, n_tokens, d_head] -> [n, n_heads, n_tokens, d_head]
        return [(keys[nodes], values[nodes]) for keys, values in self.past]

    @staticmethod
    def concatenated(parts: list[_NodeState]) -> _NodeState:
        """The states of all parts in one, along the axis of nodes."""
        import torch

        if len(parts) < 2:
            return parts[0] if parts else _NodeState()
        layers = zip(*(part.past for part in parts), strict=True)  # [part][layer] -> [layer][part]
        past = [(torch.cat([k for k, _ in layer]), torch.cat([v for _, v in layer])) for layer in layers]
        return _NodeState(past, {point: torch.cat([part.sums[point] for part in parts]) for point in parts[0].sums})


def _read_trie(reading: Reading, ids: Rows, chunk: np.ndarray) -> Iterator[int]:
    """Read some rows level by level, and yield how many rows ended in a pass, if any did.

    ``chunk`` (n_rows,) has the rows' positions in ``ids``. A row is written at the level of its last token.
    """
    parents = _NodeState()
    for depth, level in enumerate(levels([ids[i] for i in chunk])):
        leaves = np.setdiff1d(np.arange(len(level.token_ids)), level.inner, assume_unique=True)
        states: list[_NodeState] = []
        for nodes, sides in ((level.inner, reading.sides), (leaves, reading.sides_of(depth + 1))):
            read = partial(_read_nodes, reading, level, depth, parents, sides=sides, states=states)
            for part, sums in _in_parts(nodes, reading.rows_per_pass(1, sides, depth), read, reading.gate):
                ended = np.flatnonzero(np.isin(level.ends, part))
                at = np.searchsorted(part, level.ends[ended])
                _write_pooled(reading, sums, at, depth, chunk[level.rows[ended]])
                del sums  # so that the next pass does not hold these values beside its own
                if len(ended):
                    yield len(ended)
        parents = _NodeState.concatenated(states)


def _read_nodes(
    reading: Reading,
    level: Level,
    depth: int,
    parents: _NodeState,
    part: np.ndarray,
    *,
    sides: Sequence[str],
    states: list[_NodeState],
) -> dict[Point, torch.Tensor]:
    """Read the nodes ``part`` (n,) of a level: either all of them have children, or none has.

    Returns, for each point, the values (n, d_mlp) at these nodes, or their sums if the pooling is the mean. If there
    are children, the state that they need is appended to ``states``.
    """
    import torch

    have_children = part[0] in level.inner
    at = torch.from_numpy(level.parents[part]).to(reading.lm.info.device)  # [n_nodes] -> [n]
    cache = reading.lm.new_cache(parents.past_of(at) if depth else []) if depth or have_children else None
    ids = torch.from_numpy(level.token_ids[part, None])  # [n_nodes] -> [n, pos = 1]
    values = reading.read(ids, sides, _last_token, cache)
    if reading.pooling == "mean" and depth > reading.n_start:
        for point in values:  # not in place, since a network may pass on the same tensor at two points
            values[point] = values[point] + parents.sums[point][at]  # [n_nodes, d_mlp] -> [n, d_mlp]
    if cache is not None and have_children:
        sums = values if depth >= reading.n_start else {}
        states.append(_NodeState([(layer.keys, layer.values) for layer in cache.layers], sums))
    return values


def _last_token(values: torch.Tensor) -> torch.Tensor:
    return values[:, -1]  # [batch, pos, d_mlp] -> [batch, d_mlp]


def _write_pooled(
    reading: Reading, sums: dict[Point, torch.Tensor], at: np.ndarray, depth: int, rows: np.ndarray
) -> None:
    """Write the pooled neurons of ``rows`` (n_rows,), which end at the nodes ``at`` (n_rows,)."""
    import torch

    n_pooled = depth + 1 - reading.n_start if reading.pooling == "mean" else 1
    for (layer, side), values in sums.items():
        if side in reading.sides_of(depth + 1):
            # [n_nodes, d_mlp] -> [n_rows, d_mlp]
            pooled = values[torch.from_numpy(at).to(values.device)].div_(n_pooled)
            reading.write(rows, (layer, side), pooled.cpu().numpy())


# --- Rows that are too long for the trie ---


def _read_long(reading: Reading, ids: Rows) -> Iterator[int]:
    """Read the long rows by plain passes, and yield after each pass how many."""

    def pool(values: torch.Tensor) -> torch.Tensor:  # [batch, pos, d_mlp] -> [batch, d_mlp]
        # A copy: a view would hold all positions of all layers in memory.
        return values[:, reading.n_start :].mean(dim=1) if reading.pooling == "mean" else values[:, -1].clone()

    long = [index for index, row in enumerate(ids) if len(row) > _MAX_TRIE_TOKENS]
    return read_plainly(reading, ids, long, lambda part: pool)


def read_plainly(
    reading: Reading, ids: Rows, numbers: Sequence[int], pool_of: Callable[[np.ndarray], Reduce]
) -> Iterator[int]:
    """Read some rows by plain passes, write what is pooled of each, and yield after each pass how many rows it had.

    Parameters
    ----------
    reading : Reading
        Its ``pooling`` is not used.
    ids : sequence of list of int
        Token ids of all rows. The rows of one pass have the same length.
    numbers : sequence of int
        The positions in ``ids`` of the rows to read.
    pool_of : callable
        ``pool_of(part)``, with the positions (n,) of the rows of a pass, returns the function from their values
        (n, pos, d_mlp) to what is written (n, d_mlp).
    """
    import torch

    buckets: dict[int, list[int]] = defaultdict(list)
    for number in numbers:
        buckets[len(ids[number])].append(number)
    for length, bucket in sorted(buckets.items()):
        sides = reading.sides_of(length)

        def read(part: np.ndarray, sides: Sequence[str] = sides) -> dict[Point, torch.Tensor]:
            return reading.read(torch.tensor([ids[i] for i in part]), sides, pool_of(part))

        for part, captured in _in_parts(np.array(bucket), reading.rows_per_pass(length, sides), read, reading.gate):
            for point, values in captured.items():
                reading.write(part, point, values.cpu().numpy())
            del captured, values  # so that the next pass does not hold these values beside its own
            yield len(part)


# --- Parts ---


def _in_parts(
    rows: np.ndarray, size: int, read: Callable[[np.ndarray], dict[Point, torch.Tensor]], gate: Gate
) -> Iterator[tuple[np.ndarray, dict[Point, torch.Tensor]]]:
    """Read ``rows`` (n,) in parts of at most ``size``, one pass each, in order; yield each part and what was read.

    If memory runs out in a pass, its part is halved: a GPU may have less of it left than a computer.
    """
    waiting = np.array_split(rows, math.ceil(len(rows) / size))[::-1] if len(rows) else []
    while waiting:
        part = waiting.pop()
        try:
            with gate():
                values = read(part)
        except Exception as error:
            if len(part) == 1 or not is_out_of_memory(error):
                raise
            clear_frames(error)  # they hold what the pass has computed
            waiting += np.array_split(part, 2)[::-1]
            continue
        yield part, values
        del values  # so that the next pass does not hold these values beside its own
