"""Two experiments side by side: how far their neurons agree, if these are the same ones.

agree(result, other).neurons.spearman
"""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult
from core.records.agreement import Agreement, Extreme, NeuronAgreement, SetAgreement, correspondence
from core.stats.agreement import pearson, quantile_pairs, spearman


def agree(a: ContrastResult, b: ContrastResult) -> Agreement:
    """Compare two contrasts.

    Parameters
    ----------
    a, b : ContrastResult
        Of any models, layers and settings.

    Returns
    -------
    Agreement
        Neuron by neuron only if both have the same ones (``core.records.agreement.correspondence``). The quantiles are
        there in any case.

    Examples
    --------
    >>> from core.experiment import run_contrast
    >>> from core.models import load_model
    >>> from core.records import ContrastSpec
    >>> result = run_contrast(ContrastSpec.careful(n_target=50, n_baseline=50), load_model("bundled"))
    >>> found = agree(result, result).neurons
    >>> found.pearson, found.spearman, found.strong.jaccard, len(found.changed_sides)
    (1.0, 1.0, 1.0, 0)
    """
    same = correspondence(a.model, a.spec.layer, b.model, b.spec.layer)
    statistics = [each.tests.statistic[np.isfinite(each.tests.statistic)] for each in (a, b)]
    return Agreement(same, quantile_pairs(*statistics), _neuron_by_neuron(a, b) if same.same_neurons else None)


def _neuron_by_neuron(a: ContrastResult, b: ContrastResult) -> NeuronAgreement:
    """How far two contrasts of the same neurons agree."""
    one, other = a.tests.statistic, b.tests.statistic  # [n_neurons] each
    tested = np.isfinite(one) & np.isfinite(other)
    changed = np.flatnonzero(tested & a.significant & b.significant & (one * other < 0))
    # Those first whose finding is largest where it is smaller; equal ones in the order of their numbers.
    changed = changed[np.argsort(-np.minimum(np.abs(one[changed]), np.abs(other[changed])), kind="stable")]
    return NeuronAgreement(
        tested=tested,
        pearson=pearson(one[tested], other[tested]),
        spearman=spearman(one[tested], other[tested]),
        significant=SetAgreement.of(a.significant[tested], b.significant[tested]),
        strong=SetAgreement.of(a.strong[tested], b.strong[tested]),
        selected=_selected(a, b, tested),
        changed_sides=changed,
        strong_changed_sides=int((a.strong & b.strong)[changed].sum()),
        extremes=tuple(
            _extreme(a, b, of, end, getattr(result, end))
            for of, result in (("A", a), ("B", b))
            for end in ("largest", "smallest")
        ),
    )


def _selected(a: ContrastResult, b: ContrastResult, tested: np.ndarray) -> SetAgreement | None:
    """How what the two protocols select overlaps, if one of them takes a top share and not what is significant."""
    if a.top is None and b.top is None:
        return None
    one, other = (each.significant if each.top is None else each.top for each in (a, b))
    return SetAgreement.of(one[tested], other[tested])


def _extreme(a: ContrastResult, b: ContrastResult, of: str, end: str, neuron: int) -> Extreme:
    """A neuron's numbers in both."""
    return Extreme(
        of,
        end,
        neuron,
        (float(a.tests.statistic[neuron]), float(b.tests.statistic[neuron])),
        (float(a.tests.auc[neuron]), float(b.tests.auc[neuron])),
        (float(a.log10_p_adjusted[neuron]), float(b.log10_p_adjusted[neuron])),
        (_rank(a.tests.statistic, neuron, end), _rank(b.tests.statistic, neuron, end)),
    )


def _rank(statistic: np.ndarray, neuron: int, end: str) -> int | None:
    """A neuron's place from one end, 1 for the first; neurons with an equal statistic share the best place."""
    if not np.isfinite(statistic[neuron]):
        return None
    ahead = statistic > statistic[neuron] if end == "largest" else statistic < statistic[neuron]  # False for NaN
    return int(ahead.sum()) + 1
