"""What follows from the order of a neuron's values: Mann and Whitney's U, ties, ranks, placements.

U is the number of target-baseline pairs in which the target is higher; a tie counts one half.
``core.stats.effect_size`` divides U by the number of pairs, which gives the AUC.
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


def midranks(rows: np.ndarray) -> np.ndarray:
    """The ranks of the values of every row from 1 on; equal values get the mean of their ranks.

    Parameters
    ----------
    rows : ndarray of shape (n_neurons, n_words)
        One row per neuron. Finite numbers of any dtype.

    Returns
    -------
    ndarray
        float64 of the same shape, as ``scipy.stats.rankdata`` with ``axis=1``.

    Examples
    --------
    >>> midranks(np.array([[30, 10, 20, 20]]))
    array([[4. , 1. , 2.5, 2.5]])
    """
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    starts, counts = _runs(ordered)
    # The mean rank of a run of equal values: [n_runs] -> [n_neurons * n_words]
    means = starts % rows.shape[1] + (counts + 1) / 2
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, np.repeat(means, counts).reshape(rows.shape), axis=1)
    return ranks


def tie_term(rows: np.ndarray) -> np.ndarray:
    """The sum of c^3 - c over the numbers c of words that share a value, for every row.

    Parameters
    ----------
    rows : ndarray of shape (n_neurons, n_words)
        One row per neuron. Finite numbers of any dtype.

    Returns
    -------
    ndarray
        float64 of shape (n_neurons,): 0 if no two values are equal, n^3 - n if all n are.

    Examples
    --------
    >>> tie_term(np.array([[1, 2, 3, 4], [5, 1, 5, 1], [7, 7, 7, 7]]))
    array([ 0., 12., 60.])
    """
    ordered = np.sort(rows, axis=1)
    out = np.zeros(len(rows))
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    if tied.size:
        starts, counts = _runs(ordered[tied])
        cubes = counts.astype(np.float64) ** 3 - counts
        out[tied] = np.add.reduceat(cubes, np.flatnonzero(starts % rows.shape[1] == 0))  # at each row's first run
    return out


def _runs(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of equal values in ordered rows (n_neurons, n_words): where they start in the flattened rows, how long."""
    new = np.ones(ordered.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=new[:, 1:])
    starts = np.flatnonzero(new)
    return starts, np.diff(starts, append=ordered.size)


def placement_squares(rows: np.ndarray, n_target: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U of every row, and the sums of squared placements of both groups, for the variance of an AUC.

    The placement of a target word is the number of baseline words below it, that of a baseline word the number of
    target words above it; a tie counts one half. Each group's placements add up to U.

    Parameters
    ----------
    rows : ndarray of shape (n_neurons, n_words)
        One row per neuron, target words first. Finite numbers of any dtype.
    n_target : int
        How many of the columns are target words.

    Returns
    -------
    (ndarray, ndarray, ndarray)
        float64 of shape (n_neurons,): U, the target's sum of squares, the baseline's sum of squares.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845. Hanley & Hajian-Tilaki (1997), Academic Radiology
    4:49-58 (placements).

    Examples
    --------
    Above 1 are 0.5 (a tie) + 1 of the target words {1, 2}, above 3 none:

    >>> placement_squares(np.array([[1.0, 2.0, 1.0, 3.0]]), n_target=2)
    (array([1.5]), array([1.25]), array([2.25]))
    """
    out = np.empty((3, len(rows)))
    undecided = np.ones(len(rows), bool)
    if rows.dtype == np.float32:
        is_target, undecided = _sorted_labels(rows, n_target)
        n_targets = np.cumsum(is_target, axis=1, dtype=np.int32)  # up to and with each word, in ascending order
        below = np.arange(1, rows.shape[1] + 1, dtype=np.int32) - n_targets
        of_target = (below * is_target).astype(np.float64)
        of_baseline = ((n_target - n_targets) * (1 - is_target)).astype(np.float64)
        out[:] = of_target.sum(axis=1), np.vecdot(of_target, of_target), np.vecdot(of_baseline, of_baseline)
    if undecided.any():
        chosen = rows[undecided]
        ranks = midranks(chosen)
        # A rank among all words, less that among the own group, counts the other group's words below.
        of_target = ranks[:, :n_target] - midranks(chosen[:, :n_target])
        of_baseline = n_target - (ranks[:, n_target:] - midranks(chosen[:, n_target:]))
        out[:, undecided] = (
            of_target.sum(axis=1),
            np.vecdot(of_target, of_target),
            np.vecdot(of_baseline, of_baseline),
        )
    return out[0], out[1], out[2]


def _u_by_one_sort(rows: np.ndarray, n_target: int) -> tuple[np.ndarray, np.ndarray]:
    """U of float32 rows (n_neurons, n_words), and a mask (n_neurons,) of the rows where it may be wrong."""
    is_target, undecided = _sorted_labels(rows, n_target)
    ranks: np.ndarray = np.arange(rows.shape[1])  # int64, so that the sum of many ranks fits
    # The rank sum of the target words, minus the least possible one: [n_neurons, n_words] @ [n_words] -> [n_neurons]
    u = np.einsum("ij,j->i", is_target, ranks) - n_target * (n_target - 1) // 2
    return u.astype(np.float64), undecided


def _sorted_labels(rows: np.ndarray, n_target: int) -> tuple[np.ndarray, np.ndarray]:
    """1 for target and 0 for baseline words in ascending order (n_neurons, n_words); a mask (n_neurons,) of doubt.

    One sort of 32-bit integers takes a third of the time of a sort and a search. Each float32 value becomes an integer
    with the same order. Then its last bit is set to 1 for a target word, and to 0 for a baseline word. If a target and
    a baseline word are equal in the other 31 bits, this last bit has determined their order. Such a row is undecided.
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
    return keys, undecided


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
