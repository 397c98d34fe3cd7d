"""Two groups of words, block of neurons by block, in a few threads.

Activations lie by words, (..., n_words, n_neurons); whoever computes something for every neuron wants its words side
by side. ``by_block`` turns a few hundred neurons at a time, so that a block stays near a core through all the passes
over it, and no float64 copy of the whole array ever exists. Every neuron is computed by itself: neither the size of
the blocks nor the number of threads changes a bit of the answers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

# Values of both groups that all threads together have in hand, at 20 bytes each: for 1,000 + 1,000 words four hundred
# neurons. In smaller blocks, threads would wait for each other between NumPy's calls; larger ones leave the cache.
BLOCK_VALUES = 800_000

# NumPy gives up the interpreter lock while it works, so that threads can share the blocks. More than four would take
# a shared server's cores from its other users, and mostly wait for memory.
MAX_THREADS = 4

# Words that are turned round at once: what is read by columns must lie in a core's first cache.
_WORDS_TURNED = 250

# The answers for some neurons, by name: each (n_block,).
Answers: TypeAlias = dict[str, np.ndarray]


@dataclass(frozen=True)
class Block:
    """Some neurons' values, a row each, target words first: (n_block, n_words). All arrays may be overwritten.

    ``values`` are as they came, and contiguous; ``wide`` are the same in float64, and ``spare`` has room for as many.
    """

    values: np.ndarray
    wide: np.ndarray
    spare: np.ndarray
    n_target: int

    @property
    def groups(self) -> tuple[np.ndarray, np.ndarray]:
        """The float64 values of the target words and of the baseline words."""
        return self.wide[:, : self.n_target], self.wide[:, self.n_target :]


def by_block(
    answer: Callable[[Block], Answers], names: Sequence[str], target: np.ndarray, baseline: np.ndarray
) -> Answers:
    """``answer`` for all layers and neurons, put together.

    Parameters
    ----------
    answer : callable
        From a block to its answers, at least those asked for. Called in several threads at once; what it raises
        reaches the caller.
    names : sequence of str
        Which answers to keep.
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word, alike in all but the number of words.

    Returns
    -------
    dict of str to ndarray
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons), by name.
    """
    whole = {name: np.empty((*target.shape[:-2], target.shape[-1])) for name in names}
    n_threads = min(MAX_THREADS, os.cpu_count() or 1)
    width = max(1, BLOCK_VALUES // n_threads // (target.shape[-2] + baseline.shape[-2]))
    places = _places(target, width)
    # Shared: a thread takes the next block when it is done with one. That two got the same would do no harm.
    queue = iter(places)

    def work() -> None:
        scratch = _Scratch(target, baseline, width)
        try:
            with _small_buffers():
                for lead, columns in queue:
                    part = answer(scratch.block(target[lead][:, columns], baseline[lead][:, columns]))
                    for name in names:
                        whole[name][lead][columns] = part[name]
        except BaseException:
            list(queue)  # nothing is left for the other threads: all of it would be in vain
            raise

    _in_threads(work, min(n_threads, len(places)))
    return whole


def shaped(scratch: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The beginning of a contiguous array, in another shape: NumPy is fastest where rows follow without a gap."""
    return scratch.reshape(-1)[: math.prod(shape)].reshape(shape)


def _places(activations: np.ndarray, width: int) -> list[tuple[tuple[int, ...], slice]]:
    """Every layer (its index, or nothing where there is no such axis), cut into slices of ``width`` neurons."""
    return [
        (lead, slice(start, start + width))
        for lead in np.ndindex(activations.shape[:-2])
        for start in range(0, activations.shape[-1], width)
    ]


def _in_threads(work: Callable[[], None], n_threads: int) -> None:
    """Call ``work`` in so many threads at once, and pass on what it may raise."""
    if n_threads <= 1:
        work()
        return
    with ThreadPoolExecutor(n_threads, thread_name_prefix="neurons") as pool:
        for done in [pool.submit(work) for _ in range(n_threads)]:
            done.result()


@contextmanager
def _small_buffers() -> Iterator[None]:
    """Keep NumPy, in this thread, from copying what it broadcasts.

    It writes one number per row out into its buffer, once for every word, wherever a row fits in there; that takes
    as long as the arithmetic. See https://github.com/numpy/numpy/pull/32595.
    """
    before = np.setbufsize(16)  # elements: the least that it allows
    try:
        yield
    finally:
        np.setbufsize(before)


class _Scratch:
    """The arrays that a thread works in, block after block: asking the system for new ones takes half as long again."""

    def __init__(self, target: np.ndarray, baseline: np.ndarray, width: int) -> None:
        n_words, n_block = target.shape[-2] + baseline.shape[-2], min(width, target.shape[-1])
        came = np.result_type(target, baseline)
        dtype = np.float32 if np.can_cast(came, np.float32, "safe") else came
        self._words = np.empty(min(_WORDS_TURNED, n_words) * n_block, dtype)
        self._values = np.empty(n_words * n_block, dtype)
        self._wide, self._spare = np.empty(n_words * n_block), np.empty(n_words * n_block)

    def block(self, target: np.ndarray, baseline: np.ndarray) -> Block:
        """The block of neurons (n_target, n_block) and (n_baseline, n_block), of any dtype."""
        (n_target, n_block), n_baseline = target.shape, baseline.shape[0]
        shape = (n_block, n_target + n_baseline)
        values, wide = shaped(self._values, shape), shaped(self._wide, shape)
        self._turn(target, values[:, :n_target])
        self._turn(baseline, values[:, n_target:])
        wide[:] = values
        return Block(values, wide, shaped(self._spare, shape), n_target)

    def _turn(self, group: np.ndarray, rows: np.ndarray) -> None:
        """Write one group's (n_words, n_block) into (n_block, n_words)."""
        n_words, n_block = group.shape
        for first in range(0, n_words, _WORDS_TURNED):
            some = group[first : first + _WORDS_TURNED]
            # Brought together first and turned round second: reading the array itself by columns takes far longer.
            words = shaped(self._words, (len(some), n_block))
            words[:] = some
            rows[:, first : first + len(some)] = words.T
