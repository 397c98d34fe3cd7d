"""Is a difference too small to matter? Two one-sided tests."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr, stdtrit

from core.stats.moments import mean_and_variance


def equivalence_test(one: np.ndarray, other: np.ndarray, bound: float) -> tuple[float, tuple[float, float]]:
    """Two one-sided Welch tests (TOST) that the means of two independent groups differ by less than ``bound`` SD.

    SD is the square root of the groups' mean variance, as in Cohen's d_av. It is taken from the values, as if known.

    Parameters
    ----------
    one, other : ndarray of shape (n_one,) and (n_other,)
        At least two values each, in the same units.
    bound : float
        In standard deviations.

    Returns
    -------
    (float, (float, float))
        The larger of both p-values, and the 90% interval of the difference in SD: it lies within the bounds if p is
        below 0.05. NaN if neither group varies.

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15:657-680. Lakens (2017), Social Psychological
    and Personality Science 8:355-362.

    Examples
    --------
    >>> one = np.linspace(-1, 1, 1000)
    >>> p, (low, high) = equivalence_test(one, one + 0.01, bound=0.2)
    >>> p < 0.001, round(low, 3), round(high, 3)
    (True, -0.091, 0.056)
    """
    (mean, other_mean), (variance, other_variance) = np.concatenate(
        [mean_and_variance(np.asarray(group, np.float64)[None]) for group in (one, other)], axis=1
    )
    errors = np.array([variance / len(one), other_variance / len(other)])
    if not errors.sum() > 0:
        return float("nan"), (float("nan"), float("nan"))
    sd = np.sqrt((variance + other_variance) / 2)
    difference, error = (mean - other_mean) / sd, np.sqrt(errors.sum()) / sd
    share = errors / errors.sum()
    df = 1 / (share[0] ** 2 / (len(one) - 1) + share[1] ** 2 / (len(other) - 1))
    p = max(stdtr(df, (difference - bound) / error), stdtr(df, -(difference + bound) / error))
    half = -stdtrit(df, 0.05) * error
    return float(p), (float(difference - half), float(difference + half))
