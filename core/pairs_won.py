"""How many pairs of a target and a baseline word a neuron's target words win, a tie counting one half: Mann and
Whitney's U, exactly, for a block of neurons at once.

Rows are neurons, their columns words, target words first: (n_block, n_words). ``core.ttest`` makes the AUC of it.
"""

from __future__ import annotations

import numpy as np

from core.row_sort import sort_rows


def wins_of_float32(rows: np.ndarray, n_target: int, spare: np.ndarray, scratch: np.ndarray) -> np.ndarray:
    """The pairs won in each of the rows (n_block, n_words), target words first: float64 (n_block,), exact.

    The values are float32, finite and contiguous. They are overwritten, as are ``spare``, a float32 array like them,
    and ``scratch``, a contiguous int32 array of twice as many values.
    """
    size = np.abs(rows, out=spare)
    # Halved so often that it lies below 1, a float32 needs no more than 30 bits beside its sign.
    halvings = max(int(np.frexp(size.max())[1]), 0)
    unhalved = _lose_bits(size, halvings)
    wins_unhalved = wins_by_search(rows[unhalved], n_target)
    size *= np.ldexp(np.float32(1), -halvings)
    wins = _wins_by_sort(rows, size, n_target, scratch)
    wins[unhalved] = wins_unhalved
    return wins


def _lose_bits(size: np.ndarray, halvings: int) -> np.ndarray:
    """The rows of sizes (n_block, n_words) with one so small, but not 0, that float32 cannot halve it so often."""
    least = np.ldexp(np.float32(1), halvings - 126)
    if not halvings or size.min() >= least:  # nearly always
        return np.array([], dtype=np.intp)
    return np.flatnonzero(((size > 0) & (size < least)).any(axis=1))


def _wins_by_sort(rows: np.ndarray, size: np.ndarray, n_target: int, scratch: np.ndarray) -> np.ndarray:
    """The same for float32 values whose ``size`` is below 1; of ``rows`` only the signs count. All are overwritten.

    The last of a value's 32 bits can mark the target. So one sort of both groups together, of integers of half the
    size that the values have in float64, tells every target word's rank.
    """
    # The bits of positive floats stand in their order. For negative ones, the bits of their size are negated.
    keys = size.view(np.int32)
    negative = np.right_shift(rows.view(np.int32), 31, out=rows.view(np.int32))  # -1, or 0
    keys ^= negative
    keys -= negative
    keys <<= 1
    keys[:, :n_target] |= 1
    sort_rows(keys, scratch)
    wins = _wins_of_marked(np.bitwise_and(keys, 1, out=negative), n_target)
    # A tie between the groups: neighbours that differ in nothing but the mark. (The end of one row and the beginning
    # of the next may also look so: the rows are then looked at in vain.)
    flat = keys.reshape(-1)
    change = np.bitwise_xor(flat[1:], flat[:-1], out=negative.reshape(-1)[1:])
    tied = np.unique(np.flatnonzero(change == 1) // keys.shape[1])
    if tied.size:
        # The sort has put the baseline first in each tie. With the other group marked it puts the target first, and
        # the mean of both counts gives one half to every tie.
        keys = keys[tied] ^ 1
        sort_rows(keys, scratch)
        n_baseline = keys.shape[1] - n_target
        losses = _wins_of_marked(np.bitwise_and(keys, 1, out=keys), n_baseline)
        wins[tied] = (wins[tied] + n_target * n_baseline - losses) / 2
    return wins


def _wins_of_marked(mark: np.ndarray, n_marked: int) -> np.ndarray:
    """Pairs in which the marked one of two stands behind the other, from int32 marks (n_block, n_words) of 0 and 1."""
    n_words = mark.shape[1]
    # The sum of the ranks fits in 32 bits up to 65,536 words, and is found in half the time there.
    ranks: np.ndarray = np.arange(n_words, dtype=np.int32 if n_words <= 1 << 16 else np.int64)
    # The ranks from 0 of those marked, less what these would be if all of them stood in front.
    return np.einsum("ij,j->i", mark, ranks).astype(np.float64) - n_marked * (n_marked - 1) // 2


def wins_by_search(rows: np.ndarray, n_target: int) -> np.ndarray:
    """The same for rows of any numbers, compared as they are; slower. The rows are sorted in place."""
    target, baseline = rows[:, :n_target], rows[:, n_target:]
    target.sort(axis=1)
    baseline.sort(axis=1)
    wins = np.empty(rows.shape[0])
    for neuron, (row, against) in enumerate(zip(target, baseline, strict=True)):
        # Baseline words strictly below each target word, and below or equal: their mean counts a tie one half.
        below = against.searchsorted(row, "left").sum()
        not_above = against.searchsorted(row, "right").sum()
        wins[neuron] = (below + not_above) / 2
    return wins
