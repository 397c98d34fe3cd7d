"""Means and variances of one block of neurons, which all tests share."""

from __future__ import annotations

import numpy as np


def mean_and_variance(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances (n - 1) of every row. A constant row has a variance of exactly 0.

    Parameters
    ----------
    rows : ndarray of shape (n_block, n_words)
        float64, one row per neuron, at least two words.

    Returns
    -------
    (ndarray, ndarray)
        Both float64 of shape (n_block,).

    Examples
    --------
    >>> mean_and_variance(np.array([[1.0, 2.0, 3.0], [0.1, 0.1, 0.1]]))
    (array([2. , 0.1]), array([1., 0.]))
    """
    # Constant rows are found by comparison: the mean of n equal numbers may be wrong in its last bit. This would give
    # a tiny variance, and a huge t.
    constant = rows[:, 0] == rows[:, -1]  # [n_block, n_words] -> [n_block]: False for most rows, a cheap first test
    constant[constant] = (rows[constant] == rows[constant, :1]).all(axis=1)  # [n_candidates, n_words] -> [n_candidates]
    mean = np.where(constant, rows[:, 0], rows.mean(axis=1))
    # Two passes: mean(x^2) - mean(x)^2 would be inaccurate for a small spread around a large mean.
    deviation = rows - mean[:, None]  # [n_block, n_words] - [n_block, 1]
    # [n_block, n_words] -> [n_block]
    return mean, np.vecdot(deviation, deviation) / (rows.shape[1] - 1)
