"""Colours of a text that give away nothing of a neuron but which words have its highest values."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

N_COLOURS = 5  # beside no colour


def colour_steps(values: np.ndarray) -> np.ndarray:
    """The colour of each word by its rank: none in the lower half, and one of five for each tenth above.

    So every neuron colours as many words as any other one, each as strongly, whatever its units, mean and spread are.
    Equal values have one rank, the mean of theirs.

    Parameters
    ----------
    values : ndarray of shape (n_words,)
        A value that is not finite has no colour and no rank.

    Returns
    -------
    ndarray of int, shape (n_words,)
        0 (no colour) to 5 (the tenth of the words with the highest values).

    Examples
    --------
    >>> colour_steps(np.array([10.0, 1.0, 2.0, 3.0, 4.0, 9.0, 8.0, 7.0, 6.0, 5.0]))
    array([5, 0, 0, 0, 0, 4, 3, 2, 1, 0])
    """
    known = np.isfinite(values)
    steps = np.zeros(len(values), dtype=int)
    if known.any():
        shares = (rankdata(values[known]) - 0.5) / known.sum()  # above 0, below 1
        steps[known] = np.clip(np.floor(round_off(shares) * 2 * N_COLOURS) - N_COLOURS + 1, 0, N_COLOURS).astype(int)
    return steps


def round_off(shares: np.ndarray) -> np.ndarray:
    """Shares without the last digits of a float, so that 0.6 and 0.6000000000000001 are in one tenth.

    Examples
    --------
    >>> round_off(np.array([0.1 + 0.2])).tolist()
    [0.3]
    """
    return np.round(shares, 12)
