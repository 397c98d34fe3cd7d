"""What the blocks of the coloured text show: each neuron's values, their scales, and both neurons in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.activations import group_values, word_groups
from core.experiment import unit_values
from core.records import ContrastResult, TokenActivations
from core.report.colour_scales import balanced_scales, scales_of
from core.report.glossary import GLOSSARY
from core.report.readable import readable_auc
from core.report.sentences import class_names, higher_for, where
from core.stats.class_balance import ClassScale, class_balance, class_scale
from core.words.running_words import word_spans
from ui.token_heatmap import BASELINE, BOTH, TARGET, HeatmapBlock

_ENDS = {
    "text90": "5th to 95th percentile of this text",
    "text": "lowest to highest of this text",
    "words90": "5th to 95th percentile of the word lists",
    "words": "lowest to highest of the word lists",
    "zero90": "95th percentile of this text’s absolute values",
    "zero": "largest absolute value of this text",
}
# Both in one has zero at the centre of every scale.
_BALANCED_ENDS = {
    "text90": _ENDS["zero90"],
    "text": _ENDS["zero"],
    "words90": "95th percentile of the word lists’ absolute values",
    "words": "largest absolute value of the word lists",
    "zero90": _ENDS["zero90"],
    "zero": _ENDS["zero"],
}
_ABOUT = (
    f"Range: {GLOSSARY['colour scale']} “This text” takes the values of this text, so the strongest colour is there "
    "even if no value is large. “Word lists” takes the values of the words (or lemmas) of both lists, so texts can be "
    "compared. Around zero, zero has no colour.",
    "Ends: the range runs from the 5th to the 95th percentile, so that a few extreme tokens do not take all the "
    "colour; what lies beyond has the colour of the end (≤ and ≥ at the scale). Or it runs from the lowest to the "
    "highest value.",
    "Colour from: tokens nearer to the faint end than this share of the range (of a scale with a centre: nearer to the "
    "centre) are not coloured.",
    "As in the notebook: this text from lowest to highest, by token, in reds and blues.",
)


@dataclass(frozen=True, eq=False)
class Shown:
    """What the component shows of a text, and why there is no block of both neurons, if that needs words.

    ``blocks`` begins with that of both neurons, if there are two for it; ``word_starts`` are the first tokens of words,
    of which there are ``n_words``.
    """

    blocks: list[HeatmapBlock]
    word_starts: list[int]
    n_words: int
    no_both: str


@dataclass(frozen=True, eq=False)
class _Neuron:
    """A neuron at the tokens and words of a text, and at the units of the word lists, target's first."""

    number: int
    for_target: bool
    values: np.ndarray
    word_values: np.ndarray
    listed: np.ndarray
    classes: ClassScale

    @property
    def speaks(self) -> bool:
        """Whether the means of the classes are in the order of its statistic."""
        return self.classes.usable and (self.classes.half > 0) == self.for_target


def blocks_of(result: ContrastResult, found: TokenActivations, neurons: Sequence[int]) -> Shown:
    """The blocks of a text, in which every shown neuron has one."""
    words = word_spans("".join(found.pieces))
    starts = word_groups(found, words)
    shown = [_neuron(result, found, neuron, starts) for neuron in neurons]
    pair = _pair(result, shown)
    both = [_both(result, *pair)] if pair else []
    blocks = [*both, *(_block(result, neuron) for neuron in shown)]
    return Shown(blocks, starts.tolist(), len(words), "" if pair else _why_no_both(result, shown))


def sentences_of(result: ContrastResult, n_tokens: int, n_words: int) -> dict[str, Any]:
    """What the component says of the blocks."""
    pooled = "the mean of its tokens" if result.spec.pooling == "mean" else "that of its last token"
    tokens, words = (f"{n:,} {unit}{'' if n == 1 else 's'}" for n, unit in ((n_tokens, "token"), (n_words, "word")))
    return {
        "about": _ABOUT,
        "pooled": f"The value of a word is {pooled}.",
        "chart": "On the scale of the word lists: 0 is midway between the means of the two classes, 1 the mean of the "
        "class for which the neuron is higher, −1 that of the other one.",
        "counts": {"token": tokens, "word": f"{tokens}, {words}"},
    }


