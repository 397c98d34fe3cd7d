"""Corrections for testing thousands of neurons at once: p-values in, adjusted p-values out.

Max-T needs the neurons' values, not only their p-values: it is in ``core.stats.permutation``.

Every array is *one* family, whatever its shape. NaN means that a neuron could not be tested. It stays NaN, and does
not count in the size m of the family.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.errors import UserError
from core.records import CORRECTIONS

LABELS = {
    "none": "None",
    "bonferroni": "Bonferroni",
    "sidak": "Šidák",
    "holm": "Holm",
    "max_t": "Max-T (permutation)",
    "fdr_bh": "Benjamini–Hochberg (FDR)",
    "fdr_by": "Benjamini–Yekutieli (FDR)",
}


def adjust(p_value: np.ndarray, method: str) -> np.ndarray:
    """Adjusted p-values: a neuron is significant at level alpha if its adjusted p-value is at most alpha.

    With p(1) <= ... <= p(m) the sorted p-values of the family:

    ==============  ==========================================  =============================================
    ``none``        p                                           no control: expect alpha * m false findings
    ``bonferroni``  m p                                         family-wise error, any dependence
    ``sidak``       1 - (1 - p)^m                               family-wise error, independent tests
    ``holm``        max over j <= i of (m - j + 1) p(j)         family-wise error, any dependence
    ``fdr_bh``      min over j >= i of m p(j) / j               false discovery rate, positive dependence
    ``fdr_by``      the same times 1 + 1/2 + ... + 1/m          false discovery rate, any dependence
    ==============  ==========================================  =============================================

    ``max_t`` permutes the words: see ``core.stats.permutation.max_t``.

    Parameters
    ----------
    p_value : ndarray of any shape
        Raw p-values between 0 and 1; NaN if there was no test. All of them are one family.
    method : str
        One of ``core.records.CORRECTIONS``, but not ``"max_t"``.

    Returns
    -------
    ndarray
        float64 of the same shape, at most 1; NaN where ``p_value`` is NaN.

    Raises
    ------
    UserError (a ValueError)
        The method is unknown or ``"max_t"``, or a p-value is not between 0 and 1. The sentence has the values that
        came.

    References
    ----------
    Dunn (1961), JASA 56:52-64 (Bonferroni). Šidák (1967), JASA 62:626-633. Holm (1979), Scandinavian Journal of
    Statistics 6:65-70. Benjamini & Hochberg (1995), JRSS B 57:289-300. Benjamini & Yekutieli (2001), Annals of
    Statistics 29:1165-1188. As adjusted p-values: Wright (1992), Biometrics 48:1005-1013.

    Examples
    --------
    >>> adjust(np.array([0.01, 0.04, 0.03, np.nan]), "holm")
    array([0.03, 0.06, 0.06,  nan])
    """
    _check_method(method)
    return _adjust_family(_checked(p_value), lambda p: np.minimum(_adjust_sorted(p, method), 1.0))


def adjust_log10(log10_p: np.ndarray, method: str) -> np.ndarray:
    """The log10 of adjusted p-values, exact where p-values are too small for a float.

    Where they are not, it equals ``np.log10(adjust(10**log10_p, method))`` up to rounding.

    Parameters
    ----------
    log10_p : ndarray of any shape
        The log10 of raw p-values, at most 0, as from ``core.stats.log_p.log10_p``; NaN if there was no test. All of
        them are one family.
    method : str
        One of ``core.records.CORRECTIONS``, but not ``"max_t"``.

    Returns
    -------
    ndarray
        float64 of the same shape, at most 0; NaN where ``log10_p`` is NaN.

    Raises
    ------
    UserError (a ValueError)
        The method is unknown or ``"max_t"``, or a logarithm is above 0. The sentence has the values that it got.

    References
    ----------
    As for ``adjust``.

    Examples
    --------
    >>> adjust_log10(np.array([-500.0, -2.0, -0.1, np.nan]), "bonferroni").round(3)
    array([-499.523,   -1.523,    0.   ,      nan])
    """
    _check_method(method)
    log10_p = np.asarray(log10_p, dtype=np.float64)
    above = log10_p[log10_p > 0]
    if above.size:
        raise UserError(
            f"The log10 of a p-value is at most 0: {above.size:,} of {log10_p.size:,} are not, the highest "
            f"{above.max():g}."
        )
    return _adjust_family(log10_p, lambda log_p: np.minimum(_adjust_sorted_log10(log_p, method), 0.0))


def critical_p(p_value: np.ndarray, method: str, alpha: float, adjusted: np.ndarray | None = None) -> float:
    """The raw p-value at or below which a neuron of this family counts as significant at level ``alpha``.

    ``p_value <= critical_p(p_value, method, alpha)`` and ``adjust(p_value, method) <= alpha`` are exactly equal.
    With k the number of significant neurons among m:

    ==============  ======================================
    ``none``        alpha
    ``bonferroni``  alpha / m
    ``sidak``       1 - (1 - alpha)^(1/m)
    ``holm``        alpha / (m - k), alpha where k = m
    ``fdr_bh``      alpha max(k, 1) / m
    ``fdr_by``      the same over 1 + 1/2 + ... + 1/m
    ==============  ======================================

    The last three depend on the p-values, so they are valid only for this family.

    Parameters
    ----------
    p_value : ndarray of any shape
        Raw p-values between 0 and 1; NaN if there was no test. All of them are one family.
    method : str
        One of ``core.records.CORRECTIONS``, but not ``"max_t"``.
    alpha : float
        The level, strictly between 0 and 1.
    adjusted : ndarray like ``p_value``, optional
        The result of ``adjust``, if it is known already: this saves a sort.

    Returns
    -------
    float
        NaN if the family is empty.

    Raises
    ------
    UserError (a ValueError)
        The method is unknown or ``"max_t"``, or alpha or a p-value is out of range.

    References
    ----------
    As for ``adjust``.

    Examples
    --------
    Of four neurons one could not be tested, and two are significant:

    >>> p_value = np.array([0.001, 0.02, 0.3, np.nan])
    >>> [round(critical_p(p_value, method, 0.05), 4) for method in ("none", "bonferroni", "holm", "fdr_bh")]
    [0.05, 0.0167, 0.05, 0.0333]
    """
    _check_method(method)
    if not 0 < alpha < 1:
        raise UserError(f"The significance level alpha must lie between 0 and 1, both excluded: got {alpha}.")
    adjusted = adjust(p_value, method) if adjusted is None else adjusted
    tested = ~np.isnan(adjusted)
    family = np.asarray(p_value, dtype=np.float64)[tested]
    if family.size == 0:
        return float("nan")
    significant = adjusted[tested] <= alpha
    critical = _nominal_critical_p(family.size, int(significant.sum()), method, alpha)
    # Rounding in the formula can put a p-value at the boundary on the wrong side: the adjusted p-values decide.
    critical = max(critical, family[significant].max(initial=0.0))
    if not significant.all():
        critical = min(critical, np.nextafter(family[~significant].min(), 0.0))
    return float(critical)


def _adjust_family(values: np.ndarray, adjust_sorted: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Call ``adjust_sorted`` on the values in ascending order, without NaN, and put the results in their places."""
    tested = ~np.isnan(values)
    family = values[tested]
    order = np.argsort(family, kind="stable")
    adjusted = np.empty_like(family)
    adjusted[order] = adjust_sorted(family[order])
    out = np.full_like(values, np.nan)
    out[tested] = adjusted
    return out


