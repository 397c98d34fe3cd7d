"""Parts of the sentences that reveal an answer: names of classes, and the effect size of one neuron."""

from __future__ import annotations

import math

from core.errors import UserError
from core.lesson.step import Live
from core.report.readable import readable_auc
from core.report.sentences import STRONG_LIMITS, class_names, own_and_other

STRONGLY = f"strongly ({STRONG_LIMITS})"


def names(live: Live) -> tuple[str, str]:
    """The names of target and baseline within a sentence."""
    return class_names(live.spec)


def own(live: Live) -> str:
    """The class for which the neuron is higher."""
    return own_and_other(live.result, live.neuron)[0]


def varies(live: Live) -> bool:
    """Whether the neuron could be tested."""
    return math.isfinite(live.result.tests.statistic[live.neuron])


def never_varies(live: Live) -> str:
    """A sentence for a neuron that has the same value at all words."""
    return f"Neuron {live.neuron} has the same value at all of these words, so there is nothing to compare."


def check_varies(live: Live) -> None:
    """Raise UserError for a neuron that could not be tested: no lines of code are about it."""
    if not varies(live):
        raise UserError(
            f"There are no short lines of code for neuron {live.neuron}: it has one value at all of the words."
        )


def separation(live: Live) -> str:
    """A sentence with the neuron's AUC on the words, and its interval."""
    if not varies(live):
        return never_varies(live)
    auc, low, high = live.result.own_auc(live.neuron)
    return (
        f"On the words, the AUC for {own(live)} is {readable_auc(auc)} (95% interval {readable_auc(low)} to "
        f"{readable_auc(high)})."
    )
