"""Are the statistics valid on the values of a real model? Shares of false findings, power, and the cost of max-T.

    python -m benchmarks validity --results validity.json --out docs/methods.md

All words are of the bundled lists, all values of the bundled model, the family is all its 3,072 neurons, and alpha is
.05. With ``--results``, every run of every situation is saved, and a stopped command goes on where it was. The words
are read once. A run only chooses rows, tests and corrects.
"""

from __future__ import annotations

import hashlib
import time
import tracemalloc
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from benchmarks import planted
from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import number, say
from benchmarks.validity_draws import (
    BEFORE,
    MORE_SHUFFLES,
    SHUFFLES,
    Analysis,
    Read,
    absolute_shifted,
    absolute_shuffles,
    lemma_splits,
    mixtures,
    read_lists,
    shifted_lists,
    shuffles,
)
from benchmarks.validity_runs import ALPHA, N_PERMUTATIONS, Measured, Saved, Shares, measure
from core.activations.units import units_of
from core.models import LoadedModel, load_model
from core.stats.permutation import max_t

_TESTS = {"welch": "Welch", "paired": "paired", "mannwhitney": "Mann–Whitney"}
_CORRECTIONS = {
    "bonferroni": "Bonferroni",
    "sidak": "Šidák",
    "holm": "Holm",
    "fdr_bh": "BH",
    "fdr_by": "BY",
    "max_t": "max-T",
}
_POWER_TOLERANCE = 0.03
_MEGABYTES = 1_000.0  # for max-T, beside the activations
_LARGE = (12, 100, 3_072)  # layers, words of each class, neurons: GPT-Neo 125M

# The target and baseline of each layer, (n_units, n_neurons).
Layers: TypeAlias = list[tuple[np.ndarray, np.ndarray]]


def section(options: Options) -> Section:
    """All tables, with a mark for every share that must be at most alpha and for every power."""
    n_runs, n_permutations = options.pick(400, 6), options.pick(10_000, 200)
    say("Validity: reading all words")
    lm = load_model("bundled")
    read = read_lists(lm)
    saved = Saved(about(lm, read), options.results)
    parts = {
        _SHUFFLES: measure("one list", shuffles(read, SHUFFLES), n_runs, saved),
        _MORE_SHUFFLES: measure("one list", shuffles(read, MORE_SHUFFLES), n_runs, saved),
        _LEMMAS: measure("lemma halves", lemma_splits(read), n_runs, saved),
        _SHIFTED: measure("equal means", shifted_lists(read), n_runs, saved),
        _ABSOLUTE: measure("absolute, one list", absolute_shuffles(read), n_runs, saved),
        _ABSOLUTE_SHIFTED: measure("absolute, equal means", absolute_shifted(read), n_runs, saved),
        _MIXTURES: measure("planted", mixtures(read), n_runs, saved),
    }
    say("Validity: power")
    powers = planted.measure_power(*planted.read_planted(read.words), options.pick(1000, 20))
    say("Validity: the time of max-T")
    cost, cost_marks = max_t_cost(read, n_permutations)
    tables = [text for heading, found in parts.items() for text in (heading, share_table(found))]
    bounds = [mark for found in parts.values() for mark in share_marks(found)]
    about_runs = _ABOUT.format(n_runs=n_runs, n_nouns=len(read.words.target), n_verbs=len(read.words.baseline))
    return Section(
        "validity",
        "Validity",
        (about_runs, *tables, _POWER, power_table(powers), _COST.format(n=n_permutations), cost),
        (*bounds, *power_marks(powers), *cost_marks),
    )


def about(lm: LoadedModel, read: Read) -> str:
    """What saved results depend on: the words and their lemmas, the model, and the settings."""
    words = read.words
    lists = [words.target, words.baseline, words.target_lemmas, words.baseline_lemmas]
    digest = hashlib.sha256(repr(lists).encode()).hexdigest()[:16]
    return f"words {digest}, model {lm.info.revision}, {N_PERMUTATIONS} permutations, alpha {ALPHA}"


def share_table(found: Sequence[Measured]) -> str:
    """One row for each situation, one column for each analysis; in bold what is above its bound."""
    columns = list(dict.fromkeys(analysis for measured in found for analysis in measured.shares))
    header = ("groups", *map(_column_name, columns))
    rows = [
        (measured.situation.name, *(_cell(measured.shares.get(column)) for column in columns)) for measured in found
    ]
    return markdown(header, rows)


def share_marks(found: Sequence[Measured]) -> list[Mark]:
    """One mark for each share that must be at most alpha, give or take two standard errors."""
    return [
        Mark(f"{measured.situation.name}, {' '.join(analysis)}", shares.mean, shares.bound, least=False)
        for measured in found
        for analysis, shares in measured.shares.items()
        if analysis in measured.situation.must_hold
    ]


def power_table(powers: Sequence[planted.Power]) -> str:
    """Found and expected, for each number of words (rows) and effect size (two columns)."""
    header = ["words of each class"]
    for effect in planted.EFFECTS:
        header += [f"d = {effect}, theory", "measured"]
    cells: dict[int, list[str]] = {}
    for row in powers:
        cells.setdefault(row.n, [str(row.n)]).extend([f"{row.theory:.1%}", f"{row.measured:.1%}"])
    return markdown(header, list(cells.values()))


