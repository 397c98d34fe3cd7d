"""Two-sample tests and effect sizes, neuron by neuron: arrays in, arrays out.

Activations come as float32, often (n_layers, n_words, n_neurons), in memory or mapped from a file, and are read a
block of neurons at a time (``core.neuron_blocks``). All arithmetic is float64. Only ``scipy.special`` is imported:
``scipy.stats`` would cost the app more than a second at start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TypeAlias

import numpy as np
from scipy.special import stdtr, stdtrit

from core.neuron_blocks import Answers, Block, by_block, shaped
from core.pairs_won import wins_by_search, wins_of_float32
from core.records import NeuronTests, UserError

# A test of one block: the two groups' float64 rows, (n_block, n_target) and (n_block, n_baseline), and a spare array
# (n_block, n_target + n_baseline) to write in, to all answers but the AUC.
RowTest: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray], Answers]


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
    return _tests_by_block(_paired_rows, target, baseline)


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
    return _tests_by_block(_welch_rows, target, baseline)


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
    return _answers(_auc_only, ["auc"], target, baseline)["auc"]


def t_threshold(p: float | np.ndarray, degrees_of_freedom: float | np.ndarray) -> np.ndarray:
    """The |t| at which the two-sided p-value equals ``p``: 0 for p = 1, infinite for p = 0, NaN for NaN.

    Both arguments may be numbers or arrays that broadcast; the answer is float64 of the common shape (a NumPy
    scalar for two numbers). Small p keep their precision, down to 1e-300 at the degrees of freedom that occur here.

    >>> round(float(t_threshold(0.05, 99)), 4)
    1.9842
    """
    # The quantile of the *lower* tail: 1 - p/2 would round to 1 for small p. p = 0 comes back as +inf or -inf.
    return np.abs(stdtrit(degrees_of_freedom, np.asarray(p, dtype=np.float64) / 2))


# --- One block of neurons, one row per neuron: (n_block, n_words) -> (n_block,) ---


def _paired_rows(target: np.ndarray, baseline: np.ndarray, spare: np.ndarray) -> Answers:
    """The paired test of float64 rows, (n_block, n_words) twice."""
    n_words = target.shape[1]
    difference = np.subtract(target, baseline, out=shaped(spare, target.shape))
    mean, variance = _mean_and_variance(difference, spare)
    degrees_of_freedom = np.full_like(mean, n_words - 1)
    sd = _nan_for_zero(np.sqrt(variance))
    statistic = mean / (sd / np.sqrt(n_words))
    return {
        "statistic": statistic,
        "p_value": _two_sided_p(statistic, degrees_of_freedom),
        "degrees_of_freedom": degrees_of_freedom,
        "mean_difference": mean,
        "cohens_d": mean / sd,
    }


def _welch_rows(target: np.ndarray, baseline: np.ndarray, spare: np.ndarray) -> Answers:
    """Welch's test of float64 rows, (n_block, n_target) and (n_block, n_baseline)."""
    n_target, n_baseline = target.shape[1], baseline.shape[1]
    mean_target, variance_target = _mean_and_variance(target, spare)
    mean_baseline, variance_baseline = _mean_and_variance(baseline, spare)
    mean_difference = mean_target - mean_baseline
    squared_error = _nan_for_zero(variance_target / n_target + variance_baseline / n_baseline)
    statistic = mean_difference / np.sqrt(squared_error)
    # Welch-Satterthwaite through the target's share of the error: no fourth powers that could underflow.
    share = variance_target / n_target / squared_error
    degrees_of_freedom = 1 / (share**2 / (n_target - 1) + (1 - share) ** 2 / (n_baseline - 1))
    return {
        "statistic": statistic,
        "p_value": _two_sided_p(statistic, degrees_of_freedom),
        "degrees_of_freedom": degrees_of_freedom,
        "mean_difference": mean_difference,
        "cohens_d": mean_difference / np.sqrt(_nan_for_zero((variance_target + variance_baseline) / 2)),
    }


def _auc_only(target: np.ndarray, baseline: np.ndarray, spare: np.ndarray) -> Answers:
    """No test at all, where only the AUC is wanted."""
    return {}


def _mean_and_variance(rows: np.ndarray, spare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances (n - 1) of float64 rows (n_block, n_words); a row of one value has exactly 0.

    The beginning of ``spare`` is overwritten; the rows themselves may lie there.
    """
    # A constant row is told by its values: the mean of n equal numbers may be off in the last bit, and that dust
    # would pass for a tiny variance and a huge t.
    constant = rows[:, 0] == rows[:, -1]  # which most are not, and need no closer look
    constant[constant] = (rows[constant] == rows[constant, :1]).all(axis=1)
    mean = np.where(constant, rows[:, 0], rows.mean(axis=1))
    # Two passes: the mean of the squares less the square of the mean would lose a small spread round a large mean.
    deviation = np.subtract(rows, mean[:, None], out=shaped(spare, rows.shape))
    return mean, np.vecdot(deviation, deviation) / (rows.shape[1] - 1)


def _nan_for_zero(scale: np.ndarray) -> np.ndarray:
    """Zero becomes NaN, so that dividing by it says "cannot be tested", silently, instead of infinity."""
    return np.where(scale > 0, scale, np.nan)


def _two_sided_p(statistic: np.ndarray, degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Twice the lower tail at -|t|: unlike 1 - CDF it keeps its precision down to the smallest float64."""
    return np.minimum(2 * stdtr(degrees_of_freedom, -np.abs(statistic)), 1.0)


# --- All blocks ---


def _tests_by_block(row_test: RowTest, target: np.ndarray, baseline: np.ndarray) -> NeuronTests:
    """Run ``row_test`` and the AUC over all layers and neurons."""
    return NeuronTests(**_answers(row_test, [field.name for field in fields(NeuronTests)], target, baseline))


def _answers(row_test: RowTest, names: list[str], target: np.ndarray, baseline: np.ndarray) -> Answers:
    def answer(block: Block) -> Answers:
        if not np.isfinite(block.values).all():
            raise FloatingPointError("A value is not finite.")
        # The test comes first: the count of pairs takes the place of the float64 values.
        return {**row_test(*block.groups, block.spare), "auc": _auc_of(block)}

    try:
        return by_block(answer, names, target, baseline)
    except FloatingPointError:
        _check_finite(target, baseline)
        raise


def _auc_of(block: Block) -> np.ndarray:
    """The share of pairs that each neuron of a block wins."""
    values, n_target = block.values, block.n_target
    if values.dtype == np.float32:
        spare = shaped(block.spare.view(np.float32), values.shape)
        wins = wins_of_float32(values, n_target, spare, block.wide.view(np.int32))
    else:
        wins = wins_by_search(values, n_target)
    return wins / (n_target * (values.shape[1] - n_target))


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
