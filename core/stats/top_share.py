"""Which of two classes the top of a distribution has, as if both were equally frequent."""

from __future__ import annotations

import numpy as np


def top_share(
    top: np.ndarray, own: np.ndarray, other: np.ndarray, cluster: np.ndarray, *, n: int = 1000, seed: int
) -> tuple[float, float, float]:
    """The own share r1 / (r1 + r2) of the top, with a 95% percentile interval by cluster bootstrap.

    r1 is the share of the own class's items that are in the top, r2 that of the other class's.

    Parameters
    ----------
    top, own, other : bool ndarray of shape (n_items,)
        Which items are in the top, and in each class. No item is in both classes.
    cluster : int ndarray of shape (n_items,)
        What is drawn with replacement, 0-based.
    n : int
        Draws.
    seed : int

    Returns
    -------
    share, low, high : float
        NaN if no item of either class is in the top.

    References
    ----------
    Davison & Hinkley (1997), Bootstrap Methods and their Application, section 3.8.

    Examples
    --------
    >>> top = np.array([True, True, False, False, True, False, False, False])
    >>> own = np.array([True] * 4 + [False] * 4)
    >>> top_share(top, own, ~own, np.arange(8), n=10, seed=0)[0]  # 2 of 4 against 1 of 4
    0.6666666666666666
    """
    size = int(cluster.max()) + 1
    # [4, n_clusters]: of each cluster the own items in the top, all own ones, the others in the top, all others
    counts = np.stack([np.bincount(cluster[mask], minlength=size) for mask in (top & own, own, top & other, other)])
    draws = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), n)  # [n, n_clusters]
    share = float(_share(counts.sum(axis=1, keepdims=True))[0])
    drawn = _share(counts @ draws.T)  # [4, n_clusters] @ [n_clusters, n] -> [4, n] -> [n]
    if not np.isfinite(drawn).any():
        return share, np.nan, np.nan
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return share, float(low), float(high)


def _share(counts: np.ndarray) -> np.ndarray:
    """The share of each column of counts (4, n): (n,). NaN where a class has no item, or neither is in the top."""
    own_top, own, other_top, other = counts.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = own_top / own, other_top / other
        return one / (one + two)
