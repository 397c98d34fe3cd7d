"""The thresholds that several checks share, and why they are these. docs/methods.md names them."""

from __future__ import annotations

from core.records import FAILS, HOLDS, UNCLEAR

# An AUC from which a neuron separates two classes clearly: of four random pairs, three are in order. Half as strong,
# measured from chance (0.5), as a neuron that separates them perfectly.
CLEAR_AUC = 0.75


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
