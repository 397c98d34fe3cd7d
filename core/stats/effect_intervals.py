"""Effect sizes with 95% confidence intervals: Hedges' g and the AUC."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from scipy.special import expit, logit, ndtri, stdtrit

from core.records import EffectSizes
from core.stats.checks import check_groups
from core.stats.effect_moments import d_of_groups, d_of_pairs, g_of_groups, g_of_pairs, hedges_correction
from core.stats.neuron_blocks import Columns, by_block
from core.stats.ranks import placement_squares

_TAIL = 0.025  # on each side of a 95% interval
_Z = float(-ndtri(_TAIL))


def effect_sizes(target: np.ndarray, baseline: np.ndarray, *, paired: bool) -> EffectSizes:
    """Hedges' g and the limits of the AUC for every neuron of a layer, with 95% confidence intervals.

    g is Cohen's d of the test, d_av or for pairs d_z, times J (``hedges_correction``), which removes the bias of d in
    small samples of normal values. Its limits are g -+ t sqrt(V). V is the variance of d by the delta method, from the
    values' own skewness and kurtosis, so that it holds for values that are not normal: with c = x - m,

    ======  ======================================================  ============================
    d_av    mean square of c / s - d (c^2 - s_i^2) / (4 s^2)        over n, added for i = 1, 2
    d_z     mean square of c / s - d (c^2 - s^2) / (2 s^2)          over n
    ======  ======================================================  ============================

    s^2 is the mean of both variances, or the variance of the differences; group 2 has -c in place of c. t is the 97.5%
    quantile of Student's t with the degrees of freedom of Welch's or the paired test. The limits of the AUC are those
    of ``auc_limits``; they ignore the pairing.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_units, n_neurons)
        One row per word or lemma.
    paired : bool
        Whether row i of one is paired with row i of the other.

    Returns
    -------
    EffectSizes
        float64 arrays of shape (n_neurons,). ``hedges_g`` and its limits are NaN where d is (no spread) or has no
        expected value (1 degree of freedom, as with two pairs). The AUC's limits are NaN if all values are equal.

    Raises
    ------
    UserError (a ValueError)
        The shapes do not fit, a group has fewer than two rows, or some values are not finite.

    Notes
    -----
    Simulated coverage of g's interval for d of 0, 0.5, 1 and 2: in independent groups of 10 to 500 normal values 94 to
    97%; in groups of 100 exponential values 91 to 95%, of 500 (standard deviations equal, or as 1 to 1.5) 93 to 96%.
    Bonett's interval, which takes the values as normal, covers 75 to 95% of the last. Few values against many are
    covered less: 5 against 100 normal values 92 to 95%, exponential ones 88 to 98%. Pairs: normal differences 92 to
    98%; exponential ones 92 to 95% for 500 pairs, but for 20 pairs of d = 2 only 80%.

    References
    ----------
    Hedges (1981), Journal of Educational Statistics 6:107-128. Delacre, Lakens, Ley, Liu & Leys (2021), Why Hedges'
    g*s based on the non-pooled standard deviation should be reported with Welch's t-test, PsyArXiv. Bonett (2008),
    Psychological Methods 13:99-109 (V for normal values). van der Vaart (1998), Asymptotic Statistics, chapter 3 (the
    delta method).

    Examples
    --------
    Four words of each class:

    >>> target, baseline = np.array([[3.0], [4.0], [5.0], [6.0]]), np.array([[1.0], [2.0], [3.0], [5.0]])
    >>> sizes = effect_sizes(target, baseline, paired=False)
    >>> [float(array[0].round(2)) for array in (sizes.hedges_g_low, sizes.hedges_g, sizes.hedges_g_high)]
    [-0.95, 0.99, 2.94]
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2, paired=paired)
    n_target, n_baseline = target.shape[-2], baseline.shape[-2]

    def compute(rows: np.ndarray) -> Columns:
        low, high = auc_limits(*placement_squares(rows, n_target), n_target, n_baseline)
        one_value = (rows == rows[:, :1]).all(axis=1)
        low[one_value] = high[one_value] = np.nan
        wide = rows.astype(np.float64)
        # [n_block, n_units] -> [n_block, n_target] and [n_block, n_baseline]
        g, variance, df = (g_of_pairs if paired else g_of_groups)(wide[:, :n_target], wide[:, n_target:])
        half = -stdtrit(df, _TAIL) * np.sqrt(variance)
        return {
            "hedges_g": g,
            "hedges_g_low": g - half,
            "hedges_g_high": g + half,
            "auc_low": low,
            "auc_high": high,
        }

    return EffectSizes(**by_block(compute, [field.name for field in fields(EffectSizes)], target, baseline))


