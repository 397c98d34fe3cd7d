"""The blind quiz: a text in the colours of a neuron that differs strongly between two classes, and of a matched one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.activations import tokens_of_words, word_values
from core.quiz.colouring import colour_steps
from core.quiz.shown import Shown
from core.records import ENOUGH_WORDS, UPOS_OF, ContrastResult, GoldWord, Passage, TokenActivations
from core.records.gold import why_no_tags
from core.report.sentences import class_names
from core.stats.cluster_bootstrap import auc_interval
from core.stats.look_alikes import look_alikes
from core.words import bundled_gold, listed_words, passages
from core.words.running_words import word_spans

# A text is of so many characters: enough words to see a pattern, and read in a minute.
_LEAST_CHARACTERS, _MOST_CHARACTERS = 300, 500
_ENOUGH_PASSAGES = 10
# A neuron that is said hardly to differ has an AUC this near to 0.5 on the words; of the nearest ones, one is drawn.
MOST_FROM_HALF = 0.1
N_NEAREST = 5
# The end of a sentence: its mark, perhaps a closing quotation mark, and a space.
_ENDS = re.compile(r"[.!?]['\"”’)]*\s")


@dataclass(frozen=True)
class TextPlan:
    """What is drawn before the text is read: the passage (its place), the neuron, and whether it comes first."""

    passage: int
    neuron: int
    first: bool


@dataclass(frozen=True, eq=False)
class TextRound:
    """A round of the blind quiz.

    ``spans`` are the characters of each running word of ``text``. ``steps`` are the colours (n_words,) of the first and
    of the second text: with ``text`` and ``spans``, all that may be shown before the answer. ``neuron`` is the one that
    differs, ``other`` the matched one, and ``distance`` how far its mean and spread are (``core.stats.look_alikes``).
    ``first`` says whether the neuron colours the first text.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    steps: tuple[np.ndarray, np.ndarray]
    neuron: int
    other: int
    distance: float
    first: bool


@dataclass(frozen=True, eq=False)
class WordKinds:
    """The words of a passage that are of one of the two classes: by their tags, or by the word lists.

    ``names`` are those of the target's and the baseline's words; ``in_target`` (n_words,) is False for the baseline's.
    """

    by_tag: bool
    names: tuple[str, str]
    words: tuple[GoldWord, ...]
    in_target: np.ndarray

    @property
    def n_of_each(self) -> tuple[int, int]:
        """How many words are the target's, and how many the baseline's."""
        n = int(self.in_target.sum())
        return n, len(self.words) - n


@dataclass(frozen=True)
class NeuronInText:
    """A neuron's AUC for one class: on the words of the experiment, and in a text.

    Both are with 95% intervals. ``in_text`` is None if the text has fewer than 10 words of a class.
    """

    neuron: int
    on_words: tuple[float, float, float]
    in_text: tuple[float, float, float] | None


@cache
def quiz_passages() -> tuple[Passage, ...]:
    """The texts of the quiz: passages of 300 to 500 characters of the project's tagged sentences.

    Examples
    --------
    >>> len(quiz_passages()) >= 24, {300 <= len(each.text) <= 500 for each in quiz_passages()}
    (True, {True})
    """
    every = passages(bundled_gold(), _MOST_CHARACTERS)
    return tuple(each for each in every if _LEAST_CHARACTERS <= len(each.text) <= _MOST_CHARACTERS)


def kinds_in(result: ContrastResult, passage: Passage) -> WordKinds:
    """The words of a passage that are of one of the two classes: by tag where the contrast has tags, else by list."""
    if why_no_tags(result.spec):
        lists = (result.words.target_list.words, result.words.baseline_list.words)
        words, in_target = listed_words(passage.text, *lists)
        return WordKinds(False, class_names(result.spec), tuple(words), np.array(in_target, dtype=bool))
    target, baseline = UPOS_OF[result.spec.target], UPOS_OF[result.spec.baseline]
    tagged = tuple(word for word in passage.words if word.upos in (*target, *baseline))
    names = ("/".join(target), "/".join(baseline))
    return WordKinds(True, names, tagged, np.array([word.upos in target for word in tagged], dtype=bool))


def usable_passages(result: ContrastResult) -> tuple[int, ...]:
    """The places of the passages that have at least ten words of each class.

    If fewer than ten passages have, as with a list of rare words: the ten with most words of their rarer class.
    """
    fewest = np.array([min(kinds_in(result, each).n_of_each) for each in quiz_passages()])
    enough = np.flatnonzero(fewest >= ENOUGH_WORDS)
    if len(enough) < _ENOUGH_PASSAGES:
        enough = np.sort(np.argsort(-fewest, kind="stable")[:_ENOUGH_PASSAGES])
    return tuple(enough.tolist())


def strong_of_each(result: ContrastResult) -> tuple[list[int], list[int]]:
    """The strong neurons of the layer that are higher for the target, and for the baseline, by their numbers."""
    strong, statistic = result.strong, result.tests.statistic
    return np.flatnonzero(strong & (statistic > 0)).tolist(), np.flatnonzero(strong & (statistic < 0)).tolist()