def power_marks(powers: Sequence[planted.Power]) -> list[Mark]:
    """One mark for each power: at most three points from theory."""
    return [
        Mark(f"power, {row.n} + {row.n}, d {row.effect}", abs(row.measured - row.theory), _POWER_TOLERANCE, least=False)
        for row in powers
    ]


def max_t_cost(read: Read, n_permutations: int) -> tuple[str, list[Mark]]:
    """A table of the time and the memory of one max-T run in several cases, and a mark for each."""
    rows, marks = [], []
    for name, layers, bound in cost_cases(read):
        seconds, peak = _cost(layers, n_permutations)
        mark = Mark(f"max-T, {name}, seconds", seconds, bound, " s", least=False)
        marks += [mark, Mark(f"max-T, {name}, memory", peak / 1e6, _MEGABYTES, " MB", least=False)]
        rows.append((name, number(seconds), str(mark), f"{peak / 1e6:,.0f}"))
    return markdown(("one max-T", "seconds", "mark", "MB beside the activations"), rows), marks


def cost_cases(read: Read) -> list[tuple[str, Layers, float]]:
    """What is timed: a name, the groups of each layer, and the seconds that it may take.

    The careful preset's groups are unequal: the lemmas of 500 nouns and of 500 verbs.
    """
    nouns, verbs = (values[BEFORE][:, :500] for values in (read.target, read.baseline))
    by_lemma = [
        units_of(words[:500], lemmas[:500], "lemma").mean(values)
        for words, lemmas, values in (
            (read.words.target, read.words.target_lemmas, nouns),
            (read.words.baseline, read.words.baseline_lemmas, verbs),
        )
    ]
    # The time does not depend on the values.
    large = np.random.default_rng(0).standard_normal((2, *_LARGE), dtype=np.float32)
    counts = f"{by_lemma[0].shape[1]:,} + {by_lemma[1].shape[1]:,}"
    return [
        ("500 + 500 words, bundled model", list(zip(nouns, verbs, strict=True)), 3.0),
        (f"{counts} lemmas (careful preset), bundled model", list(zip(*by_lemma, strict=True)), 3.0),
        (f"100 + 100 words, {_LARGE[0]} layers of {_LARGE[2]:,} neurons", list(zip(*large, strict=True)), 10.0),
    ]


def _cost(layers: Layers, n_permutations: int) -> tuple[float, int]:
    """Seconds and, from a second run, the peak of allocated bytes."""
    start = time.perf_counter()
    max_t(layers, "welch", seed=0, n_permutations=n_permutations)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    try:
        max_t(layers, "welch", seed=0, n_permutations=n_permutations)
        return seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _column_name(analysis: Analysis) -> str:
    family = "" if analysis.family == "model" else ", layer by layer"
    return f"{_TESTS[analysis.test]}, {_CORRECTIONS[analysis.correction]}{family}"


def _cell(shares: Shares | None) -> str:
    if shares is None:
        return ""
    text = f"{shares.mean:.1%}"
    return f"**{text}**" if shares.mean > shares.bound else text


_ABOUT = (
    "Shares of false findings at α = .05 in {n_runs} runs, family: all layers of the bundled model. The words are the "
    "{n_nouns:,} nouns and {n_verbs:,} verbs of the bundled lists, read as the careful preset reads them. *Before* and "
    "*after* are the pre-activation and the activation. In bold: above .05 by more than two standard errors."
)
_SHUFFLES = (
    "**Nothing to find.** Two groups of nouns drawn at random from one list, without replacement. The share of runs "
    "with at least one finding:"
)
_MORE_SHUFFLES = "**Welch's test at other sizes.** As above; the cautions quote these rates:"
_LEMMAS = (
    "**Forms of a lemma.** The lemmas of the verb list are divided at random into two halves, each lemma with all its "
    "forms. Nothing is to find. The share of runs with at least one finding, before the nonlinearity:"
)
_SHIFTED = (
    "**Equal means, other shapes.** Nouns against verbs, drawn with replacement, after each neuron's verb values were "
    "shifted so that the means of the two lists are equal. Means do not differ, but spread and shape do. The share of "
    "runs with at least one finding:"
)
_ABSOLUTE = (
    "**Absolute values, nothing to find.** Two groups of nouns drawn at random from one list, without replacement; "
    "each value loses its sign before the test. The share of runs with at least one finding:"
)
_ABSOLUTE_SHIFTED = (
    "**Absolute values, equal means.** Nouns against verbs, drawn with replacement, after each neuron's absolute verb "
    "values were shifted so that the means of the absolute values are equal. The share of runs with at least one "
    "finding:"
)
_MIXTURES = (
    "**False discovery rate.** 100 + 100 nouns of one list, with a difference of 0.4 to 1.2 standard deviations "
    "planted in a share of the neurons. The mean share of false findings among all findings:"
)
_POWER = (
    "**Power.** The share of planted neurons found by Welch's test with Bonferroni's correction over 3,072 neurons. "
    "*Theory* is the noncentral t distribution. *Measured* is in a copy of the bundled model, in which 32 neurons for "
    "each d were given weights with exactly this difference between nouns and verbs; words are drawn with replacement:"
)
_COST = "**Cost of max-T.** One run of Welch's test over all layers, with {n:,} permutations:"
