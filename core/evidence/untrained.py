"""Does the same search find as good a neuron in a network that was never trained?"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.activations import GoldActivations, gold_activations, read_words
from core.comparison import compare_neurons, correct
from core.evidence.gold_words import check_enough, gold_words
from core.evidence.subject import Subject
from core.models.fresh import with_fresh_weights
from core.progress import Progress, part_of, unwatched
from core.records import FAILS, HOLDS, UNCLEAR, BothSides, Finding, WordActivations
from core.report.readable import readable_auc
from core.stats.cluster_bootstrap import auc_interval
from core.stats.effect_size import auc

N_SEEDS = 2

PLACE = 70
TITLE = "Untrained network"
QUESTION = "Does the same search find as good a neuron in a network with random weights?"
RULE = (
    "Holds if the 95% interval of the neuron's AUC in the tagged text is above the AUC there of the best neuron of "
    f"each of {N_SEEDS} networks with fresh weights; does not hold if its AUC is not above both; else unclear."
)
VALUE = "AUC in text"
LIMITS = (
    "Random weights still tell tokens apart, but know no language. To pass shows that training made a difference, not "
    "what was learned; and two draws of weights are few."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Repeat the contrast on the same architecture before training, and read the neuron that it finds in tagged text.

    In each network, the words are read at the neuron's layer, all of its neurons are tested and adjusted as in the
    spec (but for this layer alone), and the best one is chosen as a user would: the statistic that is most extreme
    toward the neuron's own class.

    Returns
    -------
    Finding
        ``value`` is the neuron's own AUC in the tagged text, own class over the other, and ``interval`` its 95%
        interval by a bootstrap of sentences. ``figures``: ``n_own`` and ``n_other``, the words of the tagged text;
        ``n_neurons`` of the layer; ``trained`` and ``untrained`` (a list with ``seed``), for each network: the
        ``neuron`` (here the subject, there the best one), its ``word_auc`` on the word lists, and its ``auc``, ``low``
        and ``high`` in the tagged text; ``n_significant`` neurons of the layer, and the ``highest_word_auc`` and
        ``highest_auc`` of all of them, if they were chosen by that.

    Raises
    ------
    UserError
        A class has no tag, or fewer than ten words in the text; there is no memory for a second network.

    References
    ----------
    Bennett et al. (2009), NeuroImage 47:S125 (the dead salmon). arXiv:2512.18792 (untrained networks as that).
    """
    own, other = (subject.tags(name) for name in (subject.own, subject.other))
    gold = subject.read_gold(part_of(progress, 0.0, 1 / (N_SEEDS + 1)))
    of_text = gold_words(subject, gold, own, other)
    check_enough(of_text, own, other)
    trained = _measure(subject, _of_layer(subject), gold, subject.neuron)
    untrained = []
    for k in range(N_SEEDS):
        seed = subject.spec.seed + k
        watch = part_of(progress, (k + 1) / (N_SEEDS + 1), (k + 2) / (N_SEEDS + 1))
        untrained.append({"seed": seed, **_search(subject, seed, watch)})
    n_own, n_other = of_text.n_of_each
    figures: dict[str, Any] = {
        "n_own": n_own,
        "n_other": n_other,
        "n_neurons": subject.lm.d_mlp,
        "trained": trained,
        "untrained": untrained,
    }
    return _finding(subject, figures)


def _search(subject: Subject, seed: int, progress: Progress) -> dict[str, Any]:
    """The contrast and the tagged text on a network with fresh weights, which is gone afterwards."""
    spec, layer, gate = subject.spec, subject.layer, subject.gate
    progress(0.0, f"Drawing fresh weights: seed {seed}")
    lm = with_fresh_weights(subject.lm, seed)
    words = read_words(lm, subject.result.words, spec, [layer], progress=part_of(progress, 0.2, 0.6), gate=gate)
    how: dict[str, Any] = {"pooling": spec.pooling, "prefix": spec.prefix, "gate": gate}
    gold = gold_activations(lm, subject.gold, layer, **how, progress=part_of(progress, 0.6, 1.0))
    return _measure(subject, words, gold, None)


def _of_layer(subject: Subject) -> WordActivations:
    """The words at the neuron's layer alone, as they were read in the trained network."""
    result = subject.result
    target, baseline = (
        BothSides(each.pre_activation[None], each.stored[None], each.stored_words, each.nonlinearity)
        for each in (result.target_sides, result.baseline_sides)
    )
    tokens = result.target_tokens, result.baseline_tokens
    return WordActivations(result.words, (subject.layer,), target, baseline, subject.side, *tokens)


def _measure(
    subject: Subject, words: WordActivations, gold: GoldActivations, neuron: int | None
) -> dict[str, int | float]:
    """What a search of one layer finds: of a neuron, or of the best one."""
    spec = subject.spec.changed(family="layer")
    tests = compare_neurons(spec, words)
    adjusted = correct(spec, tests, words)
    statistic = tests.statistic[0] if subject.favours_target else -tests.statistic[0]
    chosen = int(np.nanargmax(statistic)) if neuron is None else neuron
    word_aucs = subject.toward(tests.auc[0])

    of_text = gold_words(subject, gold, subject.tags(subject.own), subject.tags(subject.other))
    values, is_own = (
        subject.spec.tested_by.compared(gold.at(subject.side)[of_text.place]),
        of_text.is_own,
    )  # [n_words, n_neurons] and [n_words]
    found, low, high = auc_interval(values[:, chosen], is_own, of_text.sentence, seed=spec.seed)
    return {
        "neuron": chosen,
        "word_auc": float(word_aucs[chosen]),
        "auc": found,
        "low": low,
        "high": high,
        "n_significant": int((adjusted.p_adjusted[0] <= spec.alpha).sum()),
        "highest_word_auc": float(word_aucs.max()),
        "highest_auc": float(auc(values[is_own], values[~is_own]).max()),
    }


def _finding(subject: Subject, figures: dict[str, Any]) -> Finding:
    """The verdict, by the rule, and a sentence."""
    trained, untrained = figures["trained"], figures["untrained"]
    best = max(each["auc"] for each in untrained)
    verdict = HOLDS if trained["low"] > best else UNCLEAR if trained["auc"] > best else FAILS
    own, other = subject.own, subject.other
    aucs = " and ".join(readable_auc(each["auc"]) for each in untrained)
    counts = " and ".join(f"{each['n_significant']:,}" for each in untrained)
    low, high = readable_auc(trained["low"]), readable_auc(trained["high"])
    sentence = (
        f"In tagged text, the neuron's AUC for {own} over {other} is {readable_auc(trained['auc'])} (95% interval "
        f"{low} to {high}). In {N_SEEDS} networks with fresh weights, the same search finds {counts} significant "
        f"neurons of {figures['n_neurons']:,} in this layer (here {trained['n_significant']:,}), and the best one has "
        f"an AUC of {aucs} in the text."
    )
    return Finding(verdict, RULE, sentence, trained["auc"], (trained["low"], trained["high"]), figures)
