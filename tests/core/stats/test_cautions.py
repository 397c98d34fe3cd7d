"""core.stats.cautions: when it warns, what it says, and that its remedies take the warning away."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from core.records import HOOK_SIDES, Caution, ContrastSpec
from core.stats import cautions as module
from core.stats.cautions import cautions
from core.stats.correction import adjust
from core.stats.mann_whitney import mann_whitney_test
from core.stats.permutation import max_t

SIZES = (2, 5, 8, 16, 17, 33, 49, 50, 99, 100, 150, 151, 300, 301, 500, 5_000)
FAMILY = 3_072


def of(n_target: int, n_baseline: int, **changes) -> tuple[Caution, ...]:
    """The cautions of Welch's test with Holm's correction, as in the careful preset, with words as units."""
    spec = ContrastSpec.careful(**{"unit": "word", "n_target": n_target, "n_baseline": n_baseline, **changes})
    return cautions(spec, n_target, n_baseline, FAMILY)


@pytest.mark.parametrize(
    "n_target, n_baseline, expected",
    [
        (5, 100, True),
        (100, 5, True),
        (49, 148, True),
        (49, 147, False),  # 3:1 is not above 3:1
        (50, 500, False),
        (5, 5, False),
    ],
)
@pytest.mark.parametrize("unit", ["word", "lemma"])
def test_welch_warns_of_small_unequal_groups_before_the_nonlinearity(n_target, n_baseline, expected, unit):
    assert bool(of(n_target, n_baseline, unit=unit)) is expected


def test_every_t_test_without_max_t_is_warned_of_after_the_nonlinearity():
    side = {"hook_side": "activation"}
    for n_target, n_baseline in itertools.product(SIZES, SIZES):
        for correction in ("none", "bonferroni", "sidak", "holm", "fdr_bh", "fdr_by"):
            case = (n_target, n_baseline, correction)
            assert of(n_target, n_baseline, correction=correction, **side), case
            assert of(n_target, n_target, test="paired", correction=correction, **side), case


def test_max_t_and_mann_whitney_are_never_warned_of():
    for side, n_target, n_baseline in itertools.product(HOOK_SIDES, SIZES, SIZES):
        case = (side, n_target, n_baseline)
        assert not of(n_target, n_baseline, correction="max_t", hook_side=side), case
        assert not of(n_target, n_target, test="paired", correction="max_t", hook_side=side), case
        assert not of(n_target, n_baseline, test="mannwhitney", hook_side=side), case


def test_the_paired_test_is_warned_of_after_the_nonlinearity_only_and_cannot_be_mann_whitney():
    assert not of(5, 5, test="paired", correction="bonferroni")
    [caution] = of(99, 99, test="paired", correction="bonferroni", hook_side="activation")
    assert [remedy.changes for remedy in caution.remedies] == [(("correction", "max_t"),)]
    assert "the paired test with" in caution.sentence and "Mann-Whitney" not in caution.sentence


@pytest.mark.parametrize("n_target, n_baseline", [(5, 100), (500, 20), (40, 130), (2, 7)])
@pytest.mark.parametrize("unit", ["word", "lemma"])
@pytest.mark.parametrize("side", HOOK_SIDES)
def test_every_remedy_makes_a_valid_spec_without_a_caution(side, unit, n_target, n_baseline):
    spec = ContrastSpec.careful(hook_side=side, unit=unit, n_target=n_target, n_baseline=n_baseline)
    [caution] = cautions(spec, n_target, n_baseline, FAMILY)
    labels = [remedy.label for remedy in caution.remedies]
    equal = [f"Use {min(n_target, n_baseline)} words of both classes"]
    # The counts of a spec are of words, and after the nonlinearity equal counts do not help.
    assert labels == ["Use max-T", "Use Mann-Whitney", *(equal if (side, unit) == ("pre-activation", "word") else [])]
    assert ("equal counts" in caution.sentence) == (len(labels) == 3)
    for remedy in caution.remedies:
        changed = spec.changed(**dict(remedy.changes))
        assert changed != spec and not cautions(changed, changed.n_target, changed.n_baseline, FAMILY)


def test_the_sentence_has_what_came_and_the_rate_of_the_nearest_measured_sizes():
    rate = module.NOTHING_TO_FIND["pre-activation"][5, 100]
    [caution] = of(1_200, 6, unit="lemma")
    assert caution.sentence.startswith("Groups of 6 and 1,200 lemmas are")
    [caution] = of(90, 6)
    assert "is 5 against 100 words of one list before the nonlinearity" in caution.sentence
    assert f"in {rate:.0%} of runs" in caution.sentence
    for sizes, nearest in (((90, 80), (99, 99)), ((413, 316), (500, 500)), ((5_000, 5_000), (500, 500))):
        [caution] = of(*sizes, hook_side="activation")
        assert f"is {nearest[0]} nouns and {nearest[1]} verbs, shifted" in caution.sentence
        assert f"in {module.EQUAL_MEANS[nearest]:.0%} of runs" in caution.sentence


@pytest.mark.parametrize("sizes", [(20, 20), (500, 500), (100, 500)])
def test_after_the_nonlinearity_the_sentence_says_what_max_t_does_not_do(sizes):
    [caution] = of(*sizes, hook_side="activation")
    said = re.search(r"difference in distribution.* max-T had findings in (\d+)%", caution.sentence)
    assert said and int(said[1]) / 100 in [
        pytest.approx(rate, abs=0.0051) for rate in module.EQUAL_MEANS_MAX_T.values()
    ]


@pytest.mark.parametrize("side", HOOK_SIDES)
def test_the_quoted_rate_is_above_the_aim_wherever_there_is_a_warning(side):
    for n_target, n_baseline in itertools.product(SIZES, SIZES):
        for caution in of(n_target, n_baseline, hook_side=side):
            quoted = re.search(r"in (\d+)% of runs", caution.sentence)
            assert quoted and int(quoted[1]) > 5


@pytest.mark.parametrize(
    "sizes, family", [((5, 100), 3_072), ((5, 100), 100), ((4, 20), 40), ((2, 7), 2), ((20, 100), 3_072)]
)
def test_it_says_where_mann_whitney_cannot_find_anything(sizes, family):
    """The smallest p-value that there is: one group entirely above the other."""
    n_target, n_baseline = sizes
    target = np.arange(1_000.0, 1_000 + n_target)[:, None]
    best = mann_whitney_test(target, np.arange(float(n_baseline))[:, None])
    p = np.ones(family)
    p[0] = best.p_value[0]
    cannot = adjust(p, "holm")[0] > 0.05
    spec = ContrastSpec.careful(n_target=n_target, n_baseline=n_baseline)
    [caution] = cautions(spec, n_target, n_baseline, family)
    assert ("Mann-Whitney cannot find" in caution.sentence) == cannot
    assert (f"largest possible z is {best.statistic[0]:.2f}" in caution.sentence) == cannot
    # Benjamini and Hochberg's procedure has no such limit: many neurons together may be found.
    [caution] = cautions(spec.changed(correction="fdr_bh"), n_target, n_baseline, family)
    assert "Mann-Whitney cannot" not in caution.sentence


def test_absolute_values_have_rates_of_their_own_and_no_remedy_that_brings_the_signs_back():
    for side, sizes, rate in (
        ("pre-activation", (5, 100), 0.958),
        ("pre-activation", (60, 400), module.NOTHING_TO_FIND_ABSOLUTE["pre-activation"][50, 500]),
        ("activation", (20, 500), 0.938),
        ("activation", (20, 20), 0.622),
    ):
        [caution] = of(*sizes, test="welch_absolute", hook_side=side)
        assert f"Welch's test of absolute values with Holm's correction had findings in {rate:.0%}" in caution.sentence
        assert caution.sentence != of(5, 100, hook_side=side)[0].sentence
        assert "Mann-Whitney" not in caution.sentence + str(caution.remedies), "it compares values with their signs"
        equal = side == "pre-activation"
        assert [remedy.label for remedy in caution.remedies][:1] == ["Use max-T"] and len(caution.remedies) == 1 + equal
    # Measured, and no more often wrong than alpha says; max-T is exact where both classes have one distribution.
    assert not of(100, 500, test="welch_absolute") and not of(100, 100, test="welch_absolute")
    assert not of(5, 100, test="welch_absolute", correction="max_t")
    assert not of(60, 400), "with the signs, 50 units are enough"


def test_after_the_nonlinearity_absolute_values_of_equal_means_are_said_to_be_so():
    [caution] = of(240, 240, test="welch_absolute", hook_side="activation")
    assert "200 nouns and 200 verbs, shifted to the same mean absolute value" in caution.sentence
    rate = module.EQUAL_MEANS_ABSOLUTE_MAX_T[200, 200]
    assert (
        f"with equal means of absolute values, Welch's test with max-T had findings in {rate:.0%}" in caution.sentence
    )


UNPAIRED = [("welch", sizes) for sizes in ((3, 3), (4, 4), (2, 4), (2, 5))]


@pytest.mark.parametrize("test, sizes", [*UNPAIRED, ("paired", (5, 5)), ("paired", (6, 6))])
def test_it_says_where_max_t_cannot_find_anything(test, sizes):
    rng = np.random.default_rng(0)
    target, baseline = (rng.normal(mean, size=(n, 1)) for n, mean in zip(sizes, (1_000, 0), strict=True))
    cannot = max_t([(target, baseline)], test, seed=0)[0][0, 0] > 0.05
    spec = ContrastSpec(hook_side="activation", test=test)
    [caution] = cautions(spec, *sizes, 1)
    assert ("max-T cannot find" in caution.sentence) == cannot
