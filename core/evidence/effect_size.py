"""How large is the difference, and what does this design find?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.errors import UserError
from core.evidence.rules import by_interval
from core.evidence.subject import Subject, Values
from core.progress import Progress, unwatched
from core.records import UNITS, Finding
from core.report.readable import above_or_below, readable_number, readable_p
from core.stats.dependence import intraclass_correlation
from core.stats.effect_intervals import effect_sizes
from core.stats.effect_size import auc
from core.stats.equivalence import equivalence_test
from core.stats.power import DRAWS, planted_power, smallest_found
from core.stats.regression import interval_95, least_squares

LARGE = 0.8  # Cohen (1988): a large difference
EQUIVALENT = 0.2  # Cohen (1988): a small one
_MEDIUM = 0.5
_GRID = np.arange(0.0, 2.01, 0.1)  # SD

PLACE = 40
TITLE = "How large the difference is"
QUESTION = "How large is the difference when forms of a lemma do not count as independent, and what would be missed?"
RULE = (
    f"Holds if the 95% interval of Hedges' g, with lemmas as units and for the own class, is at or above {LARGE} "
    f"(large, Cohen 1988); does not hold if it is below {LARGE}; else unclear."
)
VALUE = "Hedges' g"
LIMITS = (
    "A neuron that was chosen because it is extreme has too large an effect on the same words: see the held-out words. "
    "The power at the observed effect says no more than the p-value; the smallest difference that is found says more."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Hedges' g and the AUC by unit, the mean difference by lemma, equivalence, and power by planted effects.

    All numbers are positive (or above 0.5) if the class for which the neuron is higher is above the other.

    Returns
    -------
    Finding
        ``value`` is Hedges' g with lemmas as units, for the own class, and ``interval`` its 95% interval. ``figures``:

        ``units``
            For ``word`` and ``lemma``: ``n_own``, ``n_other``, ``g``, ``g_interval``, ``auc``, ``auc_interval``. For
            the paired test also ``pair``, with ``n``, ``g`` (g_z) and ``g_interval``.
        ``mean_difference``
            ``value`` and ``interval`` of the regression of words on their class, in the units of the hook point, the
            interval by ``n_clusters`` lemmas (CR1); ``in_sd`` and ``in_sd_interval``, the same over the words' SD.
        ``intraclass_correlation``
            Of the forms of a lemma, within classes; None if no lemma has two forms.
        ``equivalence``
            Where the absolute g is below 0.5, else None: ``bound`` in SD, ``p`` of two one-sided tests, ``interval``
            (90%), and whether the difference is ``equivalent`` to none.
        ``power``
            Of the spec's ``test`` with its ``unit`` and ``critical`` statistic: ``power`` at each ``d`` (SD), at the
            ``observed`` g (``at_observed``), and ``smallest``, the d with 80%; None if that is above 10. If the
            test's power is not known, ``power`` is empty, and the two others are None.
    """
    progress(0.0, "Measuring the difference")
    by_unit = {unit: _oriented(subject, subject.values(unit=unit)) for unit in UNITS}
    units = {unit: _sizes(*by_unit[unit]) for unit in UNITS}
    sizes, neuron = subject.result.effect_sizes, subject.neuron
    if subject.spec.tested_by.paired:
        limits = [float(side[neuron]) for side in (sizes.hedges_g_low, sizes.hedges_g_high)]
        low, high = limits if subject.favours_target else [-limit for limit in limits[::-1]]
        g_z = abs(float(sizes.hedges_g[neuron]))
        units["pair"] = {"n": len(subject.result.target_units), "g": g_z, "g_interval": (low, high)}
    g, (low, high) = units["lemma"]["g"], units["lemma"]["g_interval"]
    if not np.isfinite([g, low, high]).all():
        n_own, n_other = units["lemma"]["n_own"], units["lemma"]["n_other"]
        raise UserError(
            f"Hedges' g is not known: {n_own:,} and {n_other:,} lemmas are too few, or their values do not vary."
        )
    p, interval = equivalence_test(*by_unit["lemma"], bound=EQUIVALENT)
    equivalence = {"bound": EQUIVALENT, "p": p, "interval": interval, "equivalent": p < 0.05}
    progress(0.2, "Planting differences")
    figures: dict[str, Any] = {
        "units": units,
        "mean_difference": _by_lemma(subject, by_unit["word"]),
        "intraclass_correlation": _of_forms(subject),
        "equivalence": equivalence if abs(g) < _MEDIUM else None,
        "power": _power(subject, by_unit[subject.spec.unit], units[subject.spec.unit]["g"], progress),
    }
    return Finding(by_interval(low, high, LARGE), RULE, _sentence(subject, figures), g, (low, high), figures)


