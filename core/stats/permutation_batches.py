"""All permutations of max-T: batches of them in a few threads, each through all neurons of the family."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from core.progress import Progress

if TYPE_CHECKING:
    from core.stats.permutation import Family

# More threads would take cores from the other users of a server.
MAX_THREADS = 2
# Permutations in one batch: its weights have at most so many values (64 MB).
BATCH_VALUES = 8_000_000
BATCH_PERMUTATIONS = 5_000
# How often a caller that waits hears of it.
_POLL_SECONDS = 0.2

_one_family = threading.Lock()


def in_batches(family: Family, labels: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """How often the successive maximum reaches each neuron's threshold, and the largest score of each permutation.

    Parameters
    ----------
    family : Family
        m neurons in ascending order of their observed score.
    labels : ndarray of shape (n_permutations, n_labels), bool
    progress : callable
        Called with the share that is done. If it raises, the work stops.

    Returns
    -------
    counts : ndarray of shape (m,), int64
    maxima : ndarray of shape (n_permutations,), float64
    """
    size = max(1, min(BATCH_PERMUTATIONS, BATCH_VALUES // labels.shape[1]))
    batches = [labels[start : start + size] for start in range(0, len(labels), size)]
    stop = threading.Event()
    done = [0.0] * len(batches)  # permutations, as if each neuron were a part of one

    def work(index: int) -> tuple[np.ndarray, np.ndarray]:
        def say(share: float) -> bool:
            done[index] = share * len(batches[index])
            return not stop.is_set()

        return _one_batch(family, batches[index], say)

    n_threads = min(MAX_THREADS, os.cpu_count() or 1)
    with _single_threaded_products(progress), ThreadPoolExecutor(n_threads, thread_name_prefix="permutations") as pool:
        futures = [pool.submit(work, index) for index in range(len(batches))]
        try:
            _watch(futures, lambda: sum(done), len(labels), progress)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    counts, maxima = zip(*(future.result() for future in futures), strict=True)
    return np.sum(counts, axis=0), np.concatenate(maxima)


@contextmanager
def _single_threaded_products(progress: Progress) -> Iterator[None]:
    """Let NumPy's products use one thread: ours work side by side, and those of BLAS would spin for a free core.

    PyTorch's products have their own threads. The setting belongs to the process, so one family is computed at a time.
    """
    while not _one_family.acquire(timeout=_POLL_SECONDS):
        progress(0.0, "Waiting until the permutations of another contrast end")
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        _one_family.release()


def _watch(
    futures: list[Future[tuple[np.ndarray, np.ndarray]]], done: Callable[[], float], n: int, progress: Progress
) -> None:
    """Report until all futures are done, in the calling thread; raise the first error."""
    pending = set(futures)
    while pending:
        progress(done() / n, f"Permuting: {int(done()):,} of {n:,}")
        finished, pending = wait(pending, timeout=_POLL_SECONDS)
        for future in finished:
            future.result()
    progress(1.0, f"Permuting: {n:,} of {n:,}")


def _one_batch(family: Family, labels: np.ndarray, say: Callable[[float], bool]) -> tuple[np.ndarray, np.ndarray]:
    """The counts (m,) and the largest scores (n_batch,) of some permutations; it ends early if ``say`` is false."""
    score = family.score
    weights = score.weights(labels)
    largest = np.zeros(len(labels))
    count = np.zeros(family.order.size, np.int64)
    blocks = family.blocks()
    for number, block in enumerate(blocks, start=1):
        scores = score.scores(score.prepare(family.rows(block)), weights)  # [n_block, n_batch]
        for place, (row, threshold) in enumerate(zip(scores, family.thresholds[block], strict=True), block.start):
            np.maximum(largest, row, out=largest)  # the largest of this neuron and all with smaller statistics
            count[place] = np.count_nonzero(largest >= threshold)
        if not say(number / len(blocks)):
            break
    return count, largest
