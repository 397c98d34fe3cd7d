"""What is said of a result whose protocol selects neurons by the size of their statistic, and not by p."""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult, ContrastSpec
from core.records.effects import is_strong
from core.records.presets import n_in_top_share
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import as_chosen, readable_auc, readable_number
from core.report.sentences import STRONG_FROM


def percent(share: float) -> str:
    """A share as it was chosen, in percent.

    Examples
    --------
    >>> percent(0.01), percent(0.125)
    ('1%', '12.5%')
    """
    return f"{as_chosen(100 * share)}%"


def marked_by_p(spec: ContrastSpec) -> str:
    """What *significant* means where a protocol selects by the size of the statistic; "" where p selects.

    Examples
    --------
    >>> marked_by_p(ContrastSpec.of_preset("localiser"))
    'What is marked as significant is so by p; this protocol selects the top 1% by t instead.'
    """
    if spec.top_share is None:
        return ""
    top = f"the top {percent(spec.top_share)} by {statistic_name(spec.test)}"
    return f"What is marked as significant is so by p; this protocol selects {top} instead."


def n_of_model(result: ContrastResult) -> tuple[int, int]:
    """How many neurons of the model the protocol selects, and how many it has."""
    n_neurons = result.model.n_layers * result.n_neurons
    return n_in_top_share(n_neurons, result.spec.top_share or 1.0), n_neurons


def top_headline(result: ContrastResult, top: np.ndarray) -> str:
    """How many neurons of the layer are in the model's top share, and how large their differences are.

    Parameters
    ----------
    result : ContrastResult
    top : bool ndarray of shape (n_neurons,)
        Its ``top``.
    """
    spec, (n_model, n_neurons), n = result.spec, n_of_model(result), int(top.sum())
    control = "With shuffled labels, " if spec.shuffle_labels else ""
    letter = statistic_name(spec.test)
    sentence = (
        f"{control}**{n:,} of {result.n_neurons:,}** neurons in layer **{spec.layer}** {'is' if n == 1 else 'are'} "
        f"among the {n_model:,} of the model's {n_neurons:,} with the largest {letter} (the top "
        f"{percent(spec.top_share or 1.0)}; p is not used)"
    )
    if spec.shuffle_labels:
        sentence += ", of which there are as many whatever the words are"
    if not n:
        return f"{sentence}."
    aucs, g = result.tests.auc[top], result.effect_sizes.hedges_g[top]
    strong, other = is_strong(aucs), is_strong(result.other_side.auc[top])
    same = (aucs > 0.5) == (result.other_side.auc[top] > 0.5)
    n_strong, n_both = int(strong.sum()), int((strong & other & same).sum())
    sizes = f"AUC {readable_auc(aucs[0])}, Hedges' g {readable_number(g[0])}"
    if n > 1:
        sizes = f"median AUC {readable_auc(float(np.median(aucs)))}, median Hedges' g {readable_number(np.median(g))}"
    sentence += f": {sizes}; {f'**{n_strong:,}**' if n_strong else 'none'} strongly "
    sentence += f"(AUC at least {STRONG_FROM})"
    if not n_strong:
        return f"{sentence}."
    there = f"{SIDE_WORDS[result.other_side.side]} the nonlinearity"
    return f"{sentence}, {f'**{n_both:,}**' if n_both else 'none'} of these also {there}."
