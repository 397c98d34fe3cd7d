"""The AUC of one neuron over words that come in sentences, with an interval that respects the sentences.

Words of one sentence are not independent, so whole sentences are drawn with replacement, not words.
"""

from __future__ import annotations

import numpy as np

from core.errors import UserError

_TAILS = (2.5, 97.5)  # percentiles of a 95% interval
_MAX_FLOATS = 100_000  # of the weights of some draws at once, so that they stay in a processor's cache


def auc_interval(
    values: np.ndarray, is_target: np.ndarray, cluster: np.ndarray, *, n: int = 1000, seed: int
) -> tuple[float, float, float]:
    """The AUC of target over baseline words, with a 95% percentile interval by a bootstrap of whole clusters.

    Parameters
    ----------
    values : ndarray of shape (n_words,)
        Finite numbers, compared without rounding. A tie counts one half.
    is_target : ndarray of shape (n_words,), bool
        Which words are of the target class; the others are of the baseline.
    cluster : ndarray of shape (n_words,)
        The sentence (or document, lemma) of each word: numbers or names.
    n : int
        How many times clusters are drawn: as many as there are, with replacement.
    seed : int
        Of the draws: the same arguments give the same interval.

    Returns
    -------
    (float, float, float)
        The AUC of all words, and the 2.5th and 97.5th percentiles of the AUCs of the draws. Draws without a word of one
        class have no AUC and are left out. Both limits are NaN if there are fewer than two clusters.

    Raises
    ------
    UserError (a ValueError)
        The lengths differ, a class has no word, or some values are not finite.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13 (the percentile interval). Field & Welsh
    (2007), Journal of the Royal Statistical Society B 69:369-390 (the bootstrap of clusters).

    Examples
    --------
    Two sentences of two words:

    >>> values, sentence = np.array([2.0, 1.0, 4.0, 3.0]), np.array([0, 0, 1, 1])
    >>> auc_interval(values, np.array([True, False, True, False]), sentence, seed=0)
    (0.75, 0.75, 1.0)
    """
    auc, draws = auc_draws(values, is_target, cluster, n=n, seed=seed)
    low, high = percentile_interval(draws)
    return auc, low, high


def auc_draws(
    values: np.ndarray, is_target: np.ndarray, cluster: np.ndarray, *, n: int = 1000, seed: int
) -> tuple[float, np.ndarray]:
    """The AUC of all words, and that of each draw of clusters.

    Two calls with the same clusters and seed have the same draws, so the interval of a difference between two values of
    the same words is that of the differences of their draws.

    Parameters
    ----------
    values, is_target, cluster, n, seed
        As in ``auc_interval``.

    Returns
    -------
    (float, ndarray of shape (n,))
        float64. A draw without a word of one class is NaN; all are, if there are fewer than two clusters.

    Raises
    ------
    UserError (a ValueError)
        As ``auc_interval``.

    Examples
    --------
    >>> values, sentence = np.array([2.0, 1.0, 4.0, 3.0]), np.array([0, 0, 1, 1])
    >>> auc, draws = auc_draws(values, np.array([True, False, True, False]), sentence, n=4, seed=0)
    >>> auc, draws.shape
    (0.75, (4,))
    """
    values, is_target, cluster = np.asarray(values), np.asarray(is_target, dtype=bool), np.asarray(cluster)
    _check(values, is_target, cluster)
    names, number = np.unique(cluster, return_inverse=True)
    number, n_clusters = number.reshape(-1), len(names)
    order = np.argsort(values[~is_target], kind="stable")
    baseline = values[~is_target][order]
    # For each target word, how many baseline words are below it, and how many are not above it: [n_target]
    below, not_above = (np.searchsorted(baseline, values[is_target], side) for side in ("left", "right"))
    of_target, of_baseline = number[is_target], number[~is_target][order]
    auc = float(_aucs(np.ones((1, n_clusters)), of_target, of_baseline, below, not_above)[0])

    draws = np.full(n, np.nan)
    rng = np.random.default_rng(seed)
    size = max(1, _MAX_FLOATS // len(values))
    for start in range(0, n if n_clusters > 1 else 0, size):
        n_part = min(size, n - start)
        drawn = rng.integers(0, n_clusters, (n_part, n_clusters))
        # How often each cluster was drawn: [n_part, n_clusters]
        times = np.stack([np.bincount(row, minlength=n_clusters) for row in drawn]).astype(np.float64)
        draws[start : start + n_part] = _aucs(times, of_target, of_baseline, below, not_above)
    return auc, draws


def percentile_interval(draws: np.ndarray) -> tuple[float, float]:
    """The 2.5th and 97.5th percentiles of draws (n,), without those that are NaN; NaN if none is left.

    Examples
    --------
    >>> percentile_interval(np.array([0.0, 1.0, np.nan]))
    (0.025, 0.975)
    """
    drawn = draws[np.isfinite(draws)]
    low, high = np.percentile(drawn, _TAILS) if len(drawn) else (np.nan, np.nan)
    return float(low), float(high)


def _aucs(
    times: np.ndarray, of_target: np.ndarray, of_baseline: np.ndarray, below: np.ndarray, not_above: np.ndarray
) -> np.ndarray:
    """The AUC of each row of ``times`` (n_draws, n_clusters), how often each cluster was drawn: float64 (n_draws,).

    ``of_target`` (n_target,) and ``of_baseline`` (n_baseline,) are the clusters of the words; the baseline's are in
    ascending order of their values. ``below`` and ``not_above`` (n_target,) count baseline words in this order.
    """
    n_below = np.zeros((len(times), len(of_baseline) + 1))  # the weight of the first k baseline words
    np.cumsum(np.take(times, of_baseline, axis=1), axis=1, out=n_below[:, 1:])
    weight = np.take(times, of_target, axis=1)  # [n_draws, n_target]
    wins = np.take(n_below, below, axis=1)
    if not np.array_equal(below, not_above):  # a tie counts one half
        wins += np.take(n_below, not_above, axis=1)
        wins /= 2
    total = weight.sum(axis=1) * n_below[:, -1]
    return np.vecdot(weight, wins) / np.where(total > 0, total, np.nan)


def _check(values: np.ndarray, is_target: np.ndarray, cluster: np.ndarray) -> None:
    if not (values.ndim == 1 and values.shape == is_target.shape == cluster.shape):
        shapes = ", ".join(str(each.shape) for each in (values, is_target, cluster))
        raise UserError(f"Values, classes and clusters need one number for each word; their shapes are {shapes}.")
    n_target = int(is_target.sum())
    if not 0 < n_target < len(values):
        raise UserError(f"An AUC needs words of both classes: got {n_target:,} and {len(values) - n_target:,}.")
    if not np.isfinite(values).all():
        n_bad = int((~np.isfinite(values)).sum())
        raise UserError(f"{n_bad:,} of {len(values):,} values are not finite (NaN or infinity).")
