"""Two-sided p-values as log10, exact where the p-value itself is too small for a float."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, betaln, erf, log_ndtr, stdtr

# Below this, a p-value loses digits, and then becomes 0: the least float is about 1e-308.
_SMALL = 1e-290
# So many terms of the continued fraction: for p < 1e-290, where |t| is at least 36, even ten would do.
_TERMS = 40


def log10_p(statistic: np.ndarray, degrees_of_freedom: np.ndarray | float) -> np.ndarray:
    """The log10 of the two-sided p-value of t or, with infinite degrees of freedom, of z.

    Parameters
    ----------
    statistic, degrees_of_freedom : ndarray or float
        Any shapes that broadcast; degrees of freedom above 0.

    Returns
    -------
    ndarray
        float64 of the common shape, at most 0: 0 for a statistic of 0, -inf for an infinite one, NaN for NaN. Its
        relative error is below 1e-9 for any statistic.

    Notes
    -----
    With df degrees of freedom and a = df / 2, p = I_x(a, 1/2) at x = df / (df + t^2), I being the regularized
    incomplete beta function. Where this is too small for a float, its logarithm comes from

        p = x^a (1 - x)^(-1/2) / (a B(a, 1/2)) * F(1/2, 1; a + 1; -df / t^2)

    and Gauss's continued fraction for the hypergeometric function F. All its terms are positive.

    References
    ----------
    NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov: 8.17.8 with 15.8.1 (the formula), 15.7.1
    (the continued fraction).

    Examples
    --------
    >>> log10_p(np.array([1.96, 40.0, 100.0]), np.inf).round(2).tolist()
    [-1.3, -349.14, -2173.57]
    >>> log10_p(np.array([1.96, 100.0, np.nan]), np.array([99.0, 1000.0, 99.0])).round(2)
    array([  -1.28, -522.27,     nan])
    """
    size, df = np.broadcast_arrays(
        np.abs(np.asarray(statistic, np.float64)), np.asarray(degrees_of_freedom, np.float64)
    )
    out = np.full(size.shape, np.nan)
    known = ~(np.isnan(size) | np.isnan(df))
    normal = known & np.isinf(df)
    out[normal] = _log10_p_of_z(size[normal])
    student = known & ~normal
    out[student] = _log10_p_of_t(size[student], df[student])
    return out + 0.0  # no -0.0


def _log10_p_of_z(z: np.ndarray) -> np.ndarray:
    """The log10 p of |z| (n,)."""
    out = np.empty_like(z)
    large = z > 1
    with np.errstate(over="ignore"):  # beyond 1e154 the answer is -inf
        out[large] = log_ndtr(-z[large]) + np.log(2.0)
    out[~large] = np.log1p(-erf(z[~large] / np.sqrt(2.0)))
    return out / np.log(10.0)


def _log10_p_of_t(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """The log10 p of |t| (n,) with df (n,) finite degrees of freedom."""
    p = np.minimum(2 * stdtr(df, -t), 1.0)
    with np.errstate(divide="ignore"):  # p = 0 is computed again below
        out = np.log10(p)
    # Near p = 1 the logarithm of p would have few digits: 1 - p has all of them.
    near_one = p > 0.5
    # [n] -> [n_near_one]; 1 - p = I(t^2 / (df + t^2)) with parameters 1/2 and df / 2
    squared = t[near_one] ** 2
    out[near_one] = np.log1p(-betainc(0.5, df[near_one] / 2, squared / (df[near_one] + squared))) / np.log(10.0)
    small = p < _SMALL
    out[small] = _log10_p_far_out(t[small], df[small])
    return out


def _log10_p_far_out(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """The log10 p of large |t| (n,), by the formula in ``log10_p``."""
    a = df / 2
    with np.errstate(over="ignore"):  # an infinite t
        log_ratio = 2 * np.log(t) - np.log(df)  # of t^2 / df: the square itself may overflow
        z = np.exp(-log_ratio)
    # ln x = -ln(1 + t^2 / df), and ln (1 - x) = -ln(1 + df / t^2)
    log_p = -a * np.logaddexp(0.0, log_ratio) + 0.5 * np.log1p(z) - np.log(a) - betaln(a, 0.5)
    return (log_p + np.log(_hypergeometric(a, z))) / np.log(10.0)


def _hypergeometric(a: np.ndarray, z: np.ndarray) -> np.ndarray:
    """F(1/2, 1; a + 1; -z) for a > 0 and z >= 0, arrays (n,), by its continued fraction from the far end."""
    tail = np.ones_like(z)
    for k in range(_TERMS, 0, -1):
        n = k // 2
        if k % 2:
            step = (n + 0.5) * (a + n) / ((a + 2 * n) * (a + 2 * n + 1))
        else:
            step = n * (a + n - 0.5) / ((a + 2 * n - 1) * (a + 2 * n))
        tail = 1 + step * z / tail
    return 1 / tail
