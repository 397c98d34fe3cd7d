"""A share of right answers, of pairs, or of seats, with its interval."""

from __future__ import annotations

from core.records.quiz import Proportion


def wilson(n_right: int, n: int) -> Proportion:
    """The share of right answers, with Wilson's 95% score interval.

    Parameters
    ----------
    n_right, n : int
        How many were right, and of how many. They are taken as independent.

    Raises
    ------
    ValueError
        ``n_right`` is not from 0 to ``n``.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22:209-212.

    Examples
    --------
    >>> found = wilson(7, 10)
    >>> round(found.low, 3), round(found.high, 3), found.side_of(0.5)
    (0.397, 0.892, 0)
    """
    if not 0 <= n_right <= n:
        raise ValueError(f"{n_right} of {n} is no share")
    if not n:
        return Proportion(0, 0, *(float("nan"),) * 3)
    from scipy.stats import binomtest  # the start needs none of it

    found = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    return Proportion(n_right, n, n_right / n, float(found.low), float(found.high))
