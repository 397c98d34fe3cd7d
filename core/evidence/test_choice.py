"""Does the finding depend on which test was chosen, or on which words happen to stand beside each other?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from core.evidence.subject import Subject, Values
from core.progress import Progress, unwatched
from core.records import ALL_TESTS, FAILS, HOLDS, UNCLEAR, Finding
from core.report.readable import readable_number, readable_p, readable_share
from core.stats.log_p import log10_p
from core.stats.named import neuron_test
from core.stats.repairing import random_pairings, repaired_t, within_pair_correlation
from core.stats.ttest import t_threshold

N_PAIRINGS = 200
_THREE = ("paired", "welch", "mannwhitney")

PLACE = 10
TITLE = "Choice of the test"
QUESTION = "Would another test, or another pairing of the words, have found something else?"
RULE = (
    "Holds if those of the three tests (paired, Welch's, Mann–Whitney) that can be run all give an adjusted p of at "
    f"most α and the same sign, the paired test under all of {N_PAIRINGS} random pairings too; does not hold if one "
    "gives the other sign, or none is significant; else unclear, as where a random pairing has no t."
)
VALUE = "t or z"
LIMITS = (
    "All tests see the same words. They cannot show that the words are a fair sample, or that a neuron responds to "
    "their class and not to what comes with it. A test by word counts the forms of a lemma as independent."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Run the three tests of the neuron, and the paired one under random pairings.

    Welch's and Mann and Whitney's compare the experiment's units; the paired test compares words, as many of each class
    (word i with word i), and is left out where the counts differ. Its t is (m1 - m2) / sqrt((s1^2 + s2^2 - 2 r s1 s2) /
    n), in which only the within-pair correlation r depends on the pairing. p-values are adjusted by Bonferroni over the
    experiment's family.

    Returns
    -------
    Finding
        ``value`` is the statistic of the experiment's own test. ``interval``, if that is the paired one, is the range
        of its t over the random pairings; else there is none. ``figures`` has ``tests`` (for each: ``test``, ``unit``,
        ``n_target``, ``n_baseline``, ``statistic``, ``degrees_of_freedom`` (null for a normal z), ``p``,
        ``p_adjusted``, ``log10_p_adjusted``, ``critical`` (the |statistic| at which the adjusted p is α),
        ``significant`` and ``rank``, the neuron's place among those of its layer, 1 the highest for its class),
        ``own``, ``family_size``, ``alpha``, ``notes``, and ``pairing``, which is null without pairs, and where a
        pairing has no t: ``n``, the ``correlation`` within pairs, the ``t`` under each random pairing, their ``min``,
        ``median`` and ``max``, the shares of pairings in which it is ``significant`` in its direction, and the
        layer's ``most_extreme``; ``n_most_extreme`` neurons are that in some pairing, and ``most_extreme_neurons`` has
        up to ten of them with their shares.

    References
    ----------
    Student (1908), Biometrika 6:1-25. Welch (1947), Biometrika 34:28-35. Mann & Whitney (1947), Annals of Mathematical
    Statistics 18:50-60.
    """
    words = subject.result.words
    notes = []
    paired = len(words.target) == len(words.baseline)
    if not paired:
        notes.append(
            f"The paired test cannot be run: there are {len(words.target):,} words of one class and "
            f"{len(words.baseline):,} of the other."
        )
    if subject.spec.tested_by.absolute:
        notes.append(
            f"All three compare absolute values, as the experiment's own test, {subject.spec.tested_by.label}."
        )
    elif subject.spec.test not in _THREE:
        notes.append(f"The experiment's own test, {subject.spec.tested_by.label}, is none of the three.")
    by_word = subject.layer_values(unit="word")
    by_unit = by_word if subject.spec.unit == "word" else subject.layer_values()
    tests = []
    for name in _THREE:
        progress(0.0, "Running the three tests")
        if ALL_TESTS[name].paired and paired:
            tests.append(_tested(subject, name, "word", by_word))
        elif not ALL_TESTS[name].paired:
            tests.append(_tested(subject, name, subject.spec.unit, by_unit))
    if untested := [one["test"] for one in tests if one["statistic"] is None]:
        notes.append(f"The values do not vary in the way that these tests need: {', '.join(untested)}.")
        tests = [one for one in tests if one["statistic"] is not None]
    pairing = _pairing(subject, by_word, progress) if paired else None
    if paired and pairing is None:
        notes.append(
            f"The paired test could not be compared over {N_PAIRINGS} random pairings: in one or more of them, all "
            "differences of the neuron are equal, and the paired t is not known."
        )
    figures = {
        "tests": tests,
        "pairing": pairing,
        "own": subject.own,
        "family_size": subject.family_size,
        "alpha": subject.spec.alpha,
        "notes": notes,
    }
    value = float(subject.result.tests.statistic[subject.neuron])
    interval = (pairing["min"], pairing["max"]) if pairing and subject.spec.test == "paired" else None
    return Finding(_verdict(subject, tests, paired, pairing), RULE, _sentence(figures), value, interval, figures)


