"""Does the neuron still separate the classes on words that had no part in choosing it?"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.comparison import units_of_pair
from core.evidence.subject import Subject
from core.progress import Progress, unwatched
from core.records import CLEAR_AUC, FAILS, HOLDS, UNCLEAR, Finding
from core.report.readable import as_chosen, readable_auc
from core.stats.held_out import HeldOut, choose_and_test, lemma_halves
from core.stats.named import neuron_test

N_SPLITS = 100
_MOST, _HALF = 0.9, 0.5

PLACE = 50
TITLE = "Held-out words"
QUESTION = "Chosen on one half of the words, does the neuron separate the classes on the other half?"
RULE = (
    f"Holds if in at least {as_chosen(100 * _MOST)}% of {N_SPLITS} splits the neuron differs in the same direction on "
    f"the other half (p of this one test at most α), and its median AUC there is at least {CLEAR_AUC}; does not "
    f"hold if it differs in less than {as_chosen(100 * _HALF)}% of the splits; else unclear."
)
VALUE = "held-out AUC"
LIMITS = (
    "Both halves come from the same lists, read in the same way. It shows how much of the effect is luck of these "
    "words, not whether it is there in other lists or in running text. The splits overlap, so their spread is no "
    "confidence interval."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Halve the words by lemma 100 times; choose the layer's strongest neuron on one half, and test on the other.

    The test, the unit and the side are the experiment's. All forms of a lemma are in one half. For the paired test, the
    words that a half has are paired anew, in the order of the lists.

    Returns
    -------
    Finding
        ``value`` is the neuron's median AUC on the other halves, for its own class, and ``interval`` its 2.5% and 97.5%
        quantiles over the splits, which overlap: it is no confidence interval. ``figures`` has ``n_splits``,
        ``chosen`` (the share of splits in which this neuron is the layer's strongest for its class on the one half),
        ``significant`` (the share in which it differs in its direction on the other half, one test at ``alpha``),
        ``this`` (this neuron) and ``winner`` (whichever is chosen), each with the medians of ``t`` (or z), ``g`` and
        ``auc`` ``where_chosen`` and ``held_out``, for the neuron's own class, and ``lost``, the median of what the
        other half has less; ``splits`` (for each: the ``neuron`` that is chosen, its ``chosen_auc`` and
        ``held_out_auc``), and ``n_chosen``, how many different neurons are chosen in some split.

    References
    ----------
    Cureton (1950), Educational and Psychological Measurement 10:94-96 (chosen and tested on the same). Button et al.
    (2013), Nature Reviews Neuroscience 14:365-376 (the winner's curse).
    """
    spec, neuron = subject.spec, subject.neuron
    target, baseline = subject.layer_values()
    halves = lemma_halves(*lemmas_of_units(subject), N_SPLITS, spec.seed)
    found = choose_and_test(
        target,
        baseline,
        halves,
        neuron,
        neuron_test(spec.test),
        lower=not subject.favours_target,
        paired=spec.tested_by.paired,
        progress=progress,
    )
    own_auc = subject.toward(found.auc)  # [n_splits, this or chosen, one half or the other]
    sign = 1.0 if subject.favours_target else -1.0
    significant = (found.p_value[:, 0, 1] <= spec.alpha) & (sign * found.statistic[:, 0, 1] > 0)
    n_significant, n_chosen = int(significant.sum()), int((found.chosen == neuron).sum())
    held_out = own_auc[:, 0, 1]
    value, interval = float(np.median(held_out)), tuple(np.quantile(held_out, [0.025, 0.975]))
    verdict = UNCLEAR
    if n_significant >= _MOST * N_SPLITS and value >= CLEAR_AUC:
        verdict = HOLDS
    elif n_significant < _HALF * N_SPLITS:
        verdict = FAILS
    winner = _medians(found, own_auc, sign, 1)
    figures = {
        "n_splits": N_SPLITS,
        "alpha": spec.alpha,
        "neuron": neuron,
        "chosen": n_chosen / N_SPLITS,
        "n_chosen": len(np.unique(found.chosen)),
        "significant": n_significant / N_SPLITS,
        "this": _medians(found, own_auc, sign, 0),
        "winner": winner,
        "splits": [
            {"neuron": int(one), "chosen_auc": aucs[0], "held_out_auc": aucs[1]}
            for one, aucs in zip(found.chosen, own_auc[:, 1], strict=True)
        ],
    }
    sentence = (
        f"On one half of the words the neuron is the layer's strongest for {subject.own} in {n_chosen} of {N_SPLITS} "
        f"splits; on the other half it differs in {n_significant} of them, with a median AUC of {readable_auc(value)}. "
        f"Whichever neuron is chosen has {readable_auc(winner['auc']['where_chosen'])} where it was chosen, and "
        f"{readable_auc(winner['auc']['held_out'])} on the other half."
    )
    return Finding(verdict, RULE, sentence, value, (interval[0], interval[1]), figures)


def lemmas_of_units(subject: Subject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lemma of each unit, of target and of baseline."""
    if subject.spec.unit == "word":
        return subject.lemmas
    target, baseline = units_of_pair(subject.spec, subject.result.words)
    return target.names, baseline.names


def _medians(found: HeldOut, own_auc: np.ndarray, sign: float, which: int) -> dict[str, Any]:
    """Medians over the splits, of this neuron (0) or of the chosen one (1), and of what the other half has less."""
    numbers = {"t": sign * found.statistic, "g": sign * found.hedges_g, "auc": own_auc}
    medians = {}
    for name, values in numbers.items():
        here, there = values[:, which, 0], values[:, which, 1]
        medians[name] = {
            "where_chosen": np.nanmedian(here),
            "held_out": np.nanmedian(there),
            "lost": np.nanmedian(here - there),
        }
    return medians
