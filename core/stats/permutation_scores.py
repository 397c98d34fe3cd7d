"""The statistics of permuted words, by matrix products: one class for each test.

A score rises with |t| or |z|, and is computed for a block of neurons and a batch of permutations at once. Sums of words
must not depend on their order, or a permutation that only exchanges equal values would differ in the last bits. So the
values are rounded to multiples of 2^-44 of a neuron's spread, of which float64 has exact sums. This changes t by less
than 1e-11 of it.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.errors import UserError
from core.stats.mann_whitney import mann_whitney_sd
from core.stats.named import named, record_of_test
from core.stats.ranks import midranks, tie_term

# Sums of up to 20,000 values stay below 2^52 steps: the squares of a neuron's values add up to 1, so their sum is at
# most sqrt(20,000) < 2^8.
_STEPS = 2.0**44
# If the variance within the groups is less than this share of the whole, it is 0 but for rounding.
_NO_VARIANCE = 1e-11


class Score(Protocol):
    """What ``core.stats.permutation`` needs of a test."""

    def __init__(self, n_target: int, n_baseline: int) -> None:
        """For these numbers of words."""

    def observed_labels(self) -> np.ndarray:
        """The labels (n_labels,) that give the observed statistic, bool."""

    def dead(self, rows: np.ndarray) -> np.ndarray:
        """Which rows (n_block, n_words) have no observed statistic: bool (n_block,)."""

    def prepare(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Matrices (n_block, n_labels) of rows (n_block, n_words)."""

    def weights(self, labels: np.ndarray) -> np.ndarray:
        """The factors (n_labels, n_batch) of labels (n_batch, n_labels)."""

    def scores(self, prepared: tuple[np.ndarray, ...], weights: np.ndarray) -> np.ndarray:
        """Scores (n_block, n_batch), float64, at least 0."""

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        """The |t| or |z| of scores (n,)."""


def score_of(test: str, n_target: int, n_baseline: int) -> Score:
    """The score of one of ``core.records.TESTS`` for these numbers of words.

    UserError if the test has none.

    Examples
    --------
    >>> score_of("mannwhitney", 2, 3).observed_labels()
    array([ True,  True, False, False, False])
    """
    record = record_of_test(test)
    if not record.score:
        raise UserError(f"No permutations are known of the test {test}.")
    score: Score = named(record.score)(n_target, n_baseline)
    return score


