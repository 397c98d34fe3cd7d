"""Cautions: where the p-values of t-tests are too low, how often that was measured, and what to use instead.

The rates come from ``python -m benchmarks validity`` (docs/methods.md): tests with Holm's correction over all layers of
the bundled model, with words of the bundled lists. A run is counted if it has at least one finding.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from core.records import Caution, ContrastSpec, Remedy

# Before the nonlinearity, Welch's test is too unreliable for unequal groups if the smaller one has fewer units than
# this, and the larger one more than MAX_RATIO times as many. After it, no t-test is reliable.
ENOUGH_UNITS = 50
ENOUGH_UNITS_ABSOLUTE = 100  # of absolute values
MAX_RATIO = 3

# The share of runs with findings, by the sizes of the smaller and the larger group.
_Rates = dict[tuple[int, int], float]
# Welch's test of groups drawn from one list: there is nothing to find.
NOTHING_TO_FIND: dict[str, _Rates] = {
    "pre-activation": {
        (5, 20): 0.408,
        (5, 100): 0.898,
        (5, 500): 0.668,
        (8, 100): 0.420,
        (20, 100): 0.095,
        (20, 500): 0.080,
    },
    "activation": {
        (5, 100): 1.0,
        (20, 100): 0.750,
        (20, 500): 1.0,
        (50, 500): 0.928,
        (100, 500): 0.517,
        (200, 1_000): 0.382,
    },
}
# Nouns and verbs after the nonlinearity, each neuron shifted so that the means of the two lists are equal: Welch's
# test, the paired test, and Welch's test with max-T.
EQUAL_MEANS: _Rates = {(20, 20): 0.858, (50, 50): 0.710, (99, 99): 0.548, (200, 200): 0.310, (500, 500): 0.162}
EQUAL_MEANS_PAIRED: _Rates = {(20, 20): 0.732, (50, 50): 0.668, (99, 99): 0.520, (200, 200): 0.300, (500, 500): 0.152}
EQUAL_MEANS_MAX_T: _Rates = {(20, 20): 0.925, (50, 50): 0.850, (99, 99): 0.650, (200, 200): 0.432, (500, 500): 0.218}

# The same of absolute values, which lose their signs first: it is their means that are equal.
NOTHING_TO_FIND_ABSOLUTE: dict[str, _Rates] = {
    "pre-activation": {
        (5, 20): 0.552,
        (5, 100): 0.958,
        (5, 500): 0.792,
        (8, 100): 0.602,
        (20, 100): 0.138,
        (20, 500): 0.142,
        (50, 500): 0.082,
    },
    "activation": {
        (5, 100): 1.0,
        (20, 100): 0.562,
        (20, 500): 0.938,
        (50, 500): 0.590,
        (100, 500): 0.220,
        (200, 1_000): 0.248,
    },
}
EQUAL_MEANS_ABSOLUTE: _Rates = {(20, 20): 0.623, (50, 50): 0.573, (99, 99): 0.527, (200, 200): 0.310, (500, 500): 0.205}
EQUAL_MEANS_ABSOLUTE_MAX_T: _Rates = {
    (20, 20): 0.740,
    (50, 50): 0.703,
    (99, 99): 0.610,
    (200, 200): 0.388,
    (500, 500): 0.258,
}

_NO_P = "This protocol does not select by p, but p is shown beside it."


def cautions(spec: ContrastSpec, n_target: int, n_baseline: int, family_size: int) -> tuple[Caution, ...]:
    """What to know before one believes the p-values of a contrast with these settings and numbers of units.

    Parameters
    ----------
    spec : ContrastSpec
    n_target, n_baseline : int
        The number of units (words, or lemmas) in each class.
    family_size : int
        The number of tests that are corrected together.

    Returns
    -------
    tuple of Caution
        Empty, or one caution, for a t-test without max-T: before the nonlinearity, if one class has fewer than 50 units
        (of a test of absolute values, 100) and the other more than three times as many; after the nonlinearity,
        always. No remedy's settings have a caution.

    Examples
    --------
    >>> cautions(ContrastSpec(test="welch"), 100, 100, 512)
    ()
    >>> [caution] = cautions(ContrastSpec(test="welch", n_target=5), 5, 100, 512)
    >>> [remedy.label for remedy in caution.remedies]
    ['Use max-T', 'Use Mann-Whitney', 'Use 5 words of both classes']
    """
    if not spec.tested_by.is_t_test or spec.corrected_by.permutes:
        return ()
    small, large = sorted((n_target, n_baseline))
    unequal = large > MAX_RATIO * small
    after = spec.hook_side == "activation"
    enough = ENOUGH_UNITS_ABSOLUTE if spec.tested_by.absolute else ENOUGH_UNITS
    if not after and (small >= enough or not unequal):
        return ()
    # After the nonlinearity, equal counts do not help. The counts of a spec are of words, so that they cannot make the
    # numbers of lemmas equal.
    equal_count = small if unequal and not after and spec.unit == "word" else None
    sentences = [
        *([_NO_P] if spec.top_share is not None else []),
        _unequal_groups(spec, small, large) if unequal else _equal_means(spec, small, large),
        _advice(spec, small, large, equal_count),
        *_too_few(spec, small, large, family_size),
    ]
    return (Caution(" ".join(sentences), _remedies(spec, equal_count)),)


def _unequal_groups(spec: ContrastSpec, small: int, large: int) -> str:
    rates = (NOTHING_TO_FIND_ABSOLUTE if spec.tested_by.absolute else NOTHING_TO_FIND)[spec.hook_side]
    (few, many), rate = _nearest(rates, small, large)
    where = "after" if spec.hook_side == "activation" else "before"
    return (
        f"Groups of {small:,} and {large:,} {spec.unit}s are too unequal for a t-test: its p-values are too low. The "
        f"nearest measured case, where there is nothing to find, is {few:,} against {many:,} words of one list {where} "
        f"the nonlinearity: Welch's test{_of_values(spec)} with Holm's correction had findings in {rate:.0%} of runs, "
        "instead of at most 5%."
    )


def _equal_means(spec: ContrastSpec, small: int, large: int) -> str:
    paired = spec.tested_by.paired
    rates, name = (EQUAL_MEANS_PAIRED, "the paired test") if paired else (EQUAL_MEANS, "Welch's test")
    mean = "mean"
    if spec.tested_by.absolute:
        rates, name, mean = EQUAL_MEANS_ABSOLUTE, f"Welch's test{_of_values(spec)}", "mean absolute value"
    (few, many), rate = _nearest(rates, small, large)
    return (
        "After the nonlinearity, a mean depends on a few high values, and a t-test finds differences in mean that are "
        f"not there. The nearest measured case to {small:,} and {large:,} {spec.unit}s, where the means are equal and "
        f"only spread and shape differ, is {few:,} nouns and {many:,} verbs, shifted to the same {mean}: {name} with "
        f"Holm's correction had findings in {rate:.0%} of runs, instead of at most 5%."
    )


def _of_values(spec: ContrastSpec) -> str:
    return " of absolute values" if spec.tested_by.absolute else ""


def _ranks_help(spec: ContrastSpec) -> bool:
    """Whether Mann-Whitney asks the same question. It pairs no words, and its values keep their signs."""
    return not spec.tested_by.paired and not spec.tested_by.absolute


def _advice(spec: ContrastSpec, small: int, large: int, equal_count: int | None) -> str:
    """What the remedies do, and what they do not do."""
    names, verb = ("Max-T and Mann-Whitney", "keep") if _ranks_help(spec) else ("Max-T", "keeps")
    equal = ", and so do equal counts" if equal_count is not None else ""
    sentence = f"{names} {verb} to 5% if the groups have the same distribution{equal}."
    if spec.hook_side != "activation":
        return sentence
    rates = EQUAL_MEANS_ABSOLUTE_MAX_T if spec.tested_by.absolute else EQUAL_MEANS_MAX_T
    (few, many), rate = _nearest(rates, small, large)
    return (
        f"{sentence} But a finding is then a difference in distribution, not always in mean: for {few:,} nouns and "
        f"{many:,} verbs with equal means{_of_values(spec)}, Welch's test with max-T had findings in {rate:.0%}."
    )


def _too_few(spec: ContrastSpec, small: int, large: int, family_size: int) -> list[str]:
    """Which remedies cannot find anything in so few units."""
    sentences = []
    if _smallest_p_of_max_t(spec.tested_by.paired, small, large) > spec.alpha:
        sentences.append("With so few, max-T cannot find anything: there are too few different permutations.")
    largest = _largest_z(small, large)
    needed = float(-ndtri(spec.alpha / max(family_size, 1) / 2))
    if _ranks_help(spec) and spec.corrected_by.first_step and largest < needed:
        sentences.append(
            f"With so few, Mann-Whitney cannot find anything with this correction: its largest possible z is "
            f"{largest:.2f}, and {family_size:,} tests need {needed:.2f}."
        )
    return sentences


def _largest_z(small: int, large: int) -> float:
    """The z of the Mann-Whitney test if all values of one group are above all of the other."""
    pairs = small * large
    return (pairs / 2 - 0.5) / math.sqrt(pairs * (small + large + 1) / 12)


def _smallest_p_of_max_t(paired: bool, small: int, large: int) -> float:
    """The share of the permutations whose |statistic| is largest by construction.

    That is one permutation, and, where both groups are equally large, also the one with exchanged groups.
    """
    if paired:
        return 2 / 2**small
    return (2 if small == large else 1) / math.comb(small + large, small)


def _remedies(spec: ContrastSpec, equal_count: int | None) -> tuple[Remedy, ...]:
    remedies = [Remedy("Use max-T", (("correction", "max_t"),))]
    if _ranks_help(spec):
        remedies.append(Remedy("Use Mann-Whitney", (("test", "mannwhitney"),)))
    if equal_count is not None:
        changes = (("n_target", equal_count), ("n_baseline", equal_count))
        remedies.append(Remedy(f"Use {equal_count:,} words of both classes", changes))
    return tuple(remedies)


def _nearest(rates: _Rates, small: int, large: int) -> tuple[tuple[int, int], float]:
    """The measured sizes nearest to these on a logarithmic scale, and their rate."""
    sizes = min(rates, key=lambda size: math.log(size[0] / small) ** 2 + math.log(size[1] / large) ** 2)
    return sizes, rates[sizes]
