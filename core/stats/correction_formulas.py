"""The formulas of each correction, three each, by the names in ``core.records.corrections``.

``holm`` has the adjusted p-values (m,) of a family's p-values (m,) in ascending order; they may exceed 1.
``holm_log10`` has the same of their log10, exact where p-values are too small for a float. ``holm_critical`` has the
p-value from which on a test is significant, for m tests of which k are. References are in
``core.stats.correction.adjust``.
"""

from __future__ import annotations

import numpy as np


def none(p: np.ndarray) -> np.ndarray:
    """p."""
    return p


def none_log10(log_p: np.ndarray) -> np.ndarray:
    """log p."""
    return log_p


def none_critical(m: int, k: int, alpha: float) -> float:
    """alpha."""
    return alpha


def bonferroni(p: np.ndarray) -> np.ndarray:
    """m p."""
    return p * p.size


def bonferroni_log10(log_p: np.ndarray) -> np.ndarray:
    """log m + log p."""
    return log_p + np.log10(max(log_p.size, 1))


def bonferroni_critical(m: int, k: int, alpha: float) -> float:
    """alpha / m."""
    return alpha / m


def sidak(p: np.ndarray) -> np.ndarray:
    """1 - (1 - p)^m without the subtractions, which would round every p below 1e-16 to zero."""
    with np.errstate(divide="ignore"):  # p = 1: log1p gives -inf, and expm1 of it is -1, as it should be
        return -np.expm1(p.size * np.log1p(-p))


def sidak_log10(log_p: np.ndarray) -> np.ndarray:
    """For m p < 1e-20, 1 - (1 - p)^m is m p to the last digit."""
    m = log_p.size
    small = log_p + np.log10(max(m, 1))
    with np.errstate(divide="ignore"):  # p = 1, as in sidak; and p that is 0 as a float
        whole = np.log10(-np.expm1(m * np.log1p(-(10.0**log_p))))
    return np.where(small < -20, small, whole)


def sidak_critical(m: int, k: int, alpha: float) -> float:
    """1 - (1 - alpha)^(1/m)."""
    return float(-np.expm1(np.log1p(-alpha) / m))


def holm(p: np.ndarray) -> np.ndarray:
    """Step-down, times m, m - 1, ..., 1: an adjusted p-value is at least that of every smaller p-value."""
    return np.maximum.accumulate(p * (p.size - _ranks(p) + 1))


def holm_log10(log_p: np.ndarray) -> np.ndarray:
    """The same by logarithms."""
    return np.maximum.accumulate(log_p + np.log10(log_p.size - _ranks(log_p) + 1))


def holm_critical(m: int, k: int, alpha: float) -> float:
    """alpha / (m - k), and alpha where k = m."""
    return alpha / max(m - k, 1)


def fdr_bh(p: np.ndarray) -> np.ndarray:
    """Step-up, times m / rank: an adjusted p-value is at most that of every larger p-value."""
    return _step_up(p, 1.0)


def fdr_bh_log10(log_p: np.ndarray) -> np.ndarray:
    """The same by logarithms."""
    return _step_up_log10(log_p, 1.0)


def fdr_bh_critical(m: int, k: int, alpha: float) -> float:
    """alpha max(k, 1) / m."""
    return alpha * max(k, 1) / m


def fdr_by(p: np.ndarray) -> np.ndarray:
    """As ``fdr_bh``, times 1 + 1/2 + ... + 1/m."""
    return _step_up(p, _harmonic(p.size))


def fdr_by_log10(log_p: np.ndarray) -> np.ndarray:
    """The same by logarithms."""
    return _step_up_log10(log_p, _harmonic(log_p.size))


def fdr_by_critical(m: int, k: int, alpha: float) -> float:
    """As ``fdr_bh_critical``, over 1 + 1/2 + ... + 1/m."""
    return alpha * max(k, 1) / (m * _harmonic(m))


def _ranks(values: np.ndarray) -> np.ndarray:
    """1 to m for values (m,)."""
    return np.arange(1, values.size + 1)


def _step_up(p: np.ndarray, penalty: float) -> np.ndarray:
    return np.minimum.accumulate((p * (p.size * penalty / _ranks(p)))[::-1])[::-1]


def _step_up_log10(log_p: np.ndarray, penalty: float) -> np.ndarray:
    return np.minimum.accumulate((log_p + np.log10(log_p.size * penalty / _ranks(log_p)))[::-1])[::-1]


def _harmonic(m: int) -> float:
    """1 + 1/2 + ... + 1/m, Benjamini and Yekutieli's factor for arbitrary dependence: about log(m) + 0.58."""
    return float(np.sum(1.0 / np.arange(1, m + 1)))
