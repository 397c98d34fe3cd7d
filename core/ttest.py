"""Two-sample tests and effect sizes, neuron by neuron: arrays in, arrays out.

Activations come as float32, often (n_layers, n_words, n_neurons); all arithmetic is float64, a block of columns
at a time, so that no float64 copy of the whole array ever exists. Only ``scipy.special`` is imported:
``scipy.stats`` would cost the app more than a second at start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TypeAlias

import numpy as np
from scipy.special import stdtr, stdtrit

from core.records import NeuronTests, UserError

# Values of both groups in one block of columns: 16 MB as float64, for 1,000 + 1,000 words a thousand neurons.
BLOCK_VALUES = 2**21

# Where a block lies: the leading index (the layer, or nothing), then a slice of the neurons.
Block: TypeAlias = tuple[tuple[int, ...], slice]


def paired_ttest(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Test, neuron by neuron, whether the mean paired difference is zero.

    The differences d_i = target_i - baseline_i are taken in float64, then t = mean(d) / (sd(d) / sqrt(n)) with
    n - 1 degrees of freedom: what ``scipy.stats.ttest_rel``, and ``ttest_1samp`` on the differences, compute.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word, in the units of the hook point. Row i of one is paired with row i of the other.

    Returns
    -------
    NeuronTests
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons). ``statistic`` is positive where the target
        is higher; p-values are two-sided. ``cohens_d`` is d_z = mean(d) / sd(d), the standard deviation with
        n - 1: the effect in the units of the differences, and so not comparable with the d of ``welch_ttest``.
        ``auc`` ignores the pairing. A neuron whose differences do not vary has NaN for statistic, p-value and d,
        and leaves the family; its mean difference and AUC are still given.

    Raises
    ------
    UserError (a ValueError)
        The shapes differ, there are fewer than two words, or some values are not finite; the message quotes
        what came.

    References
    ----------
    Student (1908), Biometrika 6:1-25. Cohen (1988), Statistical Power Analysis, 2nd ed., section 2.3.5 (d_z).
    The course notebook's Exercise 4.
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    _check_axes(target, baseline)
    n_target, n_baseline = target.shape[-2], baseline.shape[-2]
    if n_target != n_baseline:
        raise UserError(
            "The paired test pairs word i with word i, so it needs as many target as baseline words: "
            f"{n_target:,} and {n_baseline:,} came."
        )
    _check_words(target, baseline, at_least=2)
    _check_finite(target, baseline)
    return _tests_by_block(_paired_block, target, baseline)


def welch_ttest(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Test, neuron by neuron, whether two independent groups of words have the same mean, whatever their variances.

    t = (m1 - m2) / sqrt(s1^2/n1 + s2^2/n2), with the Welch-Satterthwaite degrees of freedom: what
    ``scipy.stats.ttest_ind(equal_var=False)`` computes.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word, in the units of the hook point. The numbers of words may differ.

    Returns
    -------
    NeuronTests
        float64 arrays of shape (n_neurons,) or (n_layers, n_neurons). ``statistic`` is positive where the target
        is higher; p-values are two-sided. ``cohens_d`` is d_av = (m1 - m2) / sqrt((s1^2 + s2^2) / 2), Cohen's form
        for unequal variances. A neuron that varies in neither group has NaN for statistic, p-value, degrees of
        freedom and d, and leaves the family; its mean difference and AUC are still given. One that varies in
        one group only is tested.

    Raises
    ------
    UserError (a ValueError)
        The numbers of neurons or layers differ, a group has fewer than two words, or some values are not finite;
        the message quotes what came.

    References
    ----------
    Welch (1947), Biometrika 34:28-35. Satterthwaite (1946), Biometrics Bulletin 2:110-114.
    Cohen (1988), Statistical Power Analysis, 2nd ed., eq. 2.3.2 (d for unequal variances).
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    _check_axes(target, baseline)
    _check_words(target, baseline, at_least=2)
    _check_finite(target, baseline)
    return _tests_by_block(_welch_block, target, baseline)


def auc(target: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The probability, neuron by neuron, that a random target word lies above a random baseline word.

    Ties count one half, so this is Mann and Whitney's U / (n_target * n_baseline), exactly. It is 0.5 where a
    neuron tells nothing, 1 where every target word lies above every baseline word, and 0 the other way round.
    Unlike t it does not care how far above.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons) or (n_layers, n_words, n_neurons)
        One row per word. Compared as they are: a float32 is not rounded on the way.

    Returns
    -------
    ndarray
        float64 of shape (n_neurons,) or (n_layers, n_neurons).

    Raises
    ------
    UserError (a ValueError)
        The numbers of neurons or layers differ, a group has no words, or some values are not finite.

    References
    ----------
    Mann & Whitney (1947), Annals of Mathematical Statistics 18:50-60. Hanley & McNeil (1982), Radiology 143:29-36.
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    _check_axes(target, baseline)
    _check_words(target, baseline, at_least=1)
    _check_finite(target, baseline)
    probability = np.empty(_per_neuron_shape(target))
    for lead, columns in _blocks(target, baseline):
        probability[lead][columns] = _auc_block(target[lead][:, columns], baseline[lead][:, columns])
    return probability


def t_threshold(p: float | np.ndarray, degrees_of_freedom: float | np.ndarray) -> np.ndarray:
    """The |t| at which the two-sided p-value equals ``p``: 0 for p = 1, infinite for p = 0, NaN for NaN.

    Both arguments may be numbers or arrays that broadcast; the answer is float64 of the common shape (a NumPy
    scalar for two numbers). Small p keep their precision, down to 1e-300 at the degrees of freedom that occur here.

    >>> round(float(t_threshold(0.05, 99)), 4)
    1.9842
    """
    # The quantile of the *lower* tail: 1 - p/2 would round to 1 for small p. p = 0 comes back as +inf or -inf.
    return np.abs(stdtrit(degrees_of_freedom, np.asarray(p, dtype=np.float64) / 2))


# --- One block: (n_words, n_block) -> (n_block,) ---


def _paired_block(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """The paired test of a block of neurons, (n_words, n_block) twice."""
    difference = np.subtract(target, baseline, dtype=np.float64)
    n_words = difference.shape[0]
    mean, variance = _mean_and_variance(difference)
    degrees_of_freedom = np.full_like(mean, n_words - 1)
    sd = _nan_for_zero(np.sqrt(variance))
    statistic = mean / (sd / np.sqrt(n_words))
    return NeuronTests(
        statistic=statistic,
        p_value=_two_sided_p(statistic, degrees_of_freedom),
        degrees_of_freedom=degrees_of_freedom,
        mean_difference=mean,
        cohens_d=mean / sd,
        auc=_auc_block(target, baseline),
    )


def _welch_block(target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Welch's test of a block of neurons, (n_target, n_block) and (n_baseline, n_block)."""
    n_target, n_baseline = target.shape[0], baseline.shape[0]
    mean_target, variance_target = _mean_and_variance(target.astype(np.float64))
    mean_baseline, variance_baseline = _mean_and_variance(baseline.astype(np.float64))
    mean_difference = mean_target - mean_baseline
    squared_error = _nan_for_zero(variance_target / n_target + variance_baseline / n_baseline)
    statistic = mean_difference / np.sqrt(squared_error)
    # Welch-Satterthwaite through the target's share of the error: no fourth powers that could underflow.
    share = variance_target / n_target / squared_error
    degrees_of_freedom = 1 / (share**2 / (n_target - 1) + (1 - share) ** 2 / (n_baseline - 1))
    return NeuronTests(
        statistic=statistic,
        p_value=_two_sided_p(statistic, degrees_of_freedom),
        degrees_of_freedom=degrees_of_freedom,
        mean_difference=mean_difference,
        cohens_d=mean_difference / np.sqrt(_nan_for_zero((variance_target + variance_baseline) / 2)),
        auc=_auc_block(target, baseline),
    )


