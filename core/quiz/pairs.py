"""Minimal pairs: in which of two phrases is a neuron higher at the same word?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.quiz.shown import Shown
from core.quiz.text import draw_strong
from core.records import ContrastResult, ContrastSpec
from core.records.gold import why_no_tags
from core.records.quiz import Proportion
from core.stats.proportion import wilson


@dataclass(frozen=True)
class PairPlan:
    """A round: the pair (its place), the neuron, and whether the phrase with the noun comes first."""

    pair: int
    neuron: int
    noun_first: bool


def pairs_apply(spec: ContrastSpec) -> bool:
    """Whether the contrast is of nouns and verbs, so that the pairs have a word of each class.

    Examples
    --------
    >>> pairs_apply(ContrastSpec()), pairs_apply(ContrastSpec(target="adjectives"))
    (True, False)
    """
    return not why_no_tags(spec) and {spec.target, spec.baseline} == {"nouns", "verbs"}


def draw_pair(result: ContrastResult, values: np.ndarray, shown: Shown, rng: np.random.Generator) -> PairPlan | None:
    """Draw a strong neuron and a pair, among those that this session was shown least often, and the order.

    The class of the neuron is drawn first, where both have strong neurons. A pair in which the neuron's two values are
    equal is not drawn.

    Parameters
    ----------
    values : ndarray of shape (n_pairs, 2, n_neurons)
        At the word as a noun and as a verb, as the test compares them.

    Returns
    -------
    PairPlan or None
        None if the neuron has equal values in each pair.

    Raises
    ------
    ValueError
        No neuron of the layer is strong.
    """
    neuron = draw_strong(result, "neuron of pairs", shown, rng)
    differ = np.flatnonzero(values[:, 0, neuron] != values[:, 1, neuron]).tolist()
    if not differ:
        return None
    return PairPlan(shown.draw("pair", differ, rng), neuron, bool(rng.integers(2)))


def value_at(values: np.ndarray, plan: PairPlan) -> tuple[float, float]:
    """The neuron's values in the first and in the second phrase, of values (n_pairs, 2, n_neurons).

    Examples
    --------
    >>> value_at(np.array([[[1.0], [5.0]]]), PairPlan(0, 0, noun_first=False))
    (5.0, 1.0)
    """
    noun, verb = (float(value) for value in values[plan.pair, :, plan.neuron])
    return (noun, verb) if plan.noun_first else (verb, noun)


def says_as_class(values: np.ndarray, neuron: int, for_nouns: bool) -> Proportion:
    """In how many pairs the neuron is higher in the phrase of its class, of those in which its values differ.

    Examples
    --------
    >>> says_as_class(np.array([[[3.0], [1.0]], [[2.0], [4.0]], [[1.0], [1.0]]]), 0, for_nouns=True)[:3]
    (1, 2, 0.5)
    """
    noun, verb = values[:, 0, neuron], values[:, 1, neuron]
    n_own = int((noun > verb).sum()) if for_nouns else int((verb > noun).sum())
    return wilson(n_own, int((noun != verb).sum()))
