"""What stands out in a text: neurons at one of its tokens, and the tokens of one neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.stats.moments import mean_and_variance

# So many other tokens at most are compared with: enough for a mean and a standard deviation, and quick in a long text.
_MOST_OTHERS = 1_000
# Neurons of which a float64 copy is made at a time: with a thousand tokens, 8 MB.
_BLOCK = 1_024


@dataclass(frozen=True, eq=False)
class StandingOut:
    """The neurons that stand out most at one token. Arrays are (n_shown,), the farthest neuron first.

    ``deviations`` are float64: how far a neuron's value lies above (or below) its mean over the text's other tokens,
    ``means``, in their standard deviations. It is infinite for a neuron that does not vary there. ``n_others`` is how
    many tokens were compared with.
    """

    neurons: np.ndarray
    deviations: np.ndarray
    means: np.ndarray
    n_others: int


def standing_out(values: np.ndarray, token: int, n_shown: int = 10, *, skip_first: bool = False) -> StandingOut | None:
    """The neurons whose value at one token is farthest from their values at the other tokens of the text.

    Parameters
    ----------
    values : ndarray of shape (n_tokens, n_neurons)
        In any units: a neuron is compared with itself alone.
    token : int
        The position of the token.
    n_shown : int
        How many neurons are wanted.
    skip_first : bool
        Whether the text's first token is not among the others: without a token before the text, its values are unlike
        all others.

    Returns
    -------
    StandingOut or None
        Neurons that have the mean of the other tokens are left out. None if there are fewer than two other tokens.

    Examples
    --------
    >>> found = standing_out(np.array([[0.0, 1.0], [2.0, 1.5], [1.0, 9.0], [1.0, 1.25]]), token=2)
    >>> found.neurons, found.deviations.round(1), found.means
    (array([1]), array([31.]), array([1.25]))
    """
    others = _others(len(values), token, skip_first)
    if len(others) < 2:
        return None
    here = values[token].astype(np.float64)  # [n_neurons]
    means, deviations = np.empty(len(here)), np.empty(len(here))
    for start in range(0, len(here), _BLOCK):
        block = slice(start, start + _BLOCK)
        rows = values[others, block].T.astype(np.float64)  # [n_others, n_block] -> [n_block, n_others]
        means[block], variances = mean_and_variance(rows)
        away = here[block] - means[block]
        with np.errstate(divide="ignore", invalid="ignore"):
            deviations[block] = np.where(away == 0, 0.0, away / np.sqrt(variances))
    # Of neurons that vary nowhere else, the one that is farther away in its own units is first.
    order = np.lexsort((-np.abs(here - means), -np.abs(deviations)))
    order = order[np.abs(deviations[order]) > 0][:n_shown]
    return StandingOut(order, deviations[order], means[order], len(others))


def _others(n_tokens: int, token: int, skip_first: bool) -> np.ndarray:
    """The positions of the other tokens; if there are many, some at equal distances."""
    others = np.setdiff1d(np.arange(int(skip_first), n_tokens), [token])
    if len(others) <= _MOST_OTHERS:
        return others
    return others[np.linspace(0, len(others) - 1, _MOST_OTHERS).astype(int)]


def highest_and_lowest(values: np.ndarray, n_most: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The tokens with the highest and with the lowest values of one neuron; of equal values, the earlier token first.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are left out.
    n_most : int
        At most so many of each. In a short text, each half of the tokens is in one of the two.

    Returns
    -------
    (ndarray, ndarray)
        Positions of tokens, int64. In a text of an odd number of tokens, the middle one is among the highest.

    Examples
    --------
    >>> highest_and_lowest(np.array([0.5, 2.0, -1.0, np.nan, 2.0]), n_most=10)
    (array([1, 4]), array([2, 0]))
    """
    known = np.flatnonzero(np.isfinite(values))
    upward = known[np.argsort(values[known], kind="stable")]
    downward = known[np.argsort(-values[known], kind="stable")]
    return downward[: min(n_most, (len(known) + 1) // 2)], upward[: min(n_most, len(known) // 2)]
