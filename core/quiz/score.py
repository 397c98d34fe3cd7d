"""The score of a quiz: right of all, for each kind of question."""

from __future__ import annotations

from collections.abc import Iterable

from core.records.quiz import QUIZ_KINDS, Proportion, QuizAnswer
from core.stats.proportion import wilson


def scores(answers: Iterable[QuizAnswer]) -> dict[str, Proportion]:
    """How many answers of each kind are right, with Wilson's 95% interval; kinds without an answer too.

    Examples
    --------
    >>> answers = [QuizAnswer("pair", 3, 7, right, "2026-03-01T10:00:00+00:00") for right in (True, False)]
    >>> {kind: score[:2] for kind, score in scores(answers).items()}
    {'which': (0, 0), 'class': (0, 0), 'pair': (1, 2)}
    """
    right: dict[str, list[bool]] = {kind: [] for kind in QUIZ_KINDS}
    for answer in answers:
        right[answer.kind].append(answer.right)
    return {kind: wilson(sum(its), len(its)) for kind, its in right.items()}
