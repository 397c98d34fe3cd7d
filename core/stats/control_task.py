"""What luck alone gives: the best AUC of all neurons, where the words have random labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.progress import Progress, unwatched
from core.stats.ranks import midranks

# Neurons that are ranked at once.
_BLOCK_NEURONS = 128


def label_aucs(values: np.ndarray, labels: np.ndarray) -> Iterator[np.ndarray]:
    """The AUC of every neuron for each labelling, a block of neurons at a time.

    Ranks do not depend on labels: with R the sum of the n1 labelled units' ranks, AUC = (R - n1 (n1 + 1) / 2) /
    (n1 n2). Ties share a rank, and so count one half. Sums of ranks are exact.

    Parameters
    ----------
    values : ndarray of shape (n_units, n_neurons)
        Finite numbers.
    labels : ndarray of shape (n_labellings, n_units), bool
        True for the units of the class that should be higher; at least one, and not all.

    Yields
    ------
    ndarray of shape (n_block, n_labellings)
        float64, of the next neurons.

    References
    ----------
    Mann & Whitney (1947), Annals of Mathematical Statistics 18:50-60.

    Examples
    --------
    >>> next(label_aucs(np.array([[1.0], [2.0], [3.0]]), np.array([[False, False, True], [False, True, False]])))
    array([[1. , 0.5]])
    """
    weights = labels.T.astype(np.float64)  # [n_units, n_labellings]
    n_own = labels.sum(axis=1)
    n_other = labels.shape[1] - n_own
    for start in range(0, values.shape[1], _BLOCK_NEURONS):
        # [n_units, n_block] -> [n_block, n_units], then @ [n_units, n_labellings]
        ranks = midranks(np.ascontiguousarray(values[:, start : start + _BLOCK_NEURONS].T))
        yield (ranks @ weights - n_own * (n_own + 1) / 2) / (n_own * n_other)


def best_of_luck(values: np.ndarray, labels: np.ndarray, progress: Progress = unwatched) -> np.ndarray:
    """The highest AUC of all neurons for each labelling.

    Parameters
    ----------
    values, labels
        As for ``label_aucs``.
    progress : callable
        Called with the share of the neurons. If it raises, the work stops.

    Returns
    -------
    ndarray of shape (n_labellings,)
        float64.

    References
    ----------
    Hewitt & Liang (2019), Designing and Interpreting Probes with Control Tasks, EMNLP 2019:2733-2743.

    Examples
    --------
    The best of 500 neurons that say nothing about 40 words has an AUC far above 0.5:

    >>> from core.stats.permutation import permutations
    >>> values = np.random.default_rng(0).normal(size=(40, 500))
    >>> round(float(best_of_luck(values, permutations(20, 20, 100, seed=0)).mean()), 2)
    0.77
    """
    best = np.zeros(len(labels))
    for block, aucs in enumerate(label_aucs(values, labels)):
        np.maximum(best, aucs.max(axis=0), out=best)
        done = min(1.0, (block + 1) * _BLOCK_NEURONS / values.shape[1])
        progress(done, f"Giving the words random labels: {done:.0%} of the neurons")
    return best


def luck_held_out(
    values: np.ndarray, labels: tuple[np.ndarray, np.ndarray], half: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The best neuron of one half for each labelling: its AUC there, and on the other half.

    Parameters
    ----------
    values : ndarray of shape (n_units, n_neurons)
    labels : (ndarray, ndarray)
        bool (n_labellings, n_units in the half) of the half on which one chooses, and of the other one.
    half : ndarray of shape (n_units,), bool
        True in the half on which one chooses.

    Returns
    -------
    chosen_on, held_out : ndarray of shape (n_labellings,)
        float64. Of equally high neurons, the first one is chosen.

    Examples
    --------
    >>> from core.stats.permutation import permutations
    >>> values = np.random.default_rng(0).normal(size=(80, 500))
    >>> labels = permutations(20, 20, 100, seed=1), permutations(20, 20, 100, seed=2)
    >>> chosen_on, held_out = luck_held_out(values, labels, np.arange(80) < 40)
    >>> round(float(chosen_on.mean()), 2), round(float(held_out.mean()), 2)
    (0.77, 0.5)
    """
    best, there = np.full(len(labels[0]), -1.0), np.empty(len(labels[0]))
    each = np.arange(len(best))
    blocks = (label_aucs(values[side], its) for side, its in zip((half, ~half), labels, strict=True))
    for aucs, others in zip(*blocks, strict=True):  # [n_block, n_labellings] each
        at = aucs.argmax(axis=0)
        better = aucs[at, each] > best
        best[better], there[better] = aucs[at, each][better], others[at, each][better]
    return best, there
