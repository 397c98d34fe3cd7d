"""Corrections for testing thousands of neurons at once: p-values in, adjusted p-values out.

Whatever array comes in is *one* family, whatever its shape. NaN marks a neuron that could not be tested: it stays
NaN and does not count in the size of the family, m.
"""

from __future__ import annotations

import numpy as np

from core.records import CORRECTIONS, UserError

LABELS = {
    "none": "None",
    "bonferroni": "Bonferroni",
    "sidak": "Šidák",
    "holm": "Holm",
    "fdr_bh": "Benjamini–Hochberg (FDR)",
    "fdr_by": "Benjamini–Yekutieli (FDR)",
}


def adjust(p_value: np.ndarray, method: str) -> np.ndarray:
    """Adjusted p-values: a neuron is significant at level alpha where its adjusted p-value is at most alpha.

    With p(1) <= ... <= p(m) the sorted p-values of the family:

    ==============  ==========================================  =============================================
    ``none``        p                                           no control: expect alpha * m false findings
    ``bonferroni``  m p                                         family-wise error, any dependence
    ``sidak``       1 - (1 - p)^m                               family-wise error, independent tests
    ``holm``        max over j <= i of (m - j + 1) p(j)         family-wise error, any dependence
    ``fdr_bh``      min over j >= i of m p(j) / j               false discovery rate, positive dependence
    ``fdr_by``      the same times 1 + 1/2 + ... + 1/m          false discovery rate, any dependence
    ==============  ==========================================  =============================================

    Parameters
    ----------
    p_value : ndarray of any shape
        Raw p-values between 0 and 1, NaN where there was no test. All of them are one family.
    method : str
        One of ``core.records.CORRECTIONS``.

    Returns
    -------
    ndarray
        float64 of the same shape, at most 1, NaN where ``p_value`` is NaN.

    Raises
    ------
    UserError (a ValueError)
        The method is unknown, or a p-value lies outside 0 to 1; the message says what came and what is allowed.

    References
    ----------
    Dunn (1961), JASA 56:52-64 (Bonferroni). Šidák (1967), JASA 62:626-633. Holm (1979), Scandinavian Journal of
    Statistics 6:65-70. Benjamini & Hochberg (1995), JRSS B 57:289-300. Benjamini & Yekutieli (2001), Annals of
    Statistics 29:1165-1188. As adjusted p-values: Wright (1992), Biometrics 48:1005-1013.

    >>> adjust(np.array([0.01, 0.04, 0.03, np.nan]), "holm")
    array([0.03, 0.06, 0.06,  nan])
    """
    _check_method(method)
    p_value = _checked(p_value)
    tested = ~np.isnan(p_value)
    family = p_value[tested]
    order = np.argsort(family, kind="stable")
    adjusted = np.empty_like(family)
    adjusted[order] = np.minimum(_adjust_sorted(family[order], method), 1.0)
    out = np.full_like(p_value, np.nan)
    out[tested] = adjusted
    return out


def critical_p(p_value: np.ndarray, method: str, alpha: float) -> float:
    """The raw p-value at or below which a neuron of this family counts as significant at level ``alpha``.

    ``p_value <= critical_p(p_value, method, alpha)`` and ``adjust(p_value, method) <= alpha`` say the same, to the
    last bit. With k the number of neurons found significant among m:

    ==============  ======================================
    ``none``        alpha
    ``bonferroni``  alpha / m
    ``sidak``       1 - (1 - alpha)^(1/m)
    ``holm``        alpha / (m - k), alpha where k = m
    ``fdr_bh``      alpha max(k, 1) / m
    ``fdr_by``      the same over 1 + 1/2 + ... + 1/m
    ==============  ======================================

    For the last three it depends on the p-values, so it belongs to this family and no other.

    Parameters
    ----------
    p_value : ndarray of any shape
        Raw p-values between 0 and 1, NaN where there was no test. All of them are one family.
    method : str
        One of ``core.records.CORRECTIONS``.
    alpha : float
        The level, strictly between 0 and 1.

    Returns
    -------
    float
        NaN where the family is empty.

    Raises
    ------
    UserError (a ValueError)
        The method is unknown, or alpha or a p-value lies out of range.

    References
    ----------
    As for ``adjust``.
    """
    if not 0 < alpha < 1:
        raise UserError(f"The significance level alpha must lie between 0 and 1, both excluded: {alpha} came.")
    adjusted = adjust(p_value, method)
    tested = ~np.isnan(adjusted)
    family = np.asarray(p_value, dtype=np.float64)[tested]
    if family.size == 0:
        return float("nan")
    significant = adjusted[tested] <= alpha
    critical = _nominal_critical_p(family.size, int(significant.sum()), method, alpha)
    # The formula can round past a p-value that lies on the boundary: let the adjusted p-values decide.
    critical = max(critical, family[significant].max(initial=0.0))
    if not significant.all():
        critical = min(critical, np.nextafter(family[~significant].min(), 0.0))
    return float(critical)


def _adjust_sorted(p: np.ndarray, method: str) -> np.ndarray:
    """Adjusted p-values, not yet cut at 1, of the m p-values (m,) of a family sorted from least to greatest."""
    m = p.size
    rank = np.arange(1, m + 1)
    if method == "bonferroni":
        return p * m
    if method == "sidak":
        # 1 - (1 - p)^m without the subtractions, which would lose every p below 1e-16.
        with np.errstate(divide="ignore"):  # p = 1: log1p gives -inf, and expm1 of that the right -1
            return -np.expm1(m * np.log1p(-p))
    if method == "holm":
        # Step-down: a p-value cannot be adjusted to less than a smaller one is.
        return np.maximum.accumulate(p * (m - rank + 1))
    if method in ("fdr_bh", "fdr_by"):
        penalty = _harmonic(m) if method == "fdr_by" else 1.0
        # Step-up: a p-value cannot be adjusted to more than a greater one is.
        return np.minimum.accumulate((p * (m * penalty / rank))[::-1])[::-1]
    return p  # none


def _nominal_critical_p(m: int, k: int, method: str, alpha: float) -> float:
    """The critical p-value by formula, for m tests of which k were found significant."""
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
    """1 + 1/2 + ... + 1/m, Benjamini and Yekutieli's price for arbitrary dependence: about log(m) + 0.58."""
    return float(np.sum(1.0 / np.arange(1, m + 1)))


def _check_method(method: str) -> None:
    if method not in CORRECTIONS:
        raise UserError(f"There is no correction {method!r}: choose one of {', '.join(CORRECTIONS)}.")


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
