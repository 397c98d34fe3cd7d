"""The value of a neuron from which on words are best taken for those of one class."""

from __future__ import annotations

import numpy as np

from core.errors import UserError


def best_threshold(target: np.ndarray, baseline: np.ndarray) -> tuple[float, float]:
    """The threshold with the highest balanced accuracy, where values above it are taken for the target's.

    The balanced accuracy is the mean of the share of target values above the threshold and of baseline values that are
    not. Thresholds lie halfway between two neighbouring values. The lowest of several equally good ones is taken.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_target,) and (n_baseline,)
        Finite values.

    Returns
    -------
    (float, float)
        The threshold, and its balanced accuracy: 0.5 if all values are equal, which then are the threshold.

    Raises
    ------
    UserError (a ValueError)
        A class has no value, or one that is not finite.

    References
    ----------
    Youden (1950), Cancer 3:32-35: his index is twice the balanced accuracy, minus 1.

    Examples
    --------
    >>> best_threshold(np.array([3.0, 2.0, 5.0]), np.array([1.0, 2.0]))
    (2.5, 0.8333333333333334)
    """
    values = np.concatenate([target, baseline]).astype(np.float64)
    if min(len(target), len(baseline)) == 0 or not np.isfinite(values).all():
        raise UserError(f"A threshold needs finite values of both classes; got {len(target)} and {len(baseline)}.")
    distinct, number = np.unique(values, return_inverse=True)
    if len(distinct) == 1:
        return float(distinct[0]), 0.5
    # [n_distinct - 1]: how many values of a class are at or below each but the last
    target_below, baseline_below = (
        np.cumsum(np.bincount(of_class, minlength=len(distinct)))[:-1]
        for of_class in (number[: len(target)], number[len(target) :])
    )
    # In whole numbers, since equally good thresholds must be equal: twice the accuracy, times the number of pairs.
    score = (len(target) - target_below) * len(baseline) + baseline_below * len(target)
    best = int(np.argmax(score))
    threshold = (distinct[best] + distinct[best + 1]) / 2
    return float(threshold), float(score[best] / (2 * len(target) * len(baseline)))
