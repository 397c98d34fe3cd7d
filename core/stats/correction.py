"""Corrections for testing thousands of neurons at once: p-values in, adjusted p-values out.

Max-T needs the neurons' values, not only their p-values: it is in ``core.stats.permutation``.

Every array is *one* family, whatever its shape. NaN means that a neuron could not be tested. It stays NaN, and does
not count in the size m of the family.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from core.errors import UserError
from core.records import ALL_CORRECTIONS, Correction
from core.stats.named import named, record_of_correction

LABELS = {name: one.label for name, one in ALL_CORRECTIONS.items()}

_SMALLEST = 1e-300


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
        One of ``core.records.CORRECTIONS`` that does not permute.

    Returns
    -------
    ndarray
        float64 of the same shape, at most 1; NaN where ``p_value`` is NaN.

    Raises
    ------
    UserError (a ValueError)
        The method is unknown or ``"max_t"``, or a p-value is not between 0 and 1. The sentence has the values that
        it got.

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
    adjusted = named(_by_p(method).function)
    return _adjust_family(_checked(p_value), lambda p: np.minimum(adjusted(p), 1.0))


def adjust_log10(log10_p: np.ndarray, method: str) -> np.ndarray:
    """The log10 of adjusted p-values, exact where p-values are too small for a float.

    Where they are not, it equals ``np.log10(adjust(10**log10_p, method))`` up to rounding. A correction whose record
    has no formula for logarithms does not tell apart what is below 1e-300.

    Parameters
    ----------
    log10_p : ndarray of any shape
        The log10 of raw p-values, at most 0, as from ``core.stats.log_p.log10_p``; NaN if there was no test. All of
        them are one family.
    method : str
        One of ``core.records.CORRECTIONS`` that does not permute.

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
    correction = _by_p(method)
    log10_p = np.asarray(log10_p, dtype=np.float64)
    above = log10_p[log10_p > 0]
    if above.size:
        raise UserError(
            f"The log10 of a p-value is at most 0: {above.size:,} of {log10_p.size:,} are not, the highest "
            f"{above.max():g}."
        )
    adjusted = named(correction.log10) if correction.log10 else partial(_log10_by_p, named(correction.function))
    return _adjust_family(log10_p, lambda log_p: np.minimum(adjusted(log_p), 0.0))


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

    The last three depend on the p-values, so they are valid only for this family. For a correction whose record has no
    formula for it, it is the largest significant p-value.

    Parameters
    ----------
    p_value : ndarray of any shape
        Raw p-values between 0 and 1; NaN if there was no test. All of them are one family.
    method : str
        One of ``core.records.CORRECTIONS`` that does not permute.
    alpha : float
        The level, strictly between 0 and 1.
    adjusted : ndarray like ``p_value``, optional
        The result of ``adjust``, if it is known already: this saves a sort.

    Returns
    -------
    float
        NaN if the family is empty, or if nothing is significant and the correction has no formula for it.

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
    correction = _by_p(method)
    if not 0 < alpha < 1:
        raise UserError(f"The significance level alpha must lie between 0 and 1, both excluded: got {alpha}.")
    adjusted = adjust(p_value, method) if adjusted is None else adjusted
    tested = ~np.isnan(adjusted)
    family = np.asarray(p_value, dtype=np.float64)[tested]
    if family.size == 0:
        return float("nan")
    significant = adjusted[tested] <= alpha
    critical = _nominal_critical_p(family.size, int(significant.sum()), correction, alpha)
    if np.isnan(critical):
        return critical
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


def _log10_by_p(adjusted: Callable[[np.ndarray], np.ndarray], log_p: np.ndarray) -> np.ndarray:
    """The log10 of adjusted p-values for a correction without a formula for logarithms: those below 1e-300 are that."""
    p = np.maximum(10.0**log_p, _SMALLEST)
    return np.log10(np.maximum(adjusted(p), _SMALLEST))


def _nominal_critical_p(m: int, k: int, correction: Correction, alpha: float) -> float:
    """The critical p-value by formula, for m tests of which k are significant; without a formula, 0 if k is not."""
    if correction.critical:
        return float(named(correction.critical)(m, k, alpha))
    return 0.0 if k else float("nan")


def _by_p(method: str) -> Correction:
    """The record of a correction of p-values."""
    correction = record_of_correction(method)
    if correction.permutes:
        raise UserError("Max-T needs the values of all neurons: it cannot be computed from p-values alone.")
    return correction


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
