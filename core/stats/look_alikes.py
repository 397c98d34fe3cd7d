"""Neurons whose values over a text have about the mean and the spread of another neuron's."""

from __future__ import annotations

import numpy as np


def look_alikes(values: np.ndarray, neuron: int, candidates: np.ndarray, n_most: int) -> tuple[np.ndarray, np.ndarray]:
    """The candidates that are nearest to a neuron in mean and spread.

    The distance of a candidate is sqrt(m^2 + s^2). m is the difference of the two means, in standard deviations of the
    neuron; s is the natural logarithm of the ratio of the two standard deviations (with n - 1).

    Parameters
    ----------
    values : ndarray of shape (n_words, n_neurons)
        Finite, at least two words. The neuron must vary.
    neuron : int
    candidates : ndarray of int, shape (n_candidates,)
        Those that do not vary are left out.
    n_most : int
        At most so many are returned.

    Returns
    -------
    (ndarray of int, ndarray of float64)
        The nearest candidates, the nearest first, and their distances; of equal distances, the first candidate first.

    Examples
    --------
    The second candidate has the same mean, and the same spread:

    >>> values = np.array([[0.0, 0.0, 2.0, 5.0], [2.0, 4.0, 0.0, 5.0]])
    >>> neurons, distances = look_alikes(values, 0, np.array([1, 2, 3]), n_most=2)
    >>> neurons, distances.round(2)
    (array([2, 1]), array([0.  , 0.99]))
    """
    candidates = np.asarray(candidates, dtype=np.int64)
    columns = values.astype(np.float64)
    means, spreads = columns.mean(axis=0), columns.std(axis=0, ddof=1)  # [n_neurons] each
    candidates = candidates[spreads[candidates] > 0]
    apart = (means[candidates] - means[neuron]) / spreads[neuron]
    wider = np.log(spreads[candidates] / spreads[neuron])
    distances = np.hypot(apart, wider)
    nearest = np.argsort(distances, kind="stable")[:n_most]
    return candidates[nearest], distances[nearest]