def _auc_block(target: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The AUC of a block of neurons, (n_target, n_block) and (n_baseline, n_block)."""
    # One row per neuron, so that sorting and searching run over contiguous memory. With both rows sorted,
    # a binary search per neuron beats ranking all neurons at once by argsort about fivefold.
    ordered_target = np.sort(np.ascontiguousarray(target.T), axis=1)
    ordered_baseline = np.sort(np.ascontiguousarray(baseline.T), axis=1)
    wins = np.empty(target.shape[1])
    for neuron, (row, against) in enumerate(zip(ordered_target, ordered_baseline, strict=True)):
        # Baseline words strictly below each target word, and below or equal: their mean counts a tie one half.
        below = against.searchsorted(row, "left").sum()
        not_above = against.searchsorted(row, "right").sum()
        wins[neuron] = (below + not_above) / 2
    return wins / (target.shape[0] * baseline.shape[0])


def _mean_and_variance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Column means and variances (n - 1) of float64 (n_words, n_block); a column of one value has exactly 0."""
    # A constant column is told by its values: the mean of n equal numbers may be off in the last bit, and
    # that dust would pass for a tiny variance and a huge t.
    constant = values.max(axis=0) == values.min(axis=0)
    mean = np.where(constant, values[0], values.mean(axis=0))
    variance = np.square(values - mean).sum(axis=0) / (values.shape[0] - 1)
    return mean, variance


def _nan_for_zero(scale: np.ndarray) -> np.ndarray:
    """Zero becomes NaN, so that dividing by it says "cannot be tested", silently, instead of infinity."""
    return np.where(scale > 0, scale, np.nan)


def _two_sided_p(statistic: np.ndarray, degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Twice the lower tail at -|t|: unlike 1 - CDF it keeps its precision down to the smallest float64."""
    return np.minimum(2 * stdtr(degrees_of_freedom, -np.abs(statistic)), 1.0)


# --- All blocks ---


def _tests_by_block(
    block_test: Callable[[np.ndarray, np.ndarray], NeuronTests], target: np.ndarray, baseline: np.ndarray
) -> NeuronTests:
    """Run ``block_test`` over all layers and neurons, in blocks that bound the memory, and put the answers together."""
    names = [field.name for field in fields(NeuronTests)]
    whole = {name: np.empty(_per_neuron_shape(target)) for name in names}
    for lead, columns in _blocks(target, baseline):
        part = block_test(target[lead][:, columns], baseline[lead][:, columns])
        for name in names:
            whole[name][lead][columns] = getattr(part, name)
    return NeuronTests(**whole)


def _blocks(target: np.ndarray, baseline: np.ndarray) -> list[Block]:
    """Every layer (or the only one), cut into slices of neurons that hold about ``BLOCK_VALUES`` values."""
    n_words, n_neurons = target.shape[-2] + baseline.shape[-2], target.shape[-1]
    width = max(1, BLOCK_VALUES // n_words)
    return [
        (lead, slice(start, start + width))
        for lead in np.ndindex(target.shape[:-2])
        for start in range(0, n_neurons, width)
    ]


def _per_neuron_shape(activations: np.ndarray) -> tuple[int, ...]:
    """(..., n_words, n_neurons) -> (..., n_neurons)."""
    return (*activations.shape[:-2], activations.shape[-1])


# --- What callers may get wrong ---


def _check_axes(target: np.ndarray, baseline: np.ndarray) -> None:
    """Both arrays have a words and a neurons axis, and agree in everything but the number of words."""
    for name, activations in (("target", target), ("baseline", baseline)):
        if activations.ndim < 2:
            raise UserError(
                f"The {name} activations must have one row per word and one column per neuron; "
                f"an array of shape {activations.shape} came."
            )
    if target.shape[-1] != baseline.shape[-1]:
        raise UserError(
            "Target and baseline must come from the same neurons: "
            f"{target.shape[-1]:,} and {baseline.shape[-1]:,} neurons came."
        )
    if target.shape[:-2] != baseline.shape[:-2]:
        raise UserError(
            "Target and baseline must come from the same layers: "
            f"arrays of shape {target.shape} and {baseline.shape} came."
        )


def _check_words(target: np.ndarray, baseline: np.ndarray, *, at_least: int) -> None:
    """Each group has enough words."""
    n_target, n_baseline = target.shape[-2], baseline.shape[-2]
    if min(n_target, n_baseline) < at_least:
        raise UserError(
            f"A comparison needs at least {at_least} target and {at_least} baseline words: "
            f"{n_target:,} and {n_baseline:,} came."
        )


def _check_finite(target: np.ndarray, baseline: np.ndarray) -> None:
    """No NaN and no infinity: one would silently take its neuron out of the family."""
    for name, activations in (("target", target), ("baseline", baseline)):
        # Layer by layer, as everything here, to bound the memory.
        n_bad = sum(
            layer.size - np.count_nonzero(np.isfinite(layer))
            for layer in (activations[lead] for lead in np.ndindex(activations.shape[:-2]))
        )
        if n_bad:
            raise UserError(
                f"{n_bad:,} of the {activations.size:,} {name} activations are not finite (NaN or infinity), "
                "and a t-test cannot use them."
            )
