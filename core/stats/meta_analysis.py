"""Pool the effects of several samples: random effects, how far they differ, and what another sample would give.

Each sample i has an effect y_i with a sampling variance v_i, which counts as known. The true effects are normal with
mean mu and variance tau^2. With w_i = 1 / (v_i + tau^2):

==================  ================================================================================================
estimate            sum(w y) / sum(w)
Q                   sum((y - m)^2 / v), m the estimate with tau^2 = 0; chi-squared with k - 1 if all are equal
tau^2, DL           max(0, (Q - (k - 1)) / C), C = sum(1/v) - sum(1/v^2) / sum(1/v)
tau^2, REML         where the restricted likelihood is largest
I^2                 tau^2 / (tau^2 + s^2), s^2 = (k - 1) / C, the typical sampling variance
interval            estimate -+ t(k - 1) * sqrt(max(1, h) / sum(w)), h = sum(w (y - estimate)^2) / (k - 1)
prediction          estimate -+ t(k - 2) * sqrt(tau^2 + the square of the interval's standard error)
==================  ================================================================================================
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, stdtrit

from core.errors import UserError
from core.records.replication import Pooled, SignAgreement
from core.stats.proportion import wilson

_METHODS = ("reml", "dl")
_TAIL = 0.975
_GRID = 100  # values of tau^2 at which the likelihood is looked at before it is refined


def pool(effects: np.ndarray, variances: np.ndarray, method: str = "reml") -> Pooled:
    """Pool effects by a random-effects model.

    Parameters
    ----------
    effects, variances : ndarray of shape (k,)
        Of each sample, in any unit and its square. At least one.
    method : {"reml", "dl"}
        How tau^2 is estimated: by restricted maximum likelihood, or by DerSimonian and Laird's moments.

    Returns
    -------
    Pooled
        With one sample, all but its estimate are NaN.

    Raises
    ------
    UserError (a ValueError)
        The shapes differ, there is no sample, an effect is not finite, a variance is not finite and above zero, or
        there is no such method.

    Notes
    -----
    Hartung and Knapp's interval is too narrow where the effects differ less than their variances let expect; so h
    counts as 1 at least, and the interval is never narrower than the usual one with a t quantile.

    References
    ----------
    DerSimonian & Laird (1986), Controlled Clinical Trials 7:177-188. Viechtbauer (2005), Journal of Educational and
    Behavioral Statistics 30:261-293 (REML). Hartung & Knapp (2001), Statistics in Medicine 20:3875-3889. Rover, Knapp &
    Friede (2015), BMC Medical Research Methodology 15:99 (the least h). Higgins & Thompson (2002), Statistics in
    Medicine 21:1539-1558 (I^2). Higgins, Thompson & Spiegelhalter (2009), Journal of the Royal Statistical Society A
    172:137-159 (the prediction interval).

    Examples
    --------
    >>> found = pool(np.array([0.0, 1.0, 2.0]), np.array([0.25, 0.25, 0.25]), "dl")
    >>> found.estimate, found.tau2, found.q, round(found.i2, 3)
    (1.0, 0.75, 8.0, 0.75)
    """
    y, v = _checked(effects, variances, method)
    k = y.size
    nan = float("nan")
    if k == 1:
        return Pooled(1, method, float(y[0]), nan, nan, nan, nan, nan, nan, None)
    fixed = 1 / v
    c = fixed.sum() - (fixed**2).sum() / fixed.sum()
    q = float((fixed * (y - np.average(y, weights=fixed)) ** 2).sum())
    tau2 = max(0.0, (q - (k - 1)) / c) if method == "dl" else _reml(y, v)
    weights = 1 / (v + tau2)
    estimate = float(np.average(y, weights=weights))
    spread = float((weights * (y - estimate) ** 2).sum()) / (k - 1)
    error = float(np.sqrt(max(1.0, spread) / weights.sum()))
    half = stdtrit(k - 1, _TAIL) * error
    prediction = None
    if k >= 3:
        reach = float(stdtrit(k - 2, _TAIL) * np.sqrt(tau2 + error**2))
        prediction = (estimate - reach, estimate + reach)
    return Pooled(
        n=k,
        method=method,
        estimate=estimate,
        low=float(estimate - half),
        high=float(estimate + half),
        tau2=float(tau2),
        i2=float(tau2 / (tau2 + (k - 1) / c)),
        q=q,
        q_p=float(chdtrc(k - 1, q)),
        prediction=prediction,
    )


def pool_of_one_size(effects: np.ndarray, variances: np.ndarray) -> Pooled:
    """Pool effects of samples that have equally many units: each counts with the mean of all variances.

    The estimated variance of a standardised difference grows with the difference itself. With weights from each
    sample's own variance, the smallest effects would count most, so the pooled effect would be too small and its
    interval would miss the true effect too often. Samples of one size have one true variance, so the mean of the
    estimated ones stands for all. The estimate is then the mean of the effects, and REML and DerSimonian and Laird give
    the same tau^2.

    Parameters
    ----------
    effects, variances : ndarray of shape (k,)
        As of ``pool``, which it raises the errors of.

    Examples
    --------
    >>> found = pool_of_one_size(np.array([0.0, 1.0, 2.0]), np.array([0.15, 0.25, 0.35]))
    >>> found.estimate, found.tau2, found.q
    (1.0, 0.75, 8.0)
    """
    y, v = _checked(effects, variances, "dl")
    return pool(y, np.full(v.size, v.mean()), "dl")  # exact here, where REML's search comes close


def sign_agreement(effects: np.ndarray, estimate: float, n_include_zero: int = 0) -> SignAgreement:
    """How many effects (k,) have the sign of the pooled estimate, with Wilson's 95% interval of the share.

    An effect of exactly zero has no sign, and agrees with none. ``n_include_zero`` is handed on.

    Examples
    --------
    >>> found = sign_agreement(np.array([0.5, 0.1, -0.2, 0.9]), 0.4)
    >>> found.agree, found.n, round(found.low, 3), round(found.high, 3)
    (3, 4, 0.301, 0.954)
    """
    found = wilson(int(np.sum(np.asarray(effects) * estimate > 0)), len(effects))
    return SignAgreement(found.n_right, found.n, found.low, found.high, n_include_zero)


def _checked(effects: np.ndarray, variances: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.asarray(effects, np.float64), np.asarray(variances, np.float64)
    if y.ndim != 1 or y.shape != v.shape or not y.size:
        raise UserError(f"Pooling needs one variance for each effect, and at least one; got {y.shape} and {v.shape}.")
    if not np.isfinite(y).all():
        raise UserError("An effect is not a finite number, so the effects cannot be pooled.")
    if not (np.isfinite(v) & (v > 0)).all():
        raise UserError(f"The variance of an effect is {v[~(np.isfinite(v) & (v > 0))][0]:g}; it must be above zero.")
    if method not in _METHODS:
        raise UserError(f"The method of pooling is “{method}”; allowed are {', '.join(_METHODS)}.")
    return y, v


def _restricted_log_likelihood(tau2: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """But for a constant, of values of tau^2 (n,): float64 (n,)."""
    total = v + np.asarray(tau2)[:, None]  # [n, k]
    weights = 1 / total
    sum_of_weights = weights.sum(axis=1)
    mean = (weights * y).sum(axis=1) / sum_of_weights
    squares = (weights * (y - mean[:, None]) ** 2).sum(axis=1)
    result: np.ndarray = -(np.log(total).sum(axis=1) + np.log(sum_of_weights) + squares) / 2
    return result


def _score(tau2: float, y: np.ndarray, v: np.ndarray) -> float:
    """The derivative of the restricted log-likelihood at tau^2."""
    weights = 1 / (v + tau2)
    mean = np.average(y, weights=weights)
    return float((weights**2).sum() / weights.sum() - weights.sum() + (weights**2 * (y - mean) ** 2).sum()) / 2


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    """The tau^2 at which the restricted likelihood is largest.

    It may have several maxima, so a grid finds the highest one; bisection then finds where its derivative is zero.
    """
    # As much as all effects differ from their mean, and more: the likelihood falls beyond it.
    most = float(np.sum((y - y.mean()) ** 2)) + float(v.max())
    grid = np.concatenate([[0.0], np.geomspace(most * 1e-9, most, _GRID)])
    at = int(_restricted_log_likelihood(grid, y, v).argmax())
    low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, grid.size - 1)])
    if _score(low, y, v) <= 0:
        return low  # of zero alone: the likelihood falls from there
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _score(middle, y, v) > 0 else (low, middle)
    return (low + high) / 2