def _why_no_both(result: ContrastResult, shown: Sequence[_Neuron]) -> str:
    """Why there is no block of both neurons, in a sentence; nothing if that needs no words."""
    if len(shown) < 2:
        return ""
    target, baseline = class_names(result.spec)
    directions = {one.for_target for one in shown}
    if len(directions) == 1:
        here, missing = (target, baseline) if directions == {True} else (baseline, target)
        return (
            f"All neurons shown are higher for {here}. With one that is higher for {missing}, both can be seen in one."
        )
    # Of a direction, no neuron has its class means in the order of its statistic.
    silent = next(way for way in (True, False) if not any(one.speaks for one in shown if one.for_target is way))
    numbers = [f"{one.number:,}" for one in shown if one.for_target is silent]
    which = f"neuron {numbers[0]} is" if len(numbers) == 1 else f"neurons {', '.join(numbers)} are"
    return (
        f"Both cannot be seen in one: by the statistic, {which} higher for {target if silent else baseline}, "
        "but not by the means of the two classes."
    )


def _neuron(result: ContrastResult, found: TokenActivations, neuron: int, starts: np.ndarray) -> _Neuron:
    values = found.values[:, neuron]  # [n_tokens, d_mlp] -> [n_tokens]
    target, baseline = unit_values(result, neuron, result.spec.hook_side)
    words = group_values(values, starts, result.spec.pooling).astype(np.float32)  # as the browser gets them
    listed = np.concatenate([target, baseline])
    return _Neuron(neuron, result.favours_target(neuron), values, words, listed, class_scale(target, baseline))


def titles_of(result: ContrastResult, neuron: int) -> tuple[str, str]:
    """What stands above a text in the colours of a neuron: which one it is, and what the word lists say of it."""
    significant = "" if result.significant[neuron] else ", not significant"
    auc = readable_auc(result.tests.auc[neuron])
    return (
        f"Neuron {neuron} · higher for {higher_for(result, neuron)}",
        f"AUC {auc} on the word lists{significant}, {where(result.spec.hook_side)}",
    )


def _block(result: ContrastResult, neuron: _Neuron) -> HeatmapBlock:
    classes = neuron.classes
    title, subtitle = titles_of(result, neuron.number)
    return HeatmapBlock(
        title=title,
        subtitle=subtitle,
        values=neuron.values,
        scales=scales_of(neuron.values, neuron.listed),
        word_values=neuron.word_values,
        word_scales=scales_of(neuron.word_values, neuron.listed),
        ends=_ENDS,
        role=TARGET if neuron.for_target else BASELINE,
        line=(classes.middle, abs(classes.half)) if neuron.speaks else None,
    )


def _pair(result: ContrastResult, shown: Sequence[_Neuron]) -> tuple[_Neuron, _Neuron] | None:
    """Of the shown neurons the one that is highest for the target, and the one that is highest for the baseline."""
    speaking = [one for one in shown if one.speaks]
    up, down = ([one for one in speaking if one.for_target is way] for way in (True, False))
    if not up or not down:
        return None
    highest, lowest = (max(ones, key=lambda one: abs(result.tests.statistic[one.number])) for ones in (up, down))
    return highest, lowest


def _both(result: ContrastResult, one: _Neuron, other: _Neuron) -> HeatmapBlock:
    target, baseline = class_names(result.spec)
    values, words, listed = (
        class_balance((getattr(one, name), one.classes), (getattr(other, name), other.classes)).astype(np.float32)
        for name in ("values", "word_values", "listed")
    )
    return HeatmapBlock(
        title=f"Both in one · neuron {one.number} against neuron {other.number}",
        subtitle=f"1: as the mean of the {target} of the word lists. −1: as that of the {baseline}. 0: midway",
        values=values,
        scales=balanced_scales(values, listed),
        word_values=words,
        word_scales=balanced_scales(words, listed),
        ends=_BALANCED_ENDS,
        role=BOTH,
    )
