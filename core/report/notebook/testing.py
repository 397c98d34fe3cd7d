"""Code of the notebook that tests: the statistic of every neuron, effect sizes, and the correction.

Written out with NumPy and SciPy, not with this project's own functions: the numbers are computed in a second way.
"""

from __future__ import annotations

from core.records import ContrastSpec

_PAIRED = """\
def run_test(target, baseline):
    \"\"\"Paired t of every neuron: [..., n, d] twice -> statistic, p [..., d]. Pair i is word i of both lists.\"\"\"
    difference = target.astype(np.float64) - baseline.astype(np.float64)
    found = stats.ttest_1samp(difference, 0.0, axis=-2)
    varies = (difference != difference[..., :1, :]).any(axis=-2)
    return np.where(varies, found.statistic, np.nan), np.where(varies, found.pvalue, np.nan)


def cohens_d(target, baseline):
    \"\"\"The mean of the differences, in their standard deviations (d_z).\"\"\"
    difference = target.astype(np.float64) - baseline.astype(np.float64)
    return difference.mean(axis=-2) / difference.std(axis=-2, ddof=1)"""

_D_AV = """\
def cohens_d(target, baseline):
    \"\"\"The difference in mean, in standard deviations (d_av).\"\"\"
    target, baseline = target.astype(np.float64), baseline.astype(np.float64)
    variance = (target.var(axis=-2, ddof=1) + baseline.var(axis=-2, ddof=1)) / 2
    return (target.mean(axis=-2) - baseline.mean(axis=-2)) / np.sqrt(variance)"""

_WELCH = f"""\
def run_test(target, baseline):
    \"\"\"Welch's t of every neuron: [..., n, d] twice -> statistic, p [..., d].\"\"\"
    found = stats.ttest_ind(target.astype(np.float64), baseline.astype(np.float64), axis=-2, equal_var=False)
    varies = (target != target[..., :1, :]).any(axis=-2) | (baseline != baseline[..., :1, :]).any(axis=-2)
    return np.where(varies, found.statistic, np.nan), np.where(varies, found.pvalue, np.nan)


{_D_AV}"""

_MANN_WHITNEY = f"""\
def run_test(target, baseline):
    \"\"\"Mann and Whitney's z of every neuron, corrected for continuity: [..., n, d] twice -> z, p [..., d].\"\"\"
    both, n1, n2 = np.concatenate([target, baseline], axis=-2), target.shape[-2], baseline.shape[-2]
    found = stats.mannwhitneyu(target, baseline, axis=-2, method="asymptotic")
    distance = found.statistic - n1 * n2 / 2
    z = np.sign(distance) * np.maximum(np.abs(distance) - 0.5, 0) / sd_of_u(both, n1)
    varies = (both != both[..., :1, :]).any(axis=-2)
    return np.where(varies, z, np.nan), np.where(varies, found.pvalue, np.nan)


def sd_of_u(both, n1):
    \"\"\"The standard deviation of U if the classes do not differ; equal values make it smaller.\"\"\"
    n = both.shape[-2]
    ranks = 2 * stats.rankdata(both, axis=-2) - (n + 1)  # their squares are fewer if values are equal
    return np.sqrt(n1 * (n - n1) / (n * (n - 1)) * (ranks**2).sum(axis=-2)) / 2


{_D_AV}"""

_AUC = """\
def auc(target, baseline):
    \"\"\"The share of pairs in which the target is higher; a tie counts one half.\"\"\"
    n1, n2 = target.shape[-2], baseline.shape[-2]
    ranks = stats.rankdata(np.concatenate([target, baseline], axis=-2), axis=-2)
    return (ranks[..., :n1, :].sum(axis=-2) - n1 * (n1 + 1) / 2) / (n1 * n2)"""

