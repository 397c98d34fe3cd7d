"""Two experiments side by side, in words and as files: sentences, a table of neurons or of quantiles, the JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.records import ContrastResult
from core.records.agreement import Agreement, NeuronAgreement, SetAgreement
from core.report.glossary import d_definition, statistic_name
from core.report.readable import readable_auc, readable_number, readable_share, signed
from core.report.sentences import class_names, n_strongly
from core.report.summary import library_versions, written
from core.report.tables import Table, p_cells

_OF_EACH = ("statistic", "p_adjusted", "log10_p_adjusted", "significant", "strong", "auc", "hedges_g")
NEURON_PAIR_COLUMNS = (
    "neuron",
    *(f"{name}_{which}" for name in _OF_EACH for which in ("a", "b")),
    "changes_sides",
    "shuffled_labels_a",
    "shuffled_labels_b",
)
QUANTILE_COLUMNS = ("quantile", "statistic_a", "statistic_b", "shuffled_labels_a", "shuffled_labels_b")
_FORMAT = 1


def readable_correlation(value: float | None) -> str:
    """A correlation with three decimals, or with as many as it takes not to read 1 or −1 if it is not exactly that.

    Examples
    --------
    >>> readable_correlation(0.5), readable_correlation(-0.99997), readable_correlation(1.0), readable_correlation(None)
    ('0.500', '−0.99997', '1', 'not defined')
    """
    if value is None:
        return "not defined"
    size = abs(value)
    return f"{'−' if value < 0 else ''}{'0' if size == 0 else readable_auc(size)}"


def readable_jaccard(sets: SetAgreement) -> str:
    """A Jaccard index, with three decimals; in words if no neuron is in either set.

    Examples
    --------
    >>> readable_jaccard(SetAgreement(1, 1, 1, 0)), readable_jaccard(SetAgreement(0, 0, 0, 3))
    ('0.333', 'no neuron in either')
    """
    if sets.jaccard is None:
        return "no neuron in either"
    return "0" if sets.jaccard == 0 else readable_auc(sets.jaccard)


def statistics_named(a: ContrastResult, b: ContrastResult) -> tuple[str, str]:
    """What the statistics of both are called, such as "t of A" and "z of B"."""
    return f"{statistic_name(a.spec.test)} of A", f"{statistic_name(b.spec.test)} of B"


def overlap_sentence(sets: SetAgreement, what: str, names: tuple[str, str] = ("A", "B")) -> str:
    """How two sets overlap; ``names`` are those of the sets.

    Examples
    --------
    >>> overlap_sentence(SetAgreement(3, 1, 2, 94), "significant")
    'Significant: 3 in both, 1 only in A, 2 only in B, 94 in neither.'
    """
    one, other = names
    return (
        f"{what[:1].upper()}{what[1:]}: {sets.both:,} in both, {sets.only_a:,} only in {one}, {sets.only_b:,} only in "
        f"{other}, {sets.neither:,} in neither."
    )


def about_comparability(a: ContrastResult, b: ContrastResult) -> list[str]:
    """What makes the numbers of the two hard to compare, in sentences; nothing if they are of one kind."""
    found = []
    if a.spec.test != b.spec.test:
        found.append(
            f"A has {a.spec.tested_by.label}, B {b.spec.tested_by.label}: their statistics are of different kinds, so "
            "compare ranks, not sizes."
        )
    counts = [(len(each.target_units), len(each.baseline_units)) for each in (a, b)]
    if counts[0] != counts[1]:
        said = ["{:,} and {:,}".format(*each) for each in counts]
        found.append(f"A compares {said[0]} units, B {said[1]}: a statistic grows with the number of units.")
    if class_names(a.spec) != class_names(b.spec):
        found.append("A and B compare different classes: positive is higher for the target of each.")
    return found


def of_agreement(a: ContrastResult, b: ContrastResult, found: NeuronAgreement) -> str:
    """The scatter of both statistics, in words: for readers who hear a page."""
    one, other = statistics_named(a, b)
    return (
        f"Scatter of {one} against {other}, {found.n_compared:,} neurons. Pearson's correlation "
        f"{readable_correlation(found.pearson)}, rank correlation {readable_correlation(found.spearman)}. "
        f"{overlap_sentence(found.significant, 'significant')} {overlap_sentence(found.strong, 'strong')} "
        f"{len(found.changed_sides):,} change sides."
    )


def of_quantiles(a: ContrastResult, b: ContrastResult, found: Agreement) -> str:
    """The quantiles of one statistic against those of the other, in words."""
    one, other = statistics_named(a, b)
    ends = [f"{signed(float(each[0]))} to {signed(float(each[-1]))}" for each in (found.quantiles.a, found.quantiles.b)]
    return f"Quantiles of {one} ({ends[0]}) against those of {other} ({ends[1]})."


def of_depth(rows: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """The layers of both on one axis, in words: for each a name, shares of strong neurons and the largest |g|."""
    said = [
        f"{name}: most strong neurons in layer {int(np.argmax(shares))} ({readable_share(float(shares.max()))}), "
        f"{_largest(sizes)}"
        for name, shares, sizes in rows
    ]
    return f"Every layer of both experiments by relative depth. {'; '.join(said)}."


def _largest(sizes: np.ndarray) -> str:
    """Where |g| is largest, of the layers that have any (n_layers,): with two units of a class, none has."""
    if np.isnan(sizes).all():
        return "no effect size in any layer"
    return f"largest |g| in layer {int(np.nanargmax(sizes))} ({readable_number(float(np.nanmax(sizes)))})"


def agreement_table(a: ContrastResult, b: ContrastResult, found: Agreement) -> Table:
    """A row for each neuron with its numbers in both, or, where the neurons are not the same, for each quantile."""
    controls = a.spec.shuffle_labels, b.spec.shuffle_labels  # a table of a control must not pass for another one
    if found.neurons is None:
        pairs = found.quantiles
        columns = (pairs.quantile.tolist(), pairs.a.tolist(), pairs.b.tolist())
        return Table(QUANTILE_COLUMNS, [(*row, *controls) for row in zip(*columns, strict=True)])
    changed = np.zeros(a.n_neurons, bool)
    changed[found.neurons.changed_sides] = True
    both = [list(zip(*(_columns(each)[name] for each in (a, b)), strict=True)) for name in _OF_EACH]
    rows = [
        (neuron, *(value for pair in pairs for value in pair), bool(changed[neuron]), *controls)
        for neuron, pairs in enumerate(zip(*both, strict=True))
    ]
    return Table(NEURON_PAIR_COLUMNS, rows)


def _columns(result: ContrastResult) -> dict[str, list[Any]]:
    return {
        "statistic": result.tests.statistic.tolist(),
        "p_adjusted": p_cells(result.p_adjusted, result.log10_p_adjusted),
        "log10_p_adjusted": result.log10_p_adjusted.tolist(),
        "significant": result.significant.tolist(),
        "strong": result.strong.tolist(),
        "auc": result.tests.auc.tolist(),
        "hedges_g": result.effect_sizes.hedges_g.tolist(),
    }


def agreement_json(a: ContrastResult, b: ContrastResult, found: Agreement) -> str:
    """The comparison as JSON, with both specs: docs/reference/numbers.md has each field."""
    neurons = found.neurons
    return written(
        {
            "format": _FORMAT,
            "a": _experiment(a),
            "b": _experiment(b),
            "same_neurons": found.correspondence.same_neurons,
            "why": found.correspondence.why,
            "agreement": None if neurons is None else _agreement(neurons),
            "versions": library_versions(),
        }
    )


def _experiment(result: ContrastResult) -> dict[str, Any]:
    strong = n_strongly(result)
    return {
        "spec": asdict(result.spec),
        "model": asdict(result.model),
        "n_target_units": len(result.target_units),
        "n_baseline_units": len(result.baseline_units),
        "d_definition": d_definition(result.spec.test),
        "neurons": result.n_neurons,
        "significant_higher_for_target": result.n_higher,
        "significant_higher_for_baseline": result.n_lower,
        "strong_higher_for_target": strong[0],
        "strong_higher_for_baseline": strong[1],
    }


def _agreement(found: NeuronAgreement) -> dict[str, Any]:
    return {
        "compared": found.n_compared,
        "left_out": found.n_left_out,
        "pearson": found.pearson,
        "spearman": found.spearman,
        "significant": _sets(found.significant),
        "strong": _sets(found.strong),
        "selected": None if found.selected is None else _sets(found.selected),
        "changed_sides": found.changed_sides.tolist(),
        "strong_changed_sides": found.strong_changed_sides,
        "extremes": [_plain(asdict(each)) for each in found.extremes],
    }


def _sets(sets: SetAgreement) -> dict[str, Any]:
    return {**asdict(sets), "jaccard": sets.jaccard}


def _plain(value: Any) -> Any:
    """A value for JSON: no NaN and no infinity."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
