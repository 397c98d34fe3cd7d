"""Rows of token ids as a trie, so that shared tokens are read once.

In a causal model, the values at a token depend on this token and the tokens before it. Rows that begin with the same
tokens therefore share these values. The 10,000 most frequent nouns and verbs have 19,000 tokens, but only 10,834
nodes. A level holds all nodes of one depth. Their parents are in the level above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

Rows = Sequence[list[int]]


@dataclass(frozen=True, eq=False)
class Level:
    """The nodes of one depth, sorted by parent, then by token.

    ``token_ids`` (n_nodes,) has the token of each node. ``parents`` (n_nodes,) has positions in the ``inner`` array of
    the level above (all 0 in the first level). ``inner`` (n_inner,) has the indices of the nodes with children. Row
    ``rows[k]`` ends at node ``ends[k]``; equal rows are all listed.
    """

    token_ids: np.ndarray
    parents: np.ndarray
    inner: np.ndarray
    rows: np.ndarray
    ends: np.ndarray


def chunks(rows: Rows, cost: Callable[[int], float], max_cost: float) -> Iterator[list[int]]:
    """Sort rows by their tokens, and divide them into chunks that each cost at most ``max_cost``.

    Parameters
    ----------
    rows : sequence of list of int
        Token ids. No row is empty.
    cost : callable
        The cost of an inner node, given its depth (1 for a first token). A node that rows of one chunk share is
        counted once. After the sort such rows are neighbours, so that a new chunk repeats the nodes of at most one
        row.
    max_cost : float
        A single row that costs more is a chunk of its own.

    Yields
    ------
    list of int
        The indices of the rows in one chunk.

    Examples
    --------
    >>> list(chunks([[7, 1], [5], [7, 2], [8, 3]], lambda depth: 1.0, max_cost=1.0))
    [[1, 0, 2], [3]]
    """
    chunk: list[int] = []
    previous: list[int] = []
    total = 0.0
    for index in sorted(range(len(rows)), key=lambda i: rows[i]):
        row = rows[index]
        added = _added_cost(row, previous, cost)
        if chunk and total + added > max_cost:
            yield chunk
            chunk, total, added = [], 0.0, _added_cost(row, [], cost)
        chunk.append(index)
        total += added
        previous = row
    if chunk:
        yield chunk


def _added_cost(row: list[int], previous: list[int], cost: Callable[[int], float]) -> float:
    """The cost of a row's inner nodes, without those that it shares with the previous row."""
    shared = 0
    while shared < min(len(row), len(previous)) - 1 and row[shared] == previous[shared]:
        shared += 1
    return sum(cost(depth) for depth in range(shared + 1, len(row)))


def levels(rows: Rows) -> list[Level]:
    """Build the trie of some rows, from the first tokens down.

    Parameters
    ----------
    rows : sequence of list of int
        Token ids below 2^32. No row is empty.

    Returns
    -------
    list of Level
        As many as the longest row has tokens.

    Examples
    --------
    >>> first, second = levels([[7, 1], [5], [7, 2]])
    >>> first.token_ids, first.inner, second.token_ids, second.parents
    (array([5, 7]), array([1]), array([1, 2]), array([0, 0]))
    """
    lengths = np.array([len(row) for row in rows])
    tokens = np.full((len(rows), lengths.max()), -1, dtype=np.int64)  # [n_rows, longest], -1 after a row's end
    for row, ids in zip(tokens, rows, strict=True):
        row[: len(ids)] = ids
    node = np.zeros(len(rows), dtype=np.int64)  # [n_rows]: the node of each row's last token, as a position in inner
    found: list[Level] = []
    for depth in range(tokens.shape[1]):
        present = np.flatnonzero(lengths > depth)
        # A node is a pair of parent and token, packed into one integer: [n_present] -> [n_nodes]
        pairs, node[present] = np.unique(node[present] << 32 | tokens[present, depth], return_inverse=True)
        ending = np.flatnonzero(lengths == depth + 1)
        ends = node[ending]
        continuing = np.flatnonzero(lengths > depth + 1)
        inner, node[continuing] = np.unique(node[continuing], return_inverse=True)
        found.append(Level(pairs & 0xFFFFFFFF, pairs >> 32, inner, ending, ends))
    return found