_RUN = """\
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # neurons that do not vary have no statistic: NaN
    with np.errstate(all="ignore"):
        statistic, p_value = run_test(target, baseline)  # [n_layers, D_MLP]
        at = LAYERS.index(LAYER)
        d = cohens_d(target[at], baseline[at])
        area = auc(target[at], baseline[at])
print(f"{np.isfinite(statistic[at]).sum():,} of {D_MLP:,} neurons of layer {LAYER} can be tested")"""

_TEST = {"paired": _PAIRED, "welch": _WELCH, "mannwhitney": _MANN_WHITNEY, "welch_absolute": _WELCH}

_ADJUSTED = {
    "none": "p",
    "bonferroni": "p * m",
    "sidak": "-np.expm1(m * np.log1p(-p))",
    "holm": "np.maximum.accumulate(p * (m - np.arange(m)))",
    "fdr_bh": "np.minimum.accumulate((p * m / np.arange(1, m + 1))[::-1])[::-1]",
    "fdr_by": "np.minimum.accumulate((p * m * (1 / np.arange(1, m + 1)).sum() / np.arange(1, m + 1))[::-1])[::-1]",
}

_SIDAK = """

    The formula is 1 - (1 - p)^m, without the subtractions, which would round a small p to 0.
    """

_CORRECT = """\
def adjust(p_value):
    \"\"\"The adjusted p-values of one family; NaN, which was not tested, is not in it.EXPLAINED\"\"\"
    tested = np.flatnonzero(~np.isnan(p_value))
    order = tested[np.argsort(p_value[tested], kind="stable")]
    p, m = p_value[order], len(order)  # from the smallest to the largest
    adjusted = np.full(p_value.shape, np.nan)
    adjusted[order] = np.minimum(FORMULA, 1)
    return adjusted


p_adjusted = adjust(p_value.ravel()).reshape(p_value.shape)  # all layers that were read are one family"""

_SIGN_FLIPS = """\
both = target.astype(np.float64) - baseline  # the differences of the pairs
both = np.concatenate(list(both), axis=-1)  # [n_pairs, n_layers * D_MLP]
n = len(both)
labels = np.random.default_rng(SEED).integers(0, 2, (N_PERMUTATIONS, n), dtype=np.uint8).astype(bool)
observed_labels = np.ones((1, n), bool)


def sizes(labels, values):
    \"\"\"|t| with the signs of some pairs changed: [n_permutations, n_pairs] -> [n_permutations, n_neurons].\"\"\"
    mean = np.where(labels, 1.0, -1.0) @ values / n
    variance = ((values**2).sum(axis=0) - n * mean**2) / (n - 1)
    return np.where(variance > 1e-11, np.abs(mean) / np.sqrt(variance / n), np.inf)


def prepared(values):
    \"\"\"In units in which no sum is very large or small; t does not change.\"\"\"
    return values / np.sqrt((values**2).mean(axis=0))"""

_DEAL = """\
both = np.concatenate([target, baseline], axis=1)  # [n_layers, n, D_MLP]
both = np.concatenate(list(both), axis=-1)  # [n, n_layers * D_MLP]
n, n1 = len(both), target.shape[1]
n2 = n - n1
labels = np.zeros((N_PERMUTATIONS, n), bool)
labels[:, :n1] = True
observed_labels = labels[:1].copy()
labels = np.random.default_rng(SEED).permuted(labels, axis=1)"""

_WELCH_SIZES = """\
def sizes(labels, values):
    \"\"\"|t| of other target words: [n_permutations, n] -> [n_permutations, n_neurons].\"\"\"
    chosen = labels.astype(np.float64)
    sums, squares = chosen @ values, chosen @ values**2
    rest, other_squares = values.sum(axis=0) - sums, (values**2).sum(axis=0) - squares
    error = (squares - sums**2 / n1) / (n1 - 1) / n1 + (other_squares - rest**2 / n2) / (n2 - 1) / n2
    return np.where(error > 1e-11, np.abs(sums / n1 - rest / n2) / np.sqrt(error), np.inf)


def prepared(values):
    \"\"\"In units in which no sum is very large or small; t does not change.\"\"\"
    values = values.astype(np.float64)
    return (values - values.mean(axis=0)) / values.std(axis=0)"""