def _oriented(subject: Subject, values: Values) -> Values:
    """The values of the own class, and of the other one, as float64 arrays (n_units,)."""
    own, other = subject.oriented(values)
    return own.astype(np.float64), other.astype(np.float64)


def _sizes(own: np.ndarray, other: np.ndarray) -> dict[str, Any]:
    """Hedges' g and the AUC of independent groups, with their intervals."""
    groups = own[:, None], other[:, None]
    found = effect_sizes(*groups, paired=False)
    return {
        "n_own": len(own),
        "n_other": len(other),
        "g": found.hedges_g[0],
        "g_interval": (found.hedges_g_low[0], found.hedges_g_high[0]),
        "auc": auc(*groups)[0],
        "auc_interval": (found.auc_low[0], found.auc_high[0]),
    }


def _by_lemma(subject: Subject, words: Values) -> dict[str, Any]:
    """The mean difference of words, with an interval in which the words of a lemma, of both classes, are a cluster."""
    own, other = words
    lemmas = np.concatenate([np.array(of_class) for of_class in subject.oriented(subject.lemmas)])
    is_own = np.repeat([1.0, 0.0], [len(own), len(other)])
    fit = least_squares(np.concatenate(words), np.stack([np.ones_like(is_own), is_own], axis=1))
    n_clusters = len(np.unique(lemmas))
    value = float(fit.coefficients[1])
    interval = interval_95(value, fit.clustered(lemmas)[1, 1], n_clusters - 1)
    sd = float(np.sqrt((own.var(ddof=1) + other.var(ddof=1)) / 2))
    return {
        "value": value,
        "interval": interval,
        "n_clusters": n_clusters,
        "in_sd": value / sd,
        "in_sd_interval": [limit / sd for limit in interval],
    }


def _of_forms(subject: Subject) -> float:
    target, baseline = subject.values(unit="word")
    return intraclass_correlation(
        np.concatenate([target, baseline]),
        np.concatenate([np.array(lemmas) for lemmas in subject.lemmas]),
        np.repeat([0, 1], [len(target), len(baseline)]),
    )


def _power(subject: Subject, values: Values, g: float, progress: Progress) -> dict[str, Any]:
    spec, critical = subject.spec, subject.result.critical_statistic
    power = planted_power(*values, spec.test, critical, seed=spec.seed)
    found = []
    for k, d in enumerate(_GRID):
        progress(0.3 + 0.6 * k / len(_GRID), "Planting differences")
        if power:
            found.append(power(float(d)))
    return {
        "test": spec.test,
        "unit": spec.unit,
        "critical": critical,
        "draws": DRAWS,
        "d": _GRID.round(1),
        "power": found,
        "observed": g,
        "at_observed": power(g) if power else None,
        "smallest": smallest_found(power) if power else None,
    }


def _sentence(subject: Subject, figures: dict[str, Any]) -> str:
    own, other = subject.own, subject.other
    lemma, smallest = figures["units"]["lemma"], figures["power"]["smallest"]
    low, high = (readable_number(limit) for limit in lemma["g_interval"])
    equivalence = figures["equivalence"]
    p = readable_p(math.log10(equivalence["p"])) if equivalence else ""
    small = (
        f" The difference is smaller than {EQUIVALENT} standard deviations (p = {p})."
        if equivalence and equivalence["equivalent"]
        else ""
    )
    return (
        f"With lemmas as units, {own} are {above_or_below(lemma['g'])} {other} (Hedges' g, 95% "
        f"interval {low} to {high}).{small} {_found(smallest)}"
    )


def _found(smallest: float | None) -> str:
    """What the design finds; None where that is not known."""
    if smallest is None:
        return "What this design would find is not known for this test."
    if not np.isfinite(smallest):
        return "This design finds no difference of up to 10 standard deviations in 80% of draws."
    return f"This design finds a difference of {readable_number(smallest)} standard deviations in 80% of draws."
