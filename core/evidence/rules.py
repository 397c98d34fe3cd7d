"""The rule that several checks share: an interval against a threshold."""

from __future__ import annotations

from core.records import CLEAR_AUC, FAILS, HOLDS, UNCLEAR


def by_interval(low: float, high: float, threshold: float = CLEAR_AUC) -> str:
    """The verdict of an interval: it holds from the threshold on, does not hold below it, and is unclear across it.

    Examples
    --------
    >>> by_interval(0.8, 0.9), by_interval(0.6, 0.7), by_interval(0.7, 0.8)
    ('holds', 'does not hold', 'unclear')
    """
    if low >= threshold:
        return HOLDS
    return FAILS if high < threshold else UNCLEAR
