"""Checks of the arrays that the statistics get. Each error names the shape or number that it got."""

from __future__ import annotations

import numpy as np

from core.errors import UserError


def check_groups(target: np.ndarray, baseline: np.ndarray, *, at_least: int, paired: bool = False) -> None:
    """Raise UserError if two groups of words cannot be compared for each neuron.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        All axes except the number of words must be equal.
    at_least : int
        The least number of words in each group.
    paired : bool
        Whether the numbers of words must be equal too.

    Raises
    ------
    UserError (a ValueError)
        The sentence has the shapes or numbers that it got.

    Examples
    --------
    >>> check_groups(np.zeros((5, 2)), np.zeros((4, 2)), at_least=2)
    """
    _check_axes(target, baseline)
    n_target, n_baseline = target.shape[-2], baseline.shape[-2]
    if paired and n_target != n_baseline:
        raise UserError(
            "The paired test pairs word i with word i, so it needs as many target as baseline words: "
            f"got {n_target:,} and {n_baseline:,}."
        )
    if min(n_target, n_baseline) < at_least:
        raise UserError(
            f"A comparison needs at least {at_least} target and {at_least} baseline words: "
            f"got {n_target:,} and {n_baseline:,}."
        )


def check_finite(target: np.ndarray, baseline: np.ndarray) -> None:
    """Raise UserError if a value is NaN or infinite: its neuron would silently leave the family.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)

    Raises
    ------
    UserError (a ValueError)
        The sentence has the number of such values.

    Examples
    --------
    >>> check_finite(np.zeros((5, 2)), np.zeros((4, 2)))
    """
    for name, activations in (("target", target), ("baseline", baseline)):
        # One layer (n_words, n_neurons) at a time, to bound the memory.
        n_bad = sum(
            layer.size - np.count_nonzero(np.isfinite(layer))
            for layer in (activations[index] for index in np.ndindex(activations.shape[:-2]))
        )
        if n_bad:
            raise UserError(
                f"{n_bad:,} of the {activations.size:,} {name} activations are not finite (NaN or infinity), "
                "and a t-test cannot use them."
            )


def _check_axes(target: np.ndarray, baseline: np.ndarray) -> None:
    for name, activations in (("target", target), ("baseline", baseline)):
        if activations.ndim < 2:
            raise UserError(
                f"The {name} activations must have one row per word and one column per neuron; "
                f"got an array of shape {activations.shape}."
            )
    if target.shape[-1] != baseline.shape[-1]:
        raise UserError(
            "Target and baseline must come from the same neurons: "
            f"got {target.shape[-1]:,} and {baseline.shape[-1]:,} neurons."
        )
    if target.shape[:-2] != baseline.shape[:-2]:
        raise UserError(
            "Target and baseline must come from the same layers: "
            f"got arrays of shape {target.shape} and {baseline.shape}."
        )
