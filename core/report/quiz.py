"""What the score of a quiz says, in words."""

from __future__ import annotations

from collections.abc import Mapping

from core.records.quiz import Proportion
from core.report.readable import as_chosen, interval, readable_share

# What is asked, by the kind of an answer (``core.records.quiz.QUIZ_KINDS``).
KIND_TITLES: Mapping[str, str] = {
    "which": "Blind texts: which one is the neuron’s",
    "class": "Blind texts: for which class it is higher",
    "pair": "Minimal pairs",
}
CHANCE = 0.5  # of each kind: a coin
ABOUT_SCORE = (
    "A score above chance says that a reader can tell the two colourings, or the two phrases, apart. It does not say "
    "that the model uses the neuron."
)


def score_sentence(score: Proportion) -> str:
    """A score, what chance would give, and whether the interval includes chance.

    Examples
    --------
    >>> score_sentence(Proportion(7, 10, 0.7, 0.397, 0.892))
    '7 of 10; chance is 5; the interval [40%, 89%] includes chance.'
    >>> score_sentence(Proportion(19, 21, 0.905, 0.711, 0.973))
    '19 of 21; chance is 10.5; the interval [71%, 97.3%] is above chance.'
    >>> score_sentence(Proportion(0, 0, *[float("nan")] * 3))
    'No answer yet.'
    """
    if not score.n:
        return "No answer yet."
    verdict = {1: "is above chance", 0: "includes chance", -1: "is below chance"}[score.side_of(CHANCE)]
    limits = interval(readable_share(score.low), readable_share(score.high))
    chance = as_chosen(CHANCE * score.n)
    return f"{score.n_right:,} of {score.n:,}; chance is {chance}; the interval {limits} {verdict}."
