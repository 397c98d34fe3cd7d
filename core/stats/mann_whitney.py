"""Mann and Whitney's U for each neuron: the number of target-baseline pairs in which the target is higher.

A tie counts one half. ``core.stats.effect_size`` divides U by the number of pairs, which gives the AUC.
"""

from __future__ import annotations

import numpy as np


def u_statistic(rows: np.ndarray, n_target: int) -> np.ndarray:
    """U of every row, exactly.

    Parameters
    ----------
    rows : ndarray of shape (n_neurons, n_words)
        One row per neuron, target words first. Finite numbers of any dtype, compared without conversion.
    n_target : int
        How many of the columns are target words.

    Returns
    -------
    ndarray
        float64 of shape (n_neurons,), between 0 and n_target * n_baseline.

    References
    ----------
    Mann & Whitney (1947), Annals of Mathematical Statistics 18:50-60.

    Examples
    --------
    Of the pairs of {1, 2} with {1, 3}, one is a tie, and in one the target is higher:

    >>> u_statistic(np.array([[1.0, 2.0, 1.0, 3.0]]), n_target=2)
    array([1.5])
    """
    if rows.dtype != np.float32:
        return _u_by_search(rows, n_target)
    u, undecided = _u_by_one_sort(rows, n_target)
    u[undecided] = _u_by_search(rows[undecided], n_target)
    return u


def _u_by_one_sort(rows: np.ndarray, n_target: int) -> tuple[np.ndarray, np.ndarray]:
    """U of float32 rows (n_neurons, n_words), and a mask (n_neurons,) of the rows where it may be wrong.

    One sort of 32-bit integers takes a third of the time of the search below. Each value becomes an integer with the
    same order. Then its last bit is set to 1 for a target word, and to 0 for a baseline word. If a target and a
    baseline word are equal in the other 31 bits, this last bit has determined their order. Such a row is undecided.
    """
    keys = (rows + np.float32(0)).view(np.int32)  # adding 0 gives -0.0 the bits of 0.0
    # As integers, positive floats have the order of the floats; negative floats have the reverse order.
    keys ^= (keys >> 31) & 0x7FFFFFFF
    keys[:, :n_target] |= 1
    keys[:, n_target:] &= -2
    keys.sort(axis=1)
    # After the sort, equal values of both groups are neighbours, the baseline first: they differ only in the last bit.
    undecided = ((keys[:, 1:] ^ keys[:, :-1]) == 1).any(axis=1)
    keys &= 1
    ranks: np.ndarray = np.arange(rows.shape[1])  # int64, so that the sum of many ranks fits
    # The rank sum of the target words, minus the least possible one: [n_neurons, n_words] @ [n_words] -> [n_neurons]
    u = np.einsum("ij,j->i", keys, ranks) - n_target * (n_target - 1) // 2
    return u.astype(np.float64), undecided


def _u_by_search(rows: np.ndarray, n_target: int) -> np.ndarray:
    """U of rows (n_neurons, n_words) of any dtype, by a binary search for every target word."""
    # [n_neurons, n_words] -> [n_neurons, n_target] and [n_neurons, n_baseline]
    target, baseline = np.sort(rows[:, :n_target], axis=1), np.sort(rows[:, n_target:], axis=1)
    u = np.empty(len(rows))
    for neuron, (target_row, baseline_row) in enumerate(zip(target, baseline, strict=True)):
        # Count the baseline words below each target word, and those below or equal: the mean counts a tie one half.
        below = baseline_row.searchsorted(target_row, "left").sum()
        not_above = baseline_row.searchsorted(target_row, "right").sum()
        u[neuron] = (below + not_above) / 2
    return u
