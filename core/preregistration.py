"""The data that test a locked hypothesis: words that the experiment has not read, and tagged text.

    held_out_spec(planned_spec, result.words)    # an experiment of the next words of the same lists
    planned_test(held_out_result, registration)  # the one test of the one neuron
    gold_separation(finding, registration)       # of the check ``gold_text``

Held out are words of the lists after those that the experiment reads, as many of each class as it reads. A word is
left out if it, or its lemma, is among the words or lemmas of either class that were read, in any case of letters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.errors import UserError
from core.records import CUSTOM, ENOUGH_WORDS, SIDES, ContrastResult, ContrastSpec, Finding, WordList, WordPair
from core.records.effects import turned
from core.records.gold import tags_of
from core.records.registration import GoldSeparation, HeldOutTest, Registration
from core.report.manifest import hash_of_words
from core.words.lemmas import lemmas_of

_AT_A_TIME = 500  # words of a list whose lemmas are looked up together


@dataclass(frozen=True)
class HeldOutWords:
    """The held-out words of both classes, and the lemma of each."""

    target: tuple[str, ...]
    baseline: tuple[str, ...]
    target_lemmas: tuple[str, ...]
    baseline_lemmas: tuple[str, ...]


def check_registered(spec: ContrastSpec) -> None:
    """Raise UserError if an experiment has nothing to register.

    Examples
    --------
    >>> check_registered(ContrastSpec(shuffle_labels=True))
    Traceback (most recent call last):
    core.errors.UserError: The labels are shuffled: chance has made both groups, so there is no hypothesis to lock.
    """
    if spec.shuffle_labels:
        raise UserError("The labels are shuffled: chance has made both groups, so there is no hypothesis to lock.")
    if CUSTOM in (spec.target, spec.baseline):
        raise UserError(
            "A list of your own is read as a whole, so no words are held out, and no tag of the text stands for it: "
            "choose two word classes of the app to lock a hypothesis."
        )


def held_out_words(spec: ContrastSpec, words: WordPair) -> HeldOutWords:
    """The words that an experiment holds out: the next ones of both lists, with no lemma that was read.

    Parameters
    ----------
    spec : ContrastSpec
        Its counts are the most that are held out of each class. With ``drop_shared``, no word is in both classes. For
        a paired test both classes have equally many.
    words : WordPair
        What it reads, of ``choose_words``.

    Raises
    ------
    UserError
        The experiment has nothing to register (``check_registered``), or fewer than ``ENOUGH_WORDS`` words or lemmas
        of a class are left.

    Examples
    --------
    >>> from core.words import choose_words
    >>> spec = ContrastSpec.careful(n_target=100, n_baseline=100)
    >>> held_out_words(spec, choose_words(spec)).target[:3]
    ('workers', 'price', 'forces')
    """
    check_registered(spec)
    read = {word.casefold() for word in (*words.target, *words.baseline, *words.shared)}
    read |= {lemma.casefold() for lemma in (*words.target_lemmas, *words.baseline_lemmas)}
    found = []
    for used, of, n in (
        (words.target, words.target_list, spec.n_target),
        (words.baseline, words.baseline_list, spec.n_baseline),
    ):
        after = of.words.index(used[-1]) + 1
        new = (pair for pair in _with_lemmas(of, after) if not read & {one.casefold() for one in pair})
        found.append([pair for pair, _ in zip(new, range(n), strict=False)])
    if spec.drop_shared:
        both = {word for word, _ in found[0]} & {word for word, _ in found[1]}
        found = [[pair for pair in pairs if pair[0] not in both] for pairs in found]
    if spec.tested_by.paired:
        found = [pairs[: min(map(len, found))] for pairs in found]
    _check_enough(spec, found)
    (target, target_lemmas), (baseline, baseline_lemmas) = (tuple(zip(*pairs, strict=True)) for pairs in found)
    return HeldOutWords(target, baseline, target_lemmas, baseline_lemmas)


def _with_lemmas(of: WordList, after: int) -> Iterator[tuple[str, str]]:
    """The words of a list from a place on, each with its lemma, looked up as far as they are asked for."""
    for first in range(after, len(of.words), _AT_A_TIME):
        part = slice(first, first + _AT_A_TIME)
        some = replace(of, words=of.words[part], lemmas=of.lemmas[part])
        yield from zip(some.words, lemmas_of(some), strict=True)


def _check_enough(spec: ContrastSpec, found: list[list[tuple[str, str]]]) -> None:
    at = 1 if spec.unit == "lemma" else 0
    for name, pairs in zip(spec.class_names, found, strict=True):
        n = len({pair[at] for pair in pairs})
        if n < ENOUGH_WORDS:
            raise UserError(
                f"The list of {name} has {n:,} more {'lemmas' if at else 'words'} that the experiment has not read; at "
                f"least {ENOUGH_WORDS} are needed to hold some out. Choose fewer words, or a longer list."
            )


def held_out_spec(spec: ContrastSpec, words: WordPair) -> ContrastSpec:
    """The experiment of the held-out words, with the settings of ``spec``, such as ``Registration.planned_spec``.

    Its neurons are not corrected for each other: one of them is looked at.

    Raises
    ------
    UserError
        As ``held_out_words``.
    """
    held = held_out_words(spec, words)
    lists = {}
    for side in SIDES:
        pairs = zip(getattr(held, side), getattr(held, f"{side}_lemmas"), strict=True)
        lists[f"{side}_words"] = tuple(f"{word}\t{lemma}" for word, lemma in pairs)
    counts = {f"n_{side}": len(lists[f"{side}_words"]) for side in SIDES}
    names = dict(zip(("target_name", "baseline_name"), spec.class_names, strict=True))
    return spec.changed(**dict.fromkeys(SIDES, CUSTOM), **lists, **counts, **names, correction="none", family="layer")


def planned_test(result: ContrastResult, registration: Registration) -> HeldOutTest:
    """The planned test, from the result of ``held_out_spec``: two-sided, of the registered neuron alone.

    Raises
    ------
    UserError
        The neuron does not vary over the held-out words.
    """
    neuron, tests, sizes = registration.neuron, result.tests, result.effect_sizes
    if not math.isfinite(tests.statistic[neuron]):
        raise UserError(f"Neuron {neuron} does not vary over the held-out words, so it cannot be tested on them.")
    sign = 1.0 if registration.favours_target else -1.0
    df, p, g = (float(each[neuron]) for each in (tests.degrees_of_freedom, tests.p_value, sizes.hedges_g))
    counts = (len(result.target_units), len(result.baseline_units))
    n_higher, n_lower = counts if registration.favours_target else counts[::-1]
    auc, low, high = result.auc_for(neuron, target=registration.favours_target)
    return HeldOutTest(
        n_higher=n_higher,
        n_lower=n_lower,
        statistic=sign * float(tests.statistic[neuron]),
        degrees_of_freedom=df if math.isfinite(df) else None,
        p_value=p if p > 0 else None,
        log10_p=float(result.log10_p[neuron]),
        auc=auc,
        auc_low=low,
        auc_high=high,
        hedges_g=sign * g if math.isfinite(g) else None,
        words_sha256=hash_of_words((*result.words.target, *result.words.baseline)),
    )


def gold_separation(finding: Finding, registration: Registration) -> GoldSeparation:
    """The numbers of the check ``gold_text`` for the registered class.

    Raises
    ------
    UserError
        The check could not be run; the sentence is its reason.
    """
    numbers = finding.numbers
    if finding.value is None or finding.interval is None:
        raise UserError(f"The tagged text says nothing of this neuron. {finding.sentence}")
    own_is_target = tuple(numbers["own_tags"]) == tags_of(registration.spec)[0]
    own_is_registered = own_is_target == registration.favours_target
    aucs = (finding.value, *finding.interval)
    auc, low, high = aucs if own_is_registered else turned(*aucs)
    counts = (numbers["n_own"], numbers["n_other"])
    n_higher, n_lower = counts if own_is_registered else counts[::-1]
    return GoldSeparation(n_higher, n_lower, numbers["n_sentences"], auc, low, high, numbers["text"])
