"""How well one neuron tells two kinds of words apart in a text, and where it is most wrong."""

from __future__ import annotations

import numpy as np

from core.records import ENOUGH_WORDS, TextScore
from core.stats.effect_size import auc

_N_WORST = 5


def text_score(
    values: np.ndarray, own: np.ndarray, other: np.ndarray, forms: np.ndarray | None = None, n_worst: int = _N_WORST
) -> TextScore | None:
    """The AUC of one neuron for its own kind of words over another one, and the worst errors in both directions.

    A word of the other kind is wrong by the share of own words that are below it (a tie counts one half), and an own
    word by the share of words of the other kind above it. The worst errors are those of the largest shares.

    Parameters
    ----------
    values : ndarray of shape (n_words,)
        NaN for a word that has no value; it is left out.
    own, other : ndarray of shape (n_words,), bool
        The words of the two kinds; no word is of both.
    forms : ndarray of shape (n_words,), optional
        The form of each word, equal for repeats of the same one. Without them, each word is one of its own.
    n_worst : int
        At most so many errors of each kind. A word that is above (or below) none of the other kind is no error.

    Returns
    -------
    TextScore or None
        None if there are fewer than ``ENOUGH_WORDS`` different forms of a kind: repeats tell little that is new.

    Examples
    --------
    >>> values, own = np.array([*range(10), *range(8, 18)]), np.arange(20) >= 10
    >>> score = text_score(values, own, ~own)
    >>> float(score.auc), score.high_others.tolist(), score.high_shares
    (0.98, [9, 8], array([0.15, 0.05]))
    """
    known = np.isfinite(values)
    mine, others = np.flatnonzero(own & known), np.flatnonzero(other & known)  # places of words
    forms = np.arange(len(values)) if forms is None else forms
    if min(len(np.unique(forms[places])) for places in (mine, others)) < ENOUGH_WORDS:
        return None
    below = _share_below(values[others], values[mine])  # (n_others,): of own words, below each other one
    above = 1 - _share_below(values[mine], values[others])  # (n_mine,)
    # By values, not by shares: of words with equal shares, the one farther off is worse.
    high, low = (np.argsort(key, kind="stable")[:n_worst] for key in (-values[others], values[mine]))
    high, low = high[below[high] > 0], low[above[low] > 0]
    return TextScore(
        float(auc(values[mine][:, None], values[others][:, None])[0]),
        high_others=others[high],
        high_shares=below[high],
        low_own=mine[low],
        low_shares=above[low],
    )


def _share_below(values: np.ndarray, those: np.ndarray) -> np.ndarray:
    """The share of ``those`` (m,) below each value (n,); a tie counts one half."""
    ordered = np.sort(those)
    n_below, n_up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return (n_below + n_up_to) / (2 * len(ordered))