def draw_text(result: ContrastResult, places: Sequence[int], shown: Shown, rng: np.random.Generator) -> TextPlan:
    """Draw a passage, a strong neuron, and the order of the two colourings.

    First the class is drawn, where both have strong neurons, so that each is right as often as the other one. Then the
    passage and the neuron are drawn among those that this session was shown least often.

    Raises
    ------
    ValueError
        No neuron of the layer is strong (``strong_of_each``).
    """
    neuron = draw_strong(result, "neuron", shown, rng)
    return TextPlan(shown.draw("passage", places, rng), neuron, bool(rng.integers(2)))


def draw_strong(result: ContrastResult, kind: str, shown: Shown, rng: np.random.Generator) -> int:
    """Draw a class that has strong neurons, then one of these that was shown least often; ValueError without any."""
    classes = [neurons for neurons in strong_of_each(result) if neurons]
    if not classes:
        raise ValueError(f"no neuron of layer {result.spec.layer} is strong")
    return shown.draw(f"{kind} {result.spec.digest}", classes[int(rng.integers(len(classes)))], rng)


def matched_neuron(
    result: ContrastResult, values: np.ndarray, neuron: int, shown: Shown, rng: np.random.Generator
) -> tuple[int, float] | None:
    """A neuron that hardly separates the words, with about the mean and the spread of another one in a text.

    Of all neurons of the layer that are not strong and have an AUC of 0.4 to 0.6 on the words, the five nearest ones
    are taken (``core.stats.look_alikes``); of these, one that this session was shown least often.

    Parameters
    ----------
    values : ndarray of shape (n_words, n_neurons)
        Of the running words of the text, as the test compares them.

    Returns
    -------
    (int, float) or None
        The neuron and its distance. None if no neuron of the layer is like that.
    """
    near_half = np.abs(result.tests.auc - 0.5) <= MOST_FROM_HALF + 1e-12
    allowed = np.flatnonzero(near_half & ~result.strong & np.isfinite(result.tests.statistic))
    neurons, distances = look_alikes(values, neuron, allowed, N_NEAREST)
    if not len(neurons):
        return None
    at = {int(each): float(distance) for each, distance in zip(neurons, distances, strict=True)}
    drawn = shown.draw(f"neuron {result.spec.digest}", list(at), rng)
    return drawn, at[drawn]


def text_round(
    result: ContrastResult, found: TokenActivations, plan: TextPlan, shown: Shown, rng: np.random.Generator
) -> TextRound | None:
    """The round of a plan, once its passage is read (``found``); None if no neuron matches, or it varies in no word.

    A word has the value of the spec's pooling over its tokens, as in the experiment.
    """
    text = "".join(found.pieces)
    spans = word_spans(text)
    values = word_values(found, tokens_of_words(found, spans), range(found.values.shape[1]), result.spec.pooling)
    known = np.isfinite(values).all(axis=1)  # [n_words, n_neurons] -> [n_words]
    if known.sum() < 2 or not np.ptp(values[known, plan.neuron]) > 0:
        return None
    matched = matched_neuron(result, values[known], plan.neuron, shown, rng)
    if matched is None:
        return None
    other, distance = matched
    steps = colour_steps(values[:, plan.neuron]), colour_steps(values[:, other])
    in_order = steps if plan.first else steps[::-1]
    return TextRound(text, tuple(spans), (in_order[0], in_order[1]), plan.neuron, other, distance, plan.first)


def reveal_text(
    result: ContrastResult, found: TokenActivations, kinds: WordKinds, quiz: TextRound
) -> tuple[NeuronInText, NeuronInText]:
    """How well the neuron, and the other one, separate the classes in the text and on the words.

    Both AUCs are for the class for which the neuron is higher. The interval in the text is by draws of its sentences.
    """
    own = kinds.in_target if result.favours_target(quiz.neuron) else ~kinds.in_target
    values = word_values(
        found,
        tokens_of_words(found, [(word.start, word.end) for word in kinds.words]),
        (quiz.neuron, quiz.other),
        result.spec.pooling,
    )  # [n_words, 2]
    known = np.isfinite(values).all(axis=1)
    ends = [match.end() for match in _ENDS.finditer(quiz.text)]
    sentence = np.searchsorted(ends, [word.start for word in kinds.words], side="right")
    enough = min(int((own & known).sum()), int((~own & known).sum())) >= ENOUGH_WORDS
    seen = []
    for column, neuron in enumerate((quiz.neuron, quiz.other)):
        in_text = None
        if enough:
            in_text = auc_interval(values[known, column], own[known], sentence[known], seed=result.spec.seed)
        on_words = result.auc_for(neuron, target=result.favours_target(quiz.neuron))
        seen.append(NeuronInText(neuron, on_words, in_text))
    return seen[0], seen[1]
