"""What is kept of a quiz: each answer in a few plain values, and the check of what a browser gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from core.records.plain import time, whole

# Which of two texts is coloured by the neuron that differs; for which class it is higher; which phrase of a pair.
QUIZ_KINDS = ("which", "class", "pair")
MOST_ANSWERS = 300  # that are kept; the newest


@dataclass(frozen=True)
class QuizAnswer:
    """One answer: its kind (of ``QUIZ_KINDS``), which neuron it was about, whether it was right, and when.

    ``at`` is the time in UTC, in ISO 8601. Each text of the blind quiz has two answers with the same time.
    """

    kind: str
    layer: int
    neuron: int
    right: bool
    at: str


class Proportion(NamedTuple):
    """``n_right`` of ``n``, the share, and the ends of its 95% interval. Of none, the three are NaN."""

    n_right: int
    n: int
    share: float
    low: float
    high: float

    def side_of(self, chance: float) -> int:
        """1 if the whole interval is above ``chance``, -1 if it is below, 0 if it includes it, or there is none."""
        return int(self.low > chance) - int(self.high < chance)


def kept_answers(answers: Sequence[QuizAnswer]) -> dict[str, Any]:
    """Answers as plain JSON, by their time and kind; the newest ``MOST_ANSWERS``.

    Examples
    --------
    >>> kept_answers([QuizAnswer("pair", 3, 12, True, "2026-03-01T10:00:00+00:00")])
    {'2026-03-01T10:00:00+00:00 pair': {'kind': 'pair', 'layer': 3, 'neuron': 12, 'right': True,
                                        'at': '2026-03-01T10:00:00+00:00'}}
    """
    newest = sorted(answers, key=lambda answer: answer.at)[-MOST_ANSWERS:]
    return {f"{answer.at} {answer.kind}": asdict(answer) for answer in newest}


def answers_of(kept: Any) -> tuple[QuizAnswer, ...]:
    """The answers in what was kept, the earliest first. Whatever has another form is left out: it may be forged.

    Examples
    --------
    >>> answer = QuizAnswer("pair", 3, 12, True, "2026-03-01T10:00:00+00:00")
    >>> answers_of({**kept_answers([answer]), "more": {"kind": "all", "right": 1}}) == (answer,)
    True
    """
    if not isinstance(kept, dict):
        return ()
    valid = {(each.at, each.kind): each for each in map(_answer, kept.values()) if each is not None}
    return tuple(sorted(valid.values(), key=lambda answer: answer.at)[-MOST_ANSWERS:])


def _answer(value: Any) -> QuizAnswer | None:
    """One answer of a browser, or None."""
    if not isinstance(value, dict) or set(value) != set(QuizAnswer.__dataclass_fields__):
        return None
    if value["kind"] not in QUIZ_KINDS or type(value["right"]) is not bool:
        return None
    try:
        layer, neuron = whole(value["layer"]), whole(value["neuron"])
        return QuizAnswer(value["kind"], layer, neuron, value["right"], time(value["at"]))
    except ValueError:
        return None
