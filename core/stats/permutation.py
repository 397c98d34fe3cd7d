"""Max-T: adjusted p-values by permutation, valid however the neurons depend on each other and the values are spread.

Each permutation takes words from both groups at random, computes every neuron's statistic anew, and keeps the largest.
This shows how large the largest statistic becomes by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.errors import UserError
from core.progress import Progress, unwatched
from core.stats.checks import check_finite, check_groups
from core.stats.named import record_of_test
from core.stats.permutation_batches import in_batches
from core.stats.permutation_scores import Score, score_of

# Neurons in one matrix product.
BLOCK_NEURONS = 64
# Statistics that differ by less than this are equal: sums of the same numbers in another order may differ in the
# last bits.
TOLERANCE = 1e-9

_Layers = Sequence[tuple[np.ndarray, np.ndarray]]


def max_t(
    layers: _Layers, test: str, *, seed: int, n_permutations: int = 10_000, progress: Progress = unwatched
) -> tuple[np.ndarray, np.ndarray]:
    """Westfall and Young's step-down max-T: p-values that are adjusted for one family of neurons.

    With |t(1)| >= ... >= |t(m)| the sorted statistics, and in a permutation M(i) the largest permuted statistic of the
    neurons i to m, p(i) = (1 + number of permutations with M(i) >= |t(i)|) / (B + 1), and the adjusted p-value is the
    largest of p(1) to p(i). The paired test's permutations exchange the two words of random pairs (``sign_flips``);
    those of the other tests draw the target words from all words (``permutations``). All neurons of the family
    have the same permutations, so their dependence is kept.

    Parameters
    ----------
    layers : sequence of (target, baseline)
        For each layer, arrays of shape (n_words, n_neurons), one row per word. All layers have the same shapes.
    test : str
        One of ``core.records.TESTS`` whose record names a score: the statistic is that of its function.
    seed : int
        Of the random permutations. The result depends on nothing else: not on batches or threads.
    n_permutations : int
        B. No p-value is below 1 / (B + 1).
    progress : callable
        Called with the share of the work that is done. If it raises, the work stops.

    Returns
    -------
    p_adjusted : ndarray of shape (n_layers, n_neurons)
        NaN for a neuron whose observed statistic is NaN. It is not in the family.
    null_maxima : ndarray of shape (n_permutations,)
        The largest |statistic| of the family in each permutation; infinite if a neuron then varies in neither group.
        NaN if the family is empty.

    Raises
    ------
    UserError (a ValueError)
        The test is unknown or has no score, the shapes do not fit, a group has fewer than two words, or values are not
        finite.

    Notes
    -----
    Two statistics count as equal if they differ by less than 1e-9, or 1e-9 of the larger one. The family-wise error is
    bounded if the groups do not differ in distribution. Welch's statistic keeps this nearly so for groups that differ
    in variance only (Janssen 1997).

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing, algorithm 4.1. Phipson & Smyth (2010), Statistical
    Applications in Genetics and Molecular Biology 9:39 (the 1 in the p-value). Janssen (1997), Statistics &
    Probability Letters 36:9-21 (permutations of Welch's statistic).

    Examples
    --------
    Eight words of each class; only the first neuron differs:

    >>> rng = np.random.default_rng(0)
    >>> target, baseline = rng.normal(size=(2, 8, 3))
    >>> target[:, 0] += 5
    >>> p_adjusted, null_maxima = max_t([(target, baseline)], "welch", seed=0, n_permutations=999)
    >>> bool(p_adjusted[0, 0] < 0.01), bool((p_adjusted[0, 1:] > 0.1).all()), null_maxima.shape
    (True, True, (999,))
    """
    layers = [(np.asarray(target), np.asarray(baseline)) for target, baseline in layers]
    _check(layers, test, n_permutations)
    n_target, n_baseline, n_neurons = len(layers[0][0]), len(layers[0][1]), layers[0][0].shape[1]
    score = score_of(test, n_target, n_baseline)
    if record_of_test(test).paired:
        labels = sign_flips(n_target, n_permutations, seed)
    else:
        labels = permutations(n_target, n_baseline, n_permutations, seed)
    observed = _observed(layers, score)
    # The family in ascending order of the statistic: the places of its neurons among all.
    order = np.argsort(observed, kind="stable")[: np.count_nonzero(~np.isnan(observed))]
    p_adjusted = np.full(observed.size, np.nan)
    if not order.size:
        return p_adjusted.reshape(-1, n_neurons), np.full(n_permutations, np.nan)
    family = Family(layers, score, order, observed[order])
    count, maxima = in_batches(family, labels, progress)
    p = (1 + count) / (n_permutations + 1)
    # Step down from the largest statistic: a smaller one never gets a smaller p-value.
    p_adjusted[order] = np.maximum.accumulate(p[::-1])[::-1]
    return p_adjusted.reshape(-1, n_neurons), score.statistic(maxima)


def single_step_p(statistic: float, null_maxima: np.ndarray) -> float:
    """The adjusted p-value of one statistic by single-step max-T: p = (1 + number of maxima >= |t|) / (B + 1).

    It is never below the step-down p-value of ``max_t``, and equal to it for the largest statistic of the family. It
    needs the maxima alone, so a family may be permuted in parts: the maxima of all are the largest of the parts'.

    Parameters
    ----------
    statistic : float
        t or z; its sign does not count.
    null_maxima : ndarray of shape (n_permutations,)
        As from ``max_t``.

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing, section 2.3. Phipson & Smyth (2010), as above.

    Examples
    --------
    >>> single_step_p(-3.0, np.array([1.0, 2.0, 3.0, np.inf]))
    0.6
    """
    size = abs(float(statistic))
    as_large = np.count_nonzero(null_maxima >= size - TOLERANCE * max(1.0, size))
    return (1 + int(as_large)) / (null_maxima.size + 1)


def permutations(n_target: int, n_baseline: int, n: int, seed: int | Sequence[int]) -> np.ndarray:
    """Random choices of the target words among all words: the permutations of ``max_t`` for unpaired tests.

    Parameters
    ----------
    n_target, n_baseline : int
        The numbers of words.
    n : int
        How many choices.
    seed : int or sequence of int
        The same seed gives the same choices. The first ones do not depend on ``n``.

    Returns
    -------
    ndarray of shape (n, n_target + n_baseline)
        bool: which words are taken as target, exactly ``n_target`` in each row. The target words come first.

    Examples
    --------
    >>> permutations(2, 3, 4, seed=0).sum(axis=1)
    array([2, 2, 2, 2])
    """
    labels = np.zeros((n, n_target + n_baseline), bool)
    labels[:, :n_target] = True
    return np.random.default_rng(seed).permuted(labels, axis=1, out=labels)


def sign_flips(n_pairs: int, n: int, seed: int) -> np.ndarray:
    """Random choices of pairs that keep their order: the permutations of ``max_t`` for the paired test.

    Parameters
    ----------
    n_pairs : int
        The number of pairs of words.
    n : int
        How many choices.
    seed : int
        The same seed gives the same choices.

    Returns
    -------
    ndarray of shape (n, n_pairs)
        bool: True if the pair stays as it is, False if its difference changes the sign.

    Examples
    --------
    >>> sign_flips(3, 2, seed=0).shape
    (2, 3)
    """
    return np.random.default_rng(seed).integers(0, 2, (n, n_pairs), dtype=np.uint8).astype(bool)


def _check(layers: _Layers, test: str, n_permutations: int) -> None:
    paired = record_of_test(test).paired
    if n_permutations < 1:
        raise UserError(f"Max-T needs at least one permutation: got {n_permutations}.")
    if not layers:
        raise UserError("Max-T needs at least one layer: got none.")
    for target, baseline in layers:
        if target.ndim != 2 or (target.shape, baseline.shape) != (layers[0][0].shape, layers[0][1].shape):
            raise UserError(
                "All layers of a family must have one row per word and one column per neuron, and the same shapes: "
                f"got {layers[0][0].shape} with {layers[0][1].shape}, and {target.shape} with {baseline.shape}."
            )
        check_groups(target, baseline, at_least=2, paired=paired)
        check_finite(target, baseline)


class Family:
    """The neurons of one family in ascending order of their observed score, read in blocks."""

    def __init__(self, layers: _Layers, score: Score, order: np.ndarray, observed: np.ndarray) -> None:
        self.layers, self.score, self.order = layers, score, order
        self.thresholds = observed - TOLERANCE * np.maximum(1.0, observed)

    def blocks(self) -> list[slice]:
        """Slices of ``order``."""
        return [slice(start, start + BLOCK_NEURONS) for start in range(0, self.order.size, BLOCK_NEURONS)]

    def rows(self, block: slice) -> np.ndarray:
        """The values of one block, (n_block, n_words) with the target words first, in the layers' common dtype."""
        return _rows(self.layers, self.order[block])


def _rows(layers: _Layers, neurons: np.ndarray) -> np.ndarray:
    """The values (n_block, n_words) of neurons (n_block,), numbered through all layers; target words first."""
    n_target, n_neurons = layers[0][0].shape
    rows = np.empty((neurons.size, n_target + len(layers[0][1])), np.result_type(*layers[0]))
    for row, layer, column in zip(rows, *divmod(neurons, n_neurons), strict=True):
        rows_target, rows_baseline = layers[layer]
        row[:n_target] = rows_target[:, column]
        row[n_target:] = rows_baseline[:, column]
    return rows


def _observed(layers: _Layers, score: Score) -> np.ndarray:
    """The observed scores (n_layers * n_neurons,), NaN for dead neurons."""
    n_all = len(layers) * layers[0][0].shape[1]
    observed = np.empty(n_all)
    weights = score.weights(score.observed_labels()[None])
    for start in range(0, n_all, BLOCK_NEURONS):
        rows = _rows(layers, np.arange(start, min(start + BLOCK_NEURONS, n_all)))
        dead = score.dead(rows)
        scores = np.full(len(rows), np.nan)
        scores[~dead] = score.scores(score.prepare(rows[~dead]), weights)[:, 0]
        observed[start : start + len(rows)] = scores
    return observed
