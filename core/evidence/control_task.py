"""How well does the best of all neurons separate classes that mean nothing?"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.evidence.held_out import lemmas_of_units
from core.evidence.subject import Subject, Values
from core.progress import Progress, part_of, unwatched
from core.records import FAILS, HOLDS, UNCLEAR, Finding
from core.report.readable import readable_auc, readable_number
from core.stats.control_task import best_of_luck, luck_held_out
from core.stats.held_out import can_be_halved, lemma_halves
from core.stats.permutation import permutations

N_LABELLINGS = 200
_N_HALVES = 10
SELECTIVE = 0.1

PLACE = 60
TITLE = "Control task"
QUESTION = "Do words with random labels have a neuron as good as this?"
RULE = (
    f"Holds if the neuron's AUC is above the 95% quantile of the best AUCs of {N_LABELLINGS} random labellings, and at "
    f"least {SELECTIVE} above their mean; does not hold if it is not above the quantile; else unclear."
)
VALUE = "selectivity"
LIMITS = (
    "Random labels have no regularity at all: a neuron that follows the length or the frequency of words passes as "
    "well as one that follows their class."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Give the units random labels 200 times, and choose the best of the layer's neurons each time.

    A labelling calls as many units "own class" as that has, at random. The selection is the same as for the true
    labels: the highest AUC of all neurons of the layer, in the neuron's direction.

    Returns
    -------
    Finding
        ``value`` is the selectivity: the neuron's AUC for its own class minus the mean best AUC of random labels.
        ``interval`` is the AUC's 95% interval minus the same mean. ``figures`` has ``auc`` with ``auc_low`` and
        ``auc_high``, ``best`` (the best AUC of each labelling), their ``mean``, ``quantile`` (95%) and the ``p`` = (1 +
        labellings that reach the neuron's AUC) / (labellings + 1); ``held_out``, for random labels: the ``mean`` AUC
        of the best neuron of one half of the units there (``where_chosen``) and on the other half (``held_out``), with
        the other half's 2.5% and 97.5% quantiles (``low``, ``high``), or null if there are too few units for halves;
        ``n_labellings``, ``n_units`` and ``n_neurons``.

    References
    ----------
    Hewitt & Liang (2019), Designing and Interpreting Probes with Control Tasks, EMNLP 2019:2733-2743.
    """
    values = subject.layer_values()
    own, other = subject.oriented(values)
    units = np.concatenate([own, other])  # [n_units, n_neurons]
    labels = permutations(len(own), len(other), N_LABELLINGS, subject.spec.seed)
    best = best_of_luck(units, labels, part_of(progress, 0.0, 0.5))
    auc, low, high = subject.result.own_auc(subject.neuron)
    mean, quantile = float(best.mean()), float(np.quantile(best, 0.95))
    selectivity = auc - mean
    verdict = FAILS if auc <= quantile else HOLDS if selectivity >= SELECTIVE else UNCLEAR
    figures = {
        "auc": auc,
        "auc_low": low,
        "auc_high": high,
        "best": best,
        "mean": mean,
        "quantile": quantile,
        "p": (1 + int((best >= auc).sum())) / (N_LABELLINGS + 1),
        "held_out": _held_out(subject, values, progress),
        "n_labellings": N_LABELLINGS,
        "n_units": len(units),
        "n_neurons": units.shape[1],
    }
    sentence = (
        f"Its AUC for {subject.own} is {readable_auc(auc)}; with random labels the best of "
        f"{units.shape[1]:,} neurons has {readable_auc(mean)} on average and up to {readable_auc(quantile)} in 95% of "
        f"{N_LABELLINGS} draws, so its selectivity is {readable_number(selectivity)}."
    )
    return Finding(verdict, RULE, sentence, selectivity, (low - mean, high - mean), figures)


def _held_out(subject: Subject, values: Values, progress: Progress) -> dict[str, Any] | None:
    """What a neuron that random labels chose on one half of the units has on the other half; None without halves.

    A few halves have many labellings each, since ranks depend on the half only.
    """
    lemmas = lemmas_of_units(subject)
    if not can_be_halved(*lemmas):
        return None
    halves = lemma_halves(*lemmas, _N_HALVES, subject.spec.seed)
    units, own_first = np.concatenate(subject.oriented(values)), subject.oriented(halves)
    where_chosen, held_out = [], []
    for k in range(_N_HALVES):
        progress(0.5 + 0.5 * k / _N_HALVES, f"Choosing by random labels: half {k + 1} of {_N_HALVES}")
        its = own_first[0][k], own_first[1][k]  # which units of a class are in the half
        here = (int(its[0].sum()), int(its[1].sum()))
        there = (len(its[0]) - here[0], len(its[1]) - here[1])
        n = N_LABELLINGS // _N_HALVES
        labels = (
            permutations(*here, n, [subject.spec.seed, k, 0]),
            permutations(*there, n, [subject.spec.seed, k, 1]),
        )
        chosen, tested = luck_held_out(units, labels, np.concatenate(its))
        where_chosen.append(chosen)
        held_out.append(tested)
    tested = np.concatenate(held_out)
    low, high = np.quantile(tested, [0.025, 0.975])
    return {"where_chosen": np.mean(where_chosen), "held_out": tested.mean(), "low": low, "high": high}
