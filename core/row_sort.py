"""Sort every row of an int32 array, in the faster of two ways.

    sort_rows(keys, scratch)   # in place

NumPy sorts up to 512 values in the processor's registers, and longer rows by quicksort down to that. With AVX-512,
each partition packs the values of one side together and stores them, in one instruction that AMD's Zen 4 takes very
long for (https://github.com/numpy/x86-simd-sort/issues/6): of 2,000 values' time, nine tenths go there. On such a
machine rows of a few thousand values are sorted in half the time in blocks of 512, which meet only by minimum and
maximum. On others they are not, so a short trial chooses. Both ways give the same rows.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

# Values that NumPy sorts without a partition.
_BLOCK = 512
# Beyond so many values a row, blocks meet so often that little is gained.
_MOST = 20 * _BLOCK

_trial = threading.Lock()


def sort_rows(keys: np.ndarray, scratch: np.ndarray) -> None:
    """Sort the rows of ``keys``, int32 (n_rows, n_values), in place; ``scratch`` may be overwritten.

    ``scratch`` is a contiguous int32 array of twice as many values at least.
    """
    if _BLOCK < keys.shape[1] <= _MOST and _choose():
        _sort_in_blocks(keys, scratch)
    else:
        keys.sort(axis=1)


def _choose() -> bool:
    with _trial:  # or all threads would try at once, and disturb each other
        return _blocks_are_faster()


@cache
def _blocks_are_faster() -> bool:
    """Which way is faster on this machine: the shortest of five runs of each, in turns, some milliseconds in all."""
    rng = np.random.default_rng(0)
    rows = rng.integers(-(1 << 31), 1 << 31, (16, 4 * _BLOCK), dtype=np.int32)
    keys, scratch = np.empty_like(rows), np.empty(2 * rows.size, np.int32)

    def seconds(sort: Callable[[], None]) -> float:
        keys[:] = rows
        start = time.perf_counter()
        sort()
        return time.perf_counter() - start

    turns = [(seconds(lambda: _sort_in_blocks(keys, scratch)), seconds(lambda: keys.sort(axis=1))) for _ in range(5)]
    in_blocks, quick = map(min, zip(*turns, strict=True))
    return in_blocks < quick


def _sort_in_blocks(keys: np.ndarray, scratch: np.ndarray) -> None:
    """A sorting network whose wires carry sorted blocks, not single values, of every row at once."""
    n_rows, n_values = keys.shape
    n_blocks = -(-n_values // _BLOCK)
    width = -(-n_values // n_blocks)
    shape = (n_blocks + 1, n_rows, width)
    *blocks, spare = scratch.reshape(-1)[: math.prod(shape)].reshape(shape)
    places = [slice(i * width, (i + 1) * width) for i in range(n_blocks)]
    for block, place in zip(blocks, places, strict=True):
        part = keys[:, place]
        block[:, : part.shape[1]] = part
        block[:, part.shape[1] :] = np.iinfo(np.int32).max  # stays at the end, where it is not copied back
    for low, high in _meetings(n_blocks):
        # One upwards against one downwards: the smaller of every two are the smaller half of all.
        blocks[low].sort(axis=1)
        _sort_down(blocks[high])
        np.minimum(blocks[low], blocks[high], out=spare)
        np.maximum(blocks[low], blocks[high], out=blocks[high])
        blocks[low], spare = spare, blocks[low]
    for block, place in zip(blocks, places, strict=True):
        block.sort(axis=1)
        part = keys[:, place]
        part[:] = block[:, : part.shape[1]]


def _sort_down(block: np.ndarray) -> None:
    np.invert(block, out=block)  # turns the order of all integers round
    block.sort(axis=1)
    np.invert(block, out=block)


def _meetings(n: int) -> Iterator[tuple[int, int]]:
    """The pairs of n wires that a sorting network compares, in order: Batcher's merge exchange.

    Knuth (1998), The Art of Computer Programming 3, 2nd ed., section 5.2.2, algorithm M; n need be no power of two.
    """
    top = 1 << (n - 1).bit_length() >> 1
    p = top
    while p:
        q, r, distance = top, 0, p
        while True:
            yield from ((i, i + distance) for i in range(n - distance) if i & p == r)
            if q == p:
                break
            distance, q, r = q - p, q >> 1, p
        p >>= 1
