"""The words of a gold-tagged text at one neuron: what several checks ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import UserError
from core.evidence.subject import Subject
from core.records import ENOUGH_WORDS, GoldActivations
from core.stats.cluster_bootstrap import auc_interval


@dataclass(frozen=True, eq=False)
class GoldWords:
    """One neuron's values (n,) at the words of two classes, which of them are of its own class, and their sentences.

    ``place`` (n,) is where each word is among all that were read.
    """

    place: np.ndarray
    values: np.ndarray
    is_own: np.ndarray
    sentence: np.ndarray

    def among(self, chosen: np.ndarray) -> GoldWords:
        """Some of the words: ``chosen`` is bool (n,)."""
        return GoldWords(*(each[chosen] for each in (self.place, self.values, self.is_own, self.sentence)))

    @property
    def n_of_each(self) -> tuple[int, int]:
        """How many words are of the own class, and of the other one."""
        n_own = int(self.is_own.sum())
        return n_own, len(self.is_own) - n_own


def gold_words(
    subject: Subject, gold: GoldActivations, own: Sequence[str], other: Sequence[str], side: str | None = None
) -> GoldWords:
    """The neuron's values at the words with some tags, at the subject's side unless another is named.

    Parameters
    ----------
    own, other : sequence of str
        The tags of its own class and of the other one, such as ``("NOUN",)``.
    """
    is_own = np.isin(gold.tags, own)
    place = np.flatnonzero(is_own | np.isin(gold.tags, other))
    values = subject.spec.tested_by.compared(gold.at(side or subject.side)[place, subject.neuron])
    return GoldWords(place, values, is_own[place], gold.sentence[place])


def separation(words: GoldWords, seed: int) -> dict[str, Any]:
    """The AUC of the own class over the other one, with its interval over sentences.

    Returns
    -------
    dict
        ``n_own`` and ``n_other``, the numbers of words, and ``auc``, ``low`` and ``high``: None if there are fewer than
        ``ENOUGH_WORDS`` words of a class.
    """
    n_own, n_other = words.n_of_each
    numbers: tuple[float | None, ...] = (None, None, None)
    if min(n_own, n_other) >= ENOUGH_WORDS:
        numbers = auc_interval(words.values, words.is_own, words.sentence, seed=seed)
    return {"n_own": n_own, "n_other": n_other, **dict(zip(("auc", "low", "high"), numbers, strict=True))}


def check_enough(words: GoldWords, own: Sequence[str], other: Sequence[str]) -> None:
    """Raise UserError if the text has too few words of a class, or only one sentence with them."""
    n_own, n_other = words.n_of_each
    if min(n_own, n_other) < ENOUGH_WORDS or len(np.unique(words.sentence)) < 2:
        raise UserError(
            f"The tagged text has {n_own:,} words tagged {named(own)} and {n_other:,} tagged {named(other)}; at least "
            f"{ENOUGH_WORDS} of each, in two sentences or more, are needed."
        )


def named(tags: Sequence[str]) -> str:
    """Tags in a sentence.

    Examples
    --------
    >>> named(("CCONJ", "SCONJ"))
    'CCONJ or SCONJ'
    """
    return " or ".join(tags)
