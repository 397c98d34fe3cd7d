"""What a learner has done in the lesson: a guess for each step, and the answer that was shown.

    keep_guess("read", "nouns", spec, neuron)   # committed; the answer is not shown yet
    guesses()["read"].done                      # once it was

The browser keeps it (``ui.learner``), and may have forged it, so it is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.records import ContrastSpec
from core.records.plain import number, text, time, whole
from ui import class_settings, learner

if TYPE_CHECKING:
    from core.lesson import Step

PART = "lesson"
_LONGEST = 400  # characters of a text that comes back

Answer = str | float | None


@dataclass(frozen=True)
class Guess:
    """What was guessed at a step, and what was shown then.

    Parameters
    ----------
    guess : str, float or None
        None if the answer was opened without a guess.
    answer : str, float or None
        What was right, or the number; "" if the question had no answer; None if it was not shown yet.
    setting : str
        The digest of the spec for which this was.
    neuron : int or None
        The neuron that was selected, once the answer was shown.
    at : str
        When, in ISO 8601 (UTC).
    text : str
        The name of the sample text; "" for a text of one's own.
    """

    guess: Answer
    answer: Answer = None
    setting: str = ""
    neuron: int | None = None
    at: str = ""
    text: str = ""

    @property
    def done(self) -> bool:
        """Whether the answer was shown."""
        return self.answer is not None


def lesson_steps_shown() -> tuple[Step, ...]:
    """The steps of the lesson, in their order, as far as the class file shows them: pages get them only from here."""
    from core.lesson import STEPS  # late: the start needs none of it

    file = class_settings.current()
    return tuple(step for step in STEPS if file is None or file.steps is None or step.name in file.steps)


def guesses() -> dict[str, Guess]:
    """What was guessed, by the names of steps; whatever has another form is left out."""
    found = {name: _checked(kept) for name, kept in learner.part(PART).items()}
    return {name: guess for name, guess in found.items() if guess is not None}


def first_open() -> int | None:
    """The place of the first step that is not done, counted from 0; None if all are."""
    done = {name for name, guess in guesses().items() if guess.done}
    return next((place for place, step in enumerate(lesson_steps_shown()) if step.name not in done), None)


def n_done() -> int:
    """How many of the steps that are shown are done."""
    known = guesses()
    return sum(step.name in known and known[step.name].done for step in lesson_steps_shown())


def keep_guess(name: str, guess: Answer, spec: ContrastSpec, text: str = "") -> None:
    """Keep the guess of a step, or None if its answer is to be shown without one. It replaces an earlier one."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    _keep(name, Guess(guess, setting=spec.digest, at=now, text=text))


def keep_answer(name: str, answer: Answer, neuron: int) -> None:
    """Keep what was shown for the guess of a step, and the neuron it was about. The step is done."""
    _keep(name, replace(guesses()[name], answer="" if answer is None else answer, neuron=neuron))


def forget() -> None:
    """Callback: forget all guesses, also in the browser."""
    learner.forget(PART)


def _keep(name: str, guess: Guess) -> None:
    learner.keep(PART, {**learner.part(PART), name: asdict(guess)})


def _checked(kept: Any) -> Guess | None:
    """A guess as it came back, or None if it is none."""
    if not isinstance(kept, Mapping):
        return None
    found = Guess(**{"guess": None, **{item.name: kept[item.name] for item in fields(Guess) if item.name in kept}})
    try:
        for each in (found.setting, found.text):
            text(each, _LONGEST)
        for answer in (found.guess, found.answer):
            _check_answer(answer)
        if found.at != "":
            time(found.at)
        if found.neuron is not None:
            whole(found.neuron)
    except ValueError:
        return None
    return found


def _check_answer(value: Any) -> None:
    """Raise ValueError if a value is no text, no number and not None."""
    if isinstance(value, str):
        text(value, _LONGEST)
    elif value is not None:
        number(value)