def hedges_g(target: np.ndarray, baseline: np.ndarray, *, paired: bool) -> np.ndarray:
    """Hedges' g of every neuron without its interval, which takes most of the time of ``effect_sizes``.

    Parameters
    ----------
    target, baseline, paired
        As in ``effect_sizes``.

    Returns
    -------
    ndarray
        float64 (n_neurons,), the ``hedges_g`` of ``effect_sizes`` to the last bit.

    Raises
    ------
    UserError (a ValueError)
        As in ``effect_sizes``.

    Examples
    --------
    >>> target, baseline = np.array([[3.0], [4.0], [5.0], [6.0]]), np.array([[1.0], [2.0], [3.0], [5.0]])
    >>> hedges_g(target, baseline, paired=False).round(2)
    array([0.99])
    """
    target, baseline = np.asarray(target), np.asarray(baseline)
    check_groups(target, baseline, at_least=2, paired=paired)
    n_target = target.shape[-2]

    def compute(rows: np.ndarray) -> Columns:
        wide = rows.astype(np.float64)
        d, df = (d_of_pairs if paired else d_of_groups)(wide[:, :n_target], wide[:, n_target:])
        return {"hedges_g": d * hedges_correction(df)}

    return by_block(compute, ["hedges_g"], target, baseline)["hedges_g"]


def auc_limits(
    u: np.ndarray, target_squares: np.ndarray, baseline_squares: np.ndarray, n_target: int, n_baseline: int
) -> tuple[np.ndarray, np.ndarray]:
    """The 95% confidence limits of the AUC: DeLong's on the logit scale, or Newcombe's where those are wider.

    DeLong's variance comes from the placements. If almost all pairs are won, or a group is small, it is estimated from
    a few of them only, and at an AUC of 0 or 1 it is 0. Newcombe's method 5 takes the variance from a model instead,
    and always has a width. It is the less true one if the groups' variances differ much.

    Parameters
    ----------
    u, target_squares, baseline_squares : ndarray of shape (n,)
        The result of ``core.stats.ranks.placement_squares``.
    n_target, n_baseline : int
        The numbers of words, at least two.

    Returns
    -------
    (ndarray, ndarray)
        float64 of shape (n,): the lower and upper limits, between 0 and 1.

    Notes
    -----
    Simulated coverage for groups of 5 to 500 normal or exponential values, equal and unequal, and an AUC of 0.5 to
    0.999: 94 to 99.9%. DeLong's interval covers 73 to 98% of the same on the logit scale, and 66 to 96% without it.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845. Qin & Hotilovac (2008), Statistical Methods in
    Medical Research 17:207-221 (the logit). Newcombe (2006), Statistics in Medicine 25:559-573 (method 5).

    Examples
    --------
    Of 400 pairs, all are won:

    >>> u, squares = np.array([400.0]), np.array([8000.0])
    >>> low, high = auc_limits(u, squares, squares, 20, 20)
    >>> low.round(3), high
    (array([0.899]), array([1.]))
    """
    auc = u / (n_target * n_baseline)
    low, high = _newcombe_limits(auc, n_target, n_baseline)
    inside = np.flatnonzero((auc > 0) & (auc < 1))
    a = auc[inside]
    # The variances of the placements, as shares of the other group, over the numbers of words
    target = (target_squares[inside] / n_baseline**2 - n_target * a**2) / (n_target - 1) / n_target
    baseline = (baseline_squares[inside] / n_target**2 - n_baseline * a**2) / (n_baseline - 1) / n_baseline
    half = _Z * np.sqrt(np.maximum(target + baseline, 0.0)) / (a * (1 - a))
    low[inside] = np.minimum(low[inside], expit(logit(a) - half))
    high[inside] = np.maximum(high[inside], expit(logit(a) + half))
    return low, high


def _newcombe_limits(auc: np.ndarray, n_target: int, n_baseline: int) -> tuple[np.ndarray, np.ndarray]:
    """The values (n,) below and above AUCs (n,) that are z of their own standard errors away, by bisection."""

    def limit(auc: np.ndarray) -> np.ndarray:
        near, far = auc.copy(), np.zeros_like(auc)
        for _ in range(50):
            middle = (near + far) / 2
            within = auc - middle <= _Z * np.sqrt(_model_variance(middle, n_target, n_baseline))
            near, far = np.where(within, middle, near), np.where(within, far, middle)
        return near

    return limit(auc), 1 - limit(1 - auc)


def _model_variance(auc: np.ndarray, n_target: int, n_baseline: int) -> np.ndarray:
    """The variance of an AUC under the exponential model of Hanley and McNeil, made symmetric by Newcombe."""
    more = (n_target + n_baseline) / 2 - 1
    return auc * (1 - auc) * (1 + more * ((1 - auc) / (2 - auc) + auc / (1 + auc))) / (n_target * n_baseline)
