"""Which neurons a protocol selects by the size of their statistic, whatever their p."""

from __future__ import annotations

import numpy as np

from core.records.presets import n_in_top_share


def selected_by_top_share(statistic: np.ndarray, share: float) -> np.ndarray:
    """Select the neurons with the largest statistics: bool, of the shape of ``statistic``.

    The statistic is signed, so these are neurons that are high for the target.

    Parameters
    ----------
    statistic : ndarray of any shape, such as (n_layers, n_neurons)
        NaN for a neuron that was not tested: it counts when the share is taken, and is never selected.
    share : float
        Above 0, at most 1: so many as ``n_in_top_share`` says. Of equal statistics, the first ones are selected.

    Returns
    -------
    ndarray of bool

    References
    ----------
    AlKhamissi, Tuckute, Bosselut & Schrimpf (2025), NAACL, 10887-10911, doi 10.18653/v1/2025.naacl-long.544: the top
    share of a model's units by Welch's t.

    Examples
    --------
    >>> selected_by_top_share(np.array([[3.0, -9.0], [np.nan, 5.0]]), 0.5)
    array([[ True, False],
           [False,  True]])
    """
    flat = statistic.ravel()
    order = np.argsort(-flat, kind="stable")[: n_in_top_share(flat.size, share)]  # NaN is sorted last
    selected = np.zeros(flat.size, dtype=bool)
    selected[order] = True
    return (selected & ~np.isnan(flat)).reshape(statistic.shape)
