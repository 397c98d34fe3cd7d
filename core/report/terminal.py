"""A contrast in a few lines for a terminal."""

from __future__ import annotations

import math

from core.records import Caution, ContrastResult, ContrastSpec
from core.records.contrasts import what_else_differs
from core.report import sentences
from core.report.glossary import d_definition, statistic_name
from core.report.readable import interval, readable_auc, readable_df, readable_number, readable_p, signed


def terminal_summary(result: ContrastResult, correction: str) -> str:
    """The model, what was compared and tested, the result with effect sizes, and cautions.

    Parameters
    ----------
    result : ContrastResult
    correction : str
        The label of the correction.
    """
    spec, words = result.spec, result.words
    target, baseline = sentences.class_names(spec)
    strongly = sentences.n_strongly(result)
    lines = [
        f"Model     {result.model.name} ({result.model.revision}), layer {spec.layer}, {spec.hook_side}",
        f"Words     {sentences.compared(result)}",
        f"Read      each word on its own, {sentences.read_as(result)}",
        f"Target    {target}: {words.target_list.source}",
        f"Baseline  {baseline}: {words.baseline_list.source}",
        *_confounds(spec),
        f"Test      {sentences.tested(result, correction)}",
        f"Result    {sentences.headline(result).replace('**', '')}",
        f"          Significantly higher for {target}: {result.n_higher:,} ({strongly[0]:,} strongly); "
        f"for {baseline}: {result.n_lower:,} ({strongly[1]:,} strongly).",
        *_neuron("Largest", result, result.largest),
        *_neuron("Smallest", result, result.smallest),
    ]
    if spec.shuffle_labels:
        lines.insert(0, f"Control   {sentences.about_control(spec)}")
    null_95 = result.null_95
    if result.null_maxima is not None and null_95 is not None and math.isfinite(null_95):
        lines.append(
            f"Null      In 95% of {result.null_maxima.size:,} permutations (seed {spec.seed}), every "
            f"|{statistic_name(spec.test)}| is below {readable_number(null_95)}."
        )
    for caution in result.cautions:
        lines += _caution(caution)
    lines += [f"Note      {note}" for note in result.notes]
    return "\n".join(lines)


def _confounds(spec: ContrastSpec) -> list[str]:
    """What else differs between the classes; no line where nothing can be said."""
    return [f"Confounds {line}"] if (line := what_else_differs(spec)) else []


def _neuron(label: str, result: ContrastResult, neuron: int) -> list[str]:
    """Two lines on one neuron: its test, and its effect sizes on both sides of the nonlinearity."""
    tests, sizes, other = result.tests, result.effect_sizes, result.other_side
    df = tests.degrees_of_freedom[neuron]
    of_df = f", df = {readable_df(df)}" if math.isfinite(df) else ""
    g = interval(signed(sizes.hedges_g_low[neuron]), signed(sizes.hedges_g_high[neuron]))
    auc = interval(readable_auc(sizes.auc_low[neuron]), readable_auc(sizes.auc_high[neuron]))
    found = "; ".join(sentences.marks(result, neuron))
    return [
        f"{label:<9} neuron {neuron}: {statistic_name(result.spec.test)} = {signed(tests.statistic[neuron])}{of_df}, "
        f"adjusted p = {readable_p(result.log10_p_adjusted[neuron])}, "
        f"Hedges' g ({d_definition(result.spec.test)}) = {signed(sizes.hedges_g[neuron])} {g}",
        f"          AUC {readable_auc(tests.auc[neuron])} {auc}, {sentences.where(other.side)} "
        f"{readable_auc(other.auc[neuron])}{f'; {found}' if found else ''}",
    ]


def _caution(caution: Caution) -> list[str]:
    """The sentence, and the options of the command line for each remedy."""
    lines = [f"Caution   {caution.sentence}"]
    for remedy in caution.remedies:
        options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in remedy.changes)
        lines.append(f"          {remedy.label}: {options}")
    return lines
