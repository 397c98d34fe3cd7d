"""Compute statistics for every neuron, one block of neurons at a time, in a few threads.

Activations are stored as (..., n_words, n_neurons). The statistics of a neuron need its words next to each other in
memory. ``by_block`` transposes a few dozen neurons at a time: a block fits in the CPU cache, and there is never a
float64 copy of the whole array. The results do not depend on the block size or the number of threads, to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np

from core.stats.checks import check_finite

# Values of both groups in one block. With 1,000 + 1,000 words, this is fifty neurons.
BLOCK_VALUES = 100_000

# NumPy releases the interpreter lock while it computes, so threads work in parallel. More than four would mostly wait
# for memory, and take cores from the other users of a server.
MAX_THREADS = 4

# Statistics of some neurons, by name: each (n_block,).
Columns: TypeAlias = dict[str, np.ndarray]

# The index of a layer, () if there is no such axis, and a slice of its neurons.
_Block: TypeAlias = tuple[tuple[int, ...], slice]


def by_block(
    compute: Callable[[np.ndarray], Columns], names: Sequence[str], target: np.ndarray, baseline: np.ndarray
) -> Columns:
    """Call ``compute`` on every block of neurons, and join the results.

    Parameters
    ----------
    compute : callable
        From values (n_block, n_words), one row per neuron with the target words first, to one float64 array (n_block,)
        for each name. It is called in several threads at once. Its exceptions reach the caller.
    names : sequence of str
        The names of its results.
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word. All axes except the number of words are equal. ``compute`` gets float32 if both dtypes fit in
        it, else their common dtype.

    Returns
    -------
    dict of str to ndarray
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons), by name.

    Raises
    ------
    UserError (a ValueError)
        Some values are not finite. The sentence has their number.

    Examples
    --------
    >>> by_block(lambda rows: {"sum": rows.sum(axis=1)}, ["sum"], np.ones((3, 2)), np.ones((4, 2)))
    {'sum': array([7., 7.])}
    """
    (*layers, n_target, n_neurons), n_baseline = target.shape, baseline.shape[-2]
    n_words = n_target + n_baseline
    common = np.result_type(target, baseline)
    dtype = np.dtype(np.float32) if np.can_cast(common, np.float32, "safe") else common
    whole = {name: np.empty((*layers, n_neurons)) for name in names}

    def work(block: _Block) -> None:
        layer, neurons = block
        # A copy before the transpose: to read columns of the whole array would take three times as long.
        # [..., n_words, n_neurons] -> [n_words, n_block]
        target_block, baseline_block = target[layer][:, neurons].copy(), baseline[layer][:, neurons].copy()
        rows = np.empty((target_block.shape[1], n_words), dtype)
        rows[:, :n_target] = target_block.T  # [n_target, n_block] -> [n_block, n_target]
        rows[:, n_target:] = baseline_block.T  # [n_baseline, n_block] -> [n_block, n_baseline]
        if not np.isfinite(rows).all():
            check_finite(target, baseline)
        columns = compute(rows)
        for name in names:
            whole[name][layer][neurons] = columns[name]

    width = max(1, BLOCK_VALUES // n_words)
    starts = range(0, n_neurons, width)
    _in_threads(work, [(layer, slice(start, start + width)) for layer in np.ndindex(*layers) for start in starts])
    return whole


def _in_threads(work: Callable[[_Block], None], blocks: list[_Block]) -> None:
    """Call ``work`` on every block, and raise its first error."""
    n_threads = min(MAX_THREADS, os.cpu_count() or 1, len(blocks))
    if n_threads <= 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(n_threads, thread_name_prefix="neurons") as pool:
        for _ in pool.map(work, blocks):  # an error cancels the blocks that have not started
            pass