def _adjust_sorted(p: np.ndarray, method: str) -> np.ndarray:
    """The adjusted p-values (m,) of a family's p-values (m,) in ascending order. They may exceed 1."""
    m = p.size
    rank = np.arange(1, m + 1)
    if method == "bonferroni":
        return p * m
    if method == "sidak":
        # 1 - (1 - p)^m without the subtractions, which would round every p below 1e-16 to zero.
        with np.errstate(divide="ignore"):  # p = 1: log1p gives -inf, and expm1 of it is -1, as it should be
            return -np.expm1(m * np.log1p(-p))
    if method == "holm":
        # Step-down: an adjusted p-value is at least that of every smaller p-value.
        return np.maximum.accumulate(p * (m - rank + 1))
    if method in ("fdr_bh", "fdr_by"):
        penalty = _harmonic(m) if method == "fdr_by" else 1.0
        # Step-up: an adjusted p-value is at most that of every larger p-value.
        return np.minimum.accumulate((p * (m * penalty / rank))[::-1])[::-1]
    return p  # none


def _adjust_sorted_log10(log_p: np.ndarray, method: str) -> np.ndarray:
    """The log10 of a family's adjusted p-values (m,), from those of its p-values in ascending order. May exceed 0."""
    m = log_p.size
    rank = np.arange(1, m + 1)
    if method == "bonferroni":
        return log_p + np.log10(max(m, 1))
    if method == "sidak":
        # For m p < 1e-20, 1 - (1 - p)^m is m p to the last digit.
        small = log_p + np.log10(max(m, 1))
        with np.errstate(divide="ignore"):  # p = 1, as in _adjust_sorted; and p that is 0 as a float
            whole = np.log10(-np.expm1(m * np.log1p(-(10.0**log_p))))
        return np.where(small < -20, small, whole)
    if method == "holm":
        return np.maximum.accumulate(log_p + np.log10(m - rank + 1))
    if method in ("fdr_bh", "fdr_by"):
        penalty = _harmonic(m) if method == "fdr_by" else 1.0
        return np.minimum.accumulate((log_p + np.log10(m * penalty / rank))[::-1])[::-1]
    return log_p  # none


def _nominal_critical_p(m: int, k: int, method: str, alpha: float) -> float:
    """The critical p-value by formula, for m tests of which k are significant."""
    if method == "bonferroni":
        return alpha / m
    if method == "sidak":
        return float(-np.expm1(np.log1p(-alpha) / m))
    if method == "holm":
        return alpha / max(m - k, 1)
    if method in ("fdr_bh", "fdr_by"):
        penalty = _harmonic(m) if method == "fdr_by" else 1.0
        return alpha * max(k, 1) / (m * penalty)
    return alpha  # none


def _harmonic(m: int) -> float:
    """1 + 1/2 + ... + 1/m, Benjamini and Yekutieli's factor for arbitrary dependence: about log(m) + 0.58."""
    return float(np.sum(1.0 / np.arange(1, m + 1)))


def _check_method(method: str) -> None:
    if method not in CORRECTIONS:
        raise UserError(f"There is no correction {method!r}: choose one of {', '.join(CORRECTIONS)}.")
    if method == "max_t":
        raise UserError("Max-T needs the values of all neurons: it cannot be computed from p-values alone.")


def _checked(p_value: np.ndarray) -> np.ndarray:
    """The p-values as float64, each between 0 and 1 or NaN."""
    p_value = np.asarray(p_value, dtype=np.float64)
    outside = p_value[(p_value < 0) | (p_value > 1)]
    if outside.size:
        raise UserError(
            f"A p-value lies between 0 and 1: {outside.size:,} of {p_value.size:,} do not, "
            f"the lowest {outside.min():g} and the highest {outside.max():g}."
        )
    return p_value