class PairedScore:
    """The paired t. With S the signed sum and Q the sum of squares of n differences, only S changes its sign and size.

    With r^2 = S^2 / (n Q), t^2 = (n - 1) r^2 / (1 - r^2). The score is sqrt(n - 1) r.
    """

    def __init__(self, n_target: int, n_baseline: int) -> None:
        self.n = n_target  # pairs

    def observed_labels(self) -> np.ndarray:
        return np.ones(self.n, bool)

    def dead(self, rows: np.ndarray) -> np.ndarray:
        difference = self._difference(rows)
        return (difference == difference[:, :1]).all(axis=1)

    def prepare(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return (_rounded(_unit(self._difference(rows))),)

    def weights(self, labels: np.ndarray) -> np.ndarray:
        return _signs(labels)

    def scores(self, prepared: tuple[np.ndarray, ...], weights: np.ndarray) -> np.ndarray:
        return _signed_scores(prepared[0], weights, self.n - 1)

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        return _t_of_signed_scores(scores, self.n - 1)

    def _difference(self, rows: np.ndarray) -> np.ndarray:
        wide = rows.astype(np.float64)
        return wide[:, : self.n] - wide[:, self.n :]  # [n_block, n_words] -> [n_block, n_pairs]


class WelchScore:
    """Welch's t.

    In groups of equal size, it follows from the difference D of the groups' sums alone, as the sum of squares Q around
    the common mean does not change: with n words in all and r^2 = D^2 / (n Q), t^2 = (n - 2) r^2 / (1 - r^2). The score
    is sqrt(n - 2) r. In groups of unequal size, t^2 needs the target's sum of squares as well, and the score is |t|.
    """

    def __init__(self, n_target: int, n_baseline: int) -> None:
        self.n_target, self.n_baseline = n_target, n_baseline
        self.equal = n_target == n_baseline

    def observed_labels(self) -> np.ndarray:
        return np.arange(self.n_target + self.n_baseline) < self.n_target

    def dead(self, rows: np.ndarray) -> np.ndarray:
        target, baseline = rows[:, : self.n_target], rows[:, self.n_target :]
        return (target == target[:, :1]).all(axis=1) & (baseline == baseline[:, :1]).all(axis=1)

    def prepare(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        centred = rows - rows.mean(axis=1, keepdims=True, dtype=np.float64)
        centred -= centred.mean(axis=1, keepdims=True)  # the first mean is rounded, which counts in a small spread
        unit = _unit(centred)
        return (_rounded(unit),) if self.equal else (_rounded(unit), _rounded(unit**2))

    def weights(self, labels: np.ndarray) -> np.ndarray:
        return _signs(labels) if self.equal else labels.T.astype(np.float64, order="C")

    def scores(self, prepared: tuple[np.ndarray, ...], weights: np.ndarray) -> np.ndarray:
        n1, n2 = self.n_target, self.n_baseline
        if self.equal:
            return _signed_scores(prepared[0], weights, n1 + n2 - 2)
        # The target's sum S and sum of squares Q; those of the baseline are -S and 1 - Q.
        # [n_block, n_words] @ [n_words, n_batch] -> [n_block, n_batch]
        t, error = prepared[0] @ weights, prepared[1] @ weights
        # The squared error s1^2/n1 + s2^2/n2 = a (Q - S^2/n1) + b (1 - Q - S^2/n2)
        a, b = 1 / (n1 * (n1 - 1)), 1 / (n2 * (n2 - 1))
        np.square(t, out=t)
        error *= a - b
        error += b
        error -= t * (a / n1 + b / n2)
        none = error < _NO_VARIANCE * min(a, b)
        error[none] = 1.0
        t *= (1 / n1 + 1 / n2) ** 2
        t /= error
        t[none] = np.inf
        return np.sqrt(t, out=t)

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        return _t_of_signed_scores(scores, self.n_target + self.n_baseline - 2) if self.equal else scores


class MannWhitneyScore:
    """The |z| of Mann and Whitney, from the target's sum of ranks. Ranks and ties do not change with the labels."""

    def __init__(self, n_target: int, n_baseline: int) -> None:
        self.n_target, self.n_baseline = n_target, n_baseline
        # A sum of doubled, centred ranks is a whole number up to n_target * n_baseline. float32 has exact whole numbers
        # up to 2^24, and its products take half the time.
        self.dtype = np.float32 if n_target * n_baseline <= 2**24 else np.float64

    def observed_labels(self) -> np.ndarray:
        return np.arange(self.n_target + self.n_baseline) < self.n_target

    def dead(self, rows: np.ndarray) -> np.ndarray:
        return (rows == rows[:, :1]).all(axis=1)

    def prepare(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        n = self.n_target + self.n_baseline
        ranks = 2 * midranks(rows) - (n + 1)
        sd = mann_whitney_sd(tie_term(rows), self.n_target, self.n_baseline)
        return ranks.astype(self.dtype), sd

    def weights(self, labels: np.ndarray) -> np.ndarray:
        return labels.T.astype(self.dtype, order="C")

    def scores(self, prepared: tuple[np.ndarray, ...], weights: np.ndarray) -> np.ndarray:
        ranks, sd = prepared
        # [n_block, n_words] @ [n_words, n_batch] -> [n_block, n_batch]: twice the distance of U from its mean
        distance = (ranks @ weights).astype(np.float64)
        np.abs(distance, out=distance)
        distance -= 1  # the correction for continuity, 0.5 of U
        np.maximum(distance, 0, out=distance)
        distance /= 2 * sd[:, None]
        return distance

    def statistic(self, scores: np.ndarray) -> np.ndarray:
        return scores


def _signed_scores(values: np.ndarray, signs: np.ndarray, degrees_of_freedom: int) -> np.ndarray:
    """sqrt(df) |r| of values (n_block, n) whose squares add up to 1 and signs (n, n_batch): (n_block, n_batch)."""
    scores = values @ signs
    np.abs(scores, out=scores)
    scores *= np.sqrt(degrees_of_freedom / len(signs))
    return scores


def _t_of_signed_scores(scores: np.ndarray, degrees_of_freedom: int) -> np.ndarray:
    """The |t| of scores sqrt(df) |r|."""
    unexplained = 1 - scores**2 / degrees_of_freedom
    none = unexplained < _NO_VARIANCE
    return np.where(none, np.inf, scores / np.sqrt(np.where(none, 1.0, unexplained)))


def _unit(rows: np.ndarray) -> np.ndarray:
    """Float64 rows (n_block, n), each not all 0, divided so that the squares of each add up to 1."""
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)  # first, so that no square is too small or too large
    return rows / np.sqrt(np.vecdot(rows, rows))[:, None]


def _rounded(values: np.ndarray) -> np.ndarray:
    """Values of at most 1, rounded to whole steps, so that float64 has exact sums of them."""
    return np.rint(values * _STEPS) / _STEPS


def _signs(labels: np.ndarray) -> np.ndarray:
    """Labels (n_batch, n) as 1 and -1: (n, n_batch)."""
    return np.where(labels.T, 1.0, -1.0)