def _tested(subject: Subject, name: str, unit: str, values: Values) -> dict[str, Any]:
    """One test of the neuron, and its place in the layer."""
    found, neuron = neuron_test(name)(*values), subject.neuron
    statistic, df = float(found.statistic[neuron]), float(found.degrees_of_freedom[neuron])
    numbers = {"test": name, "unit": unit, "n_target": len(values[0]), "n_baseline": len(values[1])}
    if np.isnan(statistic):
        return {**numbers, "statistic": None}
    family, alpha = subject.family_size, subject.spec.alpha
    p = float(found.p_value[neuron])
    signed = found.statistic if subject.favours_target else -found.statistic
    log10 = float(log10_p(np.array([statistic]), np.array([df]))[0])
    return {
        **numbers,
        "statistic": statistic,
        "degrees_of_freedom": df if np.isfinite(df) else None,
        "p": p,
        "p_adjusted": min(1.0, p * family),
        "log10_p_adjusted": min(0.0, log10 + float(np.log10(family))),
        "critical": float(t_threshold(alpha / family, df)),
        "significant": p * family <= alpha,
        "rank": 1 + int((signed > signed[neuron]).sum()),
    }


def _pairing(subject: Subject, values: Values, progress: Progress) -> dict[str, Any] | None:
    """What other pairings of the same words give; None if the neuron's differences do not vary in one of them."""
    pairings = random_pairings(len(values[0]), N_PAIRINGS, subject.spec.seed)
    t = repaired_t(*values, pairings, progress)  # [n_pairings, n_neurons]
    t = t if subject.favours_target else -t
    own = t[:, subject.neuron]
    if np.isnan(own).any():
        return None
    extremes = np.nanargmax(t, axis=1)
    counted = Counter(extremes.tolist()).most_common(10)
    threshold = t_threshold(subject.spec.alpha / subject.family_size, len(values[0]) - 1)
    signed = own if subject.favours_target else -own
    return {
        "n": N_PAIRINGS,
        "correlation": within_pair_correlation(values[0][:, subject.neuron], values[1][:, subject.neuron]),
        "t": signed,
        "min": signed.min(),
        "median": np.median(signed),
        "max": signed.max(),
        "significant": float((own >= threshold).mean()),
        "most_extreme": float((extremes == subject.neuron).mean()),
        "n_most_extreme": len(np.unique(extremes)),
        "most_extreme_neurons": [{"neuron": neuron, "share": n / N_PAIRINGS} for neuron, n in counted],
    }


def _verdict(subject: Subject, tests: list[dict[str, Any]], paired: bool, pairing: dict[str, Any] | None) -> str:
    sign = 1 if subject.favours_target else -1
    significant = [one["significant"] for one in tests]
    if not any(significant) or any(one["statistic"] * sign < 0 for one in tests):
        return FAILS
    always = pairing is not None and pairing["significant"] == 1
    return HOLDS if all(significant) and (always or not paired) else UNCLEAR


def _sentence(figures: dict[str, Any]) -> str:
    said = [
        f"{ALL_TESTS[one['test']].label}: {ALL_TESTS[one['test']].letter} = {readable_number(one['statistic'])} (by "
        f"{one['unit']}, adjusted p {readable_p(one['log10_p_adjusted'])})"
        for one in figures["tests"]
    ]
    sentences = [f"{'; '.join(said)}."]
    if pairing := figures["pairing"]:
        sentences.append(
            f"Over {pairing['n']} random pairings of the same words the paired t ranges from "
            f"{readable_number(pairing['min'])} to {readable_number(pairing['max'])}, and the neuron is the layer's "
            f"most extreme for {figures['own']} in {readable_share(pairing['most_extreme'])} of them; words of a pair "
            f"correlate at {readable_number(pairing['correlation'])}."
        )
    return " ".join([*sentences, *figures["notes"]])