_RANK_SIZES = """\
def sizes(labels, values):
    \"\"\"|z| of other target words: [n_permutations, n] -> [n_permutations, n_neurons].\"\"\"
    ranks, sd = values
    distance = np.abs(labels.astype(np.float64) @ ranks) / 2
    return np.maximum(distance - 0.5, 0) / sd


def prepared(values):
    \"\"\"Centred ranks, doubled so that they are whole, and the standard deviation of U.\"\"\"
    return 2 * stats.rankdata(values, axis=0) - (n + 1), sd_of_u(values, n1)"""

_SIZES = {"paired": _SIGN_FLIPS, "welch": _WELCH_SIZES, "mannwhitney": _RANK_SIZES, "welch_absolute": _WELCH_SIZES}

_STEP_DOWN = """\
tested = np.flatnonzero(np.isfinite(statistic.ravel()))
with np.errstate(all="ignore"):
    observed = sizes(observed_labels, prepared(both[:, tested]))[0]
    order = np.argsort(observed, kind="stable")  # from the smallest |statistic| to the largest
    observed, values = observed[order], prepared(both[:, tested[order]])
    counts = np.zeros(len(order))
    for first in range(0, N_PERMUTATIONS, 200):
        # the largest of each neuron and all those below it, in each permutation
        largest = np.maximum.accumulate(sizes(labels[first : first + 200], values), axis=1)
        counts += (largest >= observed - 1e-9 * np.maximum(1, observed)).sum(axis=0)
p = (1 + counts) / (N_PERMUTATIONS + 1)
p_adjusted = np.full(statistic.size, np.nan)
p_adjusted[tested[order]] = np.maximum.accumulate(p[::-1])[::-1]  # a smaller statistic has no smaller p
p_adjusted = p_adjusted.reshape(statistic.shape)"""


def without_plain_version(spec: ContrastSpec) -> str:
    """A sentence where the test or the correction of a spec is not written out for the notebook; else empty.

    Examples
    --------
    >>> without_plain_version(ContrastSpec())
    ''
    """
    missing = [] if spec.test in _TEST else [f"the test {spec.tested_by.label}"]
    if spec.corrected_by.permutes:
        missing += [] if spec.test in _SIZES else ["its permutations"]
    elif spec.correction not in _ADJUSTED:
        missing.append(f"the correction {spec.corrected_by.label}")
    if not missing:
        return ""
    return f"There is no notebook: {' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no plain version."


def statistic_code(spec: ContrastSpec) -> str:
    """Code that tests every neuron."""
    return f"{_TEST[spec.test]}\n\n\n{_AUC}\n\n\n{_RUN}"


def correction_code(spec: ContrastSpec) -> str:
    """Code that corrects for many tests."""
    if not spec.corrected_by.permutes:
        about = _SIDAK if spec.correction == "sidak" else ""
        return _CORRECT.replace("FORMULA", _ADJUSTED[spec.correction]).replace("EXPLAINED", about)
    if spec.tested_by.paired:
        return f"{_SIZES[spec.test]}\n\n\n{_STEP_DOWN}"
    return f"{_DEAL}\n\n\n{_SIZES[spec.test]}\n\n\n{_STEP_DOWN}"


CONTROL = """\
rng = np.random.default_rng(1)
everything = np.concatenate([target[at], baseline[at]])  # [n, D_MLP]
dealt = rng.permutation(len(everything))
one, other = everything[dealt[: target.shape[1]]], everything[dealt[target.shape[1] :]]
with warnings.catch_warnings(), np.errstate(all="ignore"):
    warnings.simplefilter("ignore")
    by_chance, _ = run_test(one, other)
print(f"Largest |statistic|: {np.nanmax(np.abs(statistic[at])):.2f} with the real classes, "
      f"{np.nanmax(np.abs(by_chance)):.2f} with shuffled ones")"""
