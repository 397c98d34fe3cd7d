"""Draws of two groups of words where the truth is known: nothing differs, or only what was planted.

All draws index arrays of activations that were read once, float32 (n_layers, n_words, n_neurons). The values are those
of a real model, with their true shapes and dependence. Only the division into two groups is random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np

from core.activations import read_both_sides
from core.activations.units import units_of
from core.experiment import choose_words
from core.models import LoadedModel
from core.records import HOOK_SIDES, MAX_WORDS, ContrastSpec, WordPair

Draw: TypeAlias = Callable[[np.random.Generator], "Groups"]

_PLACES = {"pre-activation": "before", "activation": "after"}

# Planted differences, in standard deviations of a neuron: from hard to find with 100 + 100 words to always found.
SHIFTS = (0.4, 1.2)


@dataclass(frozen=True)
class Groups:
    """Two groups, float32 (n_layers, n_units, n_neurons), and which neurons truly differ, (n_layers, n_neurons)."""

    target: np.ndarray
    baseline: np.ndarray
    differs: np.ndarray

    @classmethod
    def alike(cls, target: np.ndarray, baseline: np.ndarray) -> Groups:
        """Two groups in which no neuron truly differs."""
        return cls(target, baseline, np.zeros(target.shape[::2], dtype=bool))


@dataclass(frozen=True)
class Read:
    """All words of both bundled lists, read as the careful preset reads them, on both sides of the nonlinearity.

    ``target`` and ``baseline`` have, for each side, float32 (n_layers, n_words, n_neurons).
    """

    words: WordPair
    target: dict[str, np.ndarray]
    baseline: dict[str, np.ndarray]


def read_lists(lm: LoadedModel) -> Read:
    """Read the nouns and verbs of the bundled lists, without words of both lists."""
    spec = ContrastSpec.careful(n_target=MAX_WORDS, n_baseline=MAX_WORDS)
    words = choose_words(spec)

    def read(of: Sequence[str]) -> dict[str, np.ndarray]:
        sides = read_both_sides(lm, of, pooling=spec.pooling, leading_space=spec.leading_space, prefix=spec.prefix)
        return {side: sides.at(side) for side in HOOK_SIDES}

    return Read(words, read(words.target), read(words.baseline))


def one_list(values: np.ndarray, n_target: int, n_baseline: int) -> Draw:
    """Two groups of different words drawn at random from one list: no neuron differs but by chance.

    Raises ValueError if the list has fewer words.
    """
    if values.shape[1] < n_target + n_baseline:
        raise ValueError(f"{n_target:,} + {n_baseline:,} different words cannot come from {values.shape[1]:,}.")

    def draw(rng: np.random.Generator) -> Groups:
        chosen = rng.permutation(values.shape[1])[: n_target + n_baseline]
        return Groups.alike(values[:, chosen[:n_target]], values[:, chosen[n_target:]])

    return draw


def lemma_halves(values: np.ndarray, words: Sequence[str], lemmas: Sequence[str], unit: str) -> Draw:
    """One half of a list's lemmas against the other half, all forms of a lemma in the same half."""
    names, lemma_of = np.unique(lemmas, return_inverse=True)
    means = units_of(words, lemmas, "lemma").mean(values) if unit == "lemma" else values
    n_lemmas = len(names)

    def draw(rng: np.random.Generator) -> Groups:
        in_target = np.zeros(n_lemmas, dtype=bool)
        in_target[rng.permutation(n_lemmas)[: n_lemmas // 2]] = True
        # [n_lemmas], in whatever order: which lemmas go where is random. [n_words] if the unit is the word.
        rows = in_target if unit == "lemma" else in_target[lemma_of]
        return Groups.alike(means[:, rows], means[:, ~rows])

    return draw


def equal_means(target: np.ndarray, baseline: np.ndarray, n_target: int, n_baseline: int) -> Draw:
    """Words of two lists whose means were made equal, neuron by neuron. All else about the two lists may differ.

    Words are drawn with replacement. So the lists are the whole populations, and their means are truly equal.
    """
    means = [values.mean(axis=1, keepdims=True, dtype=np.float64) for values in (target, baseline)]
    shifted = (baseline + (means[0] - means[1])).astype(np.float32)

    def draw(rng: np.random.Generator) -> Groups:
        rows = rng.integers(target.shape[1], size=n_target), rng.integers(baseline.shape[1], size=n_baseline)
        return Groups.alike(target[:, rows[0]], shifted[:, rows[1]])

    return draw


def mixture(values: np.ndarray, n: int, share: float) -> Draw:
    """Two groups of one list, with a difference planted in a share of the neurons.

    A planted difference is between 0.4 and 1.2 standard deviations of the neuron over the list, up or down.
    """
    spread = values.std(axis=1, dtype=np.float64).astype(np.float32)  # [n_layers, n_neurons]
    halves = one_list(values, n, n)

    def draw(rng: np.random.Generator) -> Groups:
        groups = halves(rng)
        differs = rng.random(spread.shape) < share
        shift = rng.uniform(*SHIFTS, spread.shape) * rng.choice([-1, 1], spread.shape) * differs * spread
        # [n_layers, n_units, n_neurons] + [n_layers, 1, n_neurons]
        return Groups((groups.target + shift[:, None]).astype(np.float32), groups.baseline, differs)

    return draw


class Analysis(NamedTuple):
    """A test and a correction. The family is all layers together ("model"), or each layer alone ("layer")."""

    test: str
    correction: str
    family: str = "model"


@dataclass(frozen=True)
class Situation:
    """A way to draw two groups, and the analyses to run on each draw.

    The analyses in ``must_hold`` are valid here by theory: their share of false findings must be at most alpha. The
    others are measured to show what goes wrong.
    """

    name: str
    draw: Draw
    must_hold: tuple[Analysis, ...]
    others: tuple[Analysis, ...] = ()

    @property
    def analyses(self) -> tuple[Analysis, ...]:
        """All of them."""
        return (*self.must_hold, *self.others)


HOLM = (Analysis("welch", "holm"),)
# Valid whatever the distribution, if both groups have the same one.
EXACT = (Analysis("mannwhitney", "holm"), Analysis("welch", "max_t"))
ALL = (*(Analysis("welch", name) for name in ("bonferroni", "sidak", "holm", "fdr_bh", "fdr_by")), *EXACT)
LAYER_BY_LAYER = (Analysis("welch", "holm", "layer"),)

SHIFTED = (*HOLM, Analysis("paired", "holm"), Analysis("welch", "max_t"))

# Two groups of one list: the side, their sizes, what must hold, and what else is measured.
Shuffle: TypeAlias = tuple[str, tuple[int, int], tuple[Analysis, ...], tuple[Analysis, ...]]
BEFORE, AFTER = HOOK_SIDES
SHUFFLES: tuple[Shuffle, ...] = (
    (BEFORE, (500, 500), ALL, LAYER_BY_LAYER),
    *((BEFORE, (n, n), ALL, ()) for n in (100, 20)),
    *((BEFORE, sizes, EXACT, HOLM) for sizes in ((5, 100), (8, 100), (20, 500))),
    (AFTER, (20, 500), EXACT, HOLM),
)
# Where t-tests fail, and how fast that ends.
MORE_SHUFFLES: tuple[Shuffle, ...] = (
    *((BEFORE, sizes, (), HOLM) for sizes in ((5, 20), (5, 500), (20, 100), (50, 500))),
    *((AFTER, sizes, (), HOLM) for sizes in ((5, 100), (20, 100), (50, 500), (100, 500), (200, 1000))),
    *((AFTER, (n, n), (), HOLM) for n in (20, 50, 99, 100, 500)),
)


def shuffles(read: Read, which: Sequence[Shuffle]) -> list[Situation]:
    """Two groups of nouns, before or after the nonlinearity, each of one line of ``SHUFFLES``."""
    return [
        Situation(
            f"{n_target:,} + {n_baseline:,}, {_PLACES[side]}",
            one_list(read.target[side], n_target, n_baseline),
            must_hold,
            others,
        )
        for side, (n_target, n_baseline), must_hold, others in which
    ]


# Values without their signs, at sizes that the cautions quote: equal and unequal.
ABSOLUTE: tuple[Shuffle, ...] = (
    *((BEFORE, (n, n), (), HOLM) for n in (20, 100, 500)),
    *((BEFORE, sizes, (), HOLM) for sizes in ((5, 20), (5, 100), (8, 100), (20, 100), (5, 500), (20, 500), (50, 500))),
    *((BEFORE, sizes, (), HOLM) for sizes in ((100, 500), (200, 1000))),
    *((AFTER, (n, n), (), HOLM) for n in (20, 50, 100, 500)),
    *((AFTER, sizes, (), HOLM) for sizes in ((5, 100), (20, 100), (20, 500), (50, 500), (100, 500), (200, 1000))),
)


def absolute_shuffles(read: Read) -> list[Situation]:
    """Two groups of nouns whose values lost their signs, of the sizes of ``ABSOLUTE``."""
    return shuffles(without_signs(read), ABSOLUTE)


def absolute_shifted(read: Read) -> list[Situation]:
    """Nouns against verbs whose means of absolute values were made equal."""
    return shifted_lists(without_signs(read), (*HOLM, Analysis("welch", "max_t")))


def without_signs(read: Read) -> Read:
    """The words with the absolute value of each: the sign goes first, as in the app."""
    target, baseline = (
        {side: np.abs(values) for side, values in each.items()} for each in (read.target, read.baseline)
    )
    return Read(read.words, target, baseline)


def lemma_splits(read: Read) -> list[Situation]:
    """The verbs' lemmas in two halves, with words and with lemmas as the unit, before the nonlinearity."""
    halves = partial(lemma_halves, read.baseline[BEFORE], read.words.baseline, read.words.baseline_lemmas)
    analyses = (*HOLM, *EXACT)
    return [
        Situation("unit: word form", halves("word"), must_hold=(), others=analyses),
        Situation("unit: lemma", halves("lemma"), must_hold=analyses),
    ]


def shifted_lists(read: Read, analyses: tuple[Analysis, ...] = SHIFTED) -> list[Situation]:
    """Nouns against verbs whose means were made equal: no test here is exact."""
    sizes = {BEFORE: (20, 100, 500), AFTER: (20, 50, 99, 200, 500)}
    return [
        Situation(
            f"{n} + {n}, {_PLACES[side]}",
            equal_means(read.target[side], read.baseline[side], n, n),
            must_hold=(),
            others=analyses,
        )
        for side in sizes
        for n in sizes[side]
    ]


def mixtures(read: Read) -> list[Situation]:
    """Nouns, 100 + 100, with differences planted in a share of all neurons."""
    analyses = (Analysis("welch", "fdr_bh"), Analysis("welch", "fdr_by"), Analysis("mannwhitney", "fdr_bh"))
    return [
        Situation(f"{share:.0%} planted, {_PLACES[side]}", mixture(read.target[side], 100, share), must_hold=analyses)
        for side in HOOK_SIDES
        for share in (0.1, 0.5)
    ]
