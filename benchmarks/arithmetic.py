"""How much arithmetic a reading needs at least, if nothing is computed twice or without need.

In a causal model, the values at a token depend only on the tokens up to it. So words that begin with the same tokens
share this work. Each node of the trie of tokens is computed once, up to the expansion of the deepest layer's MLP. The
first token attends only to itself, so its query is not needed; its key is needed only if tokens follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.models import Shape


def nodes_by_depth(ids: Iterable[Sequence[int]]) -> np.ndarray:
    """How many nodes the trie of the rows has at each depth: int64 (longest,), first tokens first."""
    distinct = {tuple(row[: i + 1]) for row in ids for i in range(len(row))}
    return np.bincount([len(node) - 1 for node in distinct])


def single_tokens(ids: Iterable[Sequence[int]]) -> int:
    """How many distinct first tokens have no token after them in any row."""
    rows = list(ids)
    return len({row[0] for row in rows} - {row[0] for row in rows if len(row) > 1})


def needed(shape: Shape, ids: Sequence[Sequence[int]], deepest: int) -> float:
    """Float operations of reading rows of token ids at all layers up to ``deepest``, by ``operations``."""
    return operations(shape, nodes_by_depth(ids), deepest, single_tokens(ids))


def operations(shape: Shape, counts: Sequence[int] | np.ndarray, deepest: int, n_single: int = 0) -> float:
    """Float operations of reading the pre-activation of all layers up to ``deepest`` at some positions.

    Parameters
    ----------
    shape : Shape
    counts : sequence of int
        How many tokens there are at each 0-based position: ``nodes_by_depth`` of words, or ones for a text.
    deepest : int
        The deepest layer read, 0-based.
    n_single : int
        How many of the tokens at the first position have no token after them.

    Returns
    -------
    float
        Two for each multiply-add: of the linear layers, the deepest one's expansion the last, and of the products of
        queries with keys and of weights with values. Norms, nonlinearities and softmax are left out.
    """
    attention_layers = deepest + 1
    projections = 4 * shape.d_model**2  # query, key, value, output
    expansion = shape.d_model * shape.d_mlp  # and as much for the contraction
    linear = attention_layers * (projections + expansion) + deepest * expansion
    total = int(counts[0]) * (linear - attention_layers * shape.d_model**2)
    total -= n_single * attention_layers * shape.d_model**2
    for position, count in enumerate(counts[1:], 1):
        seen = sum(shape.seen(layer, position) for layer in range(attention_layers))
        total += int(count) * (linear + 2 * shape.d_model * seen)
    return 2.0 * total


def parameters(shape: Shape, *, head: bool = True) -> int:
    """How many parameters a model has.

    A tied one is a GPT-Neo: learned positions, no biases on query, key and value. The other is a Pythia: rotary
    positions, biases everywhere, and a ``head`` of its own, which can be left out.
    """
    d, m = shape.d_model, shape.d_mlp
    block = 4 * d * d + d + 2 * d * m + m + d + 4 * d
    embedding = (shape.n_vocab + shape.context) * d
    if not shape.tied:
        block += 3 * d
        embedding = shape.n_vocab * d * (2 if head else 1)
    return shape.n_layers * block + embedding + 2 * d
