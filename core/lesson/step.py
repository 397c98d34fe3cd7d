"""What a step of the lesson is: its texts, its question, and functions that read the answer off a live result.

    step = STEPS[0]
    step.guess(spec)               # what may be guessed
    step.reveal(live).sentence     # the answer, computed from ``live``

No number of a result stands in a step: another layer, neuron or test gives another answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.records import ContrastResult, ContrastSpec
from core.report.readable import readable_number, readable_share


@dataclass(frozen=True)
class Choice:
    """A guess is one of these options."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """A guess is a number from ``low`` to ``high``, a ``whole`` one or not. ``unit`` stands after it, such as "%"."""

    low: float
    high: float
    whole: bool = True
    unit: str = ""


Options = Choice | Number


@dataclass(frozen=True, eq=False)
class Live:
    """What a step is about: the experiment, one neuron of its layer, the result, and a text.

    ``more`` has the results beside the contrast that the step needs, by the names in ``Step.needs``. ``text`` is the
    text that step 5 colours: later programs contain its lines.
    """

    spec: ContrastSpec
    neuron: int
    result: ContrastResult
    text: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reveal:
    """The answer to a step's question.

    Parameters
    ----------
    value : str, float or None
        The right option, or the number that was asked for. None if the question has no answer here.
    number : float
        What the program prints. NaN if there is no such number.
    sentence : str
        The answer in words, with an effect size; or why there is none.
    """

    value: str | float | None
    number: float
    sentence: str


def written(value: str | float | None, guess: Options) -> str:
    """A guess or an answer for a reader; a share of under one percent is not written as none.

    Examples
    --------
    >>> written(21.679, Number(0, 100, unit="%")), written("nouns", Choice(("nouns", "verbs")))
    ('22%', 'nouns')
    """
    if value is None:
        return "no answer"
    if isinstance(value, str):
        return value
    if isinstance(guess, Number) and guess.unit == "%":
        return readable_share(value / 100)
    unit = f" {guess.unit}" if isinstance(guess, Number) and guess.unit else ""
    return f"{value:,.0f}{unit}" if isinstance(guess, Number) and guess.whole else f"{readable_number(value)}{unit}"


@dataclass(frozen=True)
class Step:
    """One step of the lesson.

    Parameters
    ----------
    name : str
        In links, and in what a browser keeps.
    title : str
    idea : tuple of str
        Five sentences.
    look_for, question, hint : str
        What to look for in the picture; what is guessed; and a help for those who cannot guess.
    page : str
        The path of the page that shows more, such as ``"pages/1_Neurons.py"``.
    controls : tuple of str
        What changes the answer: fields of a spec, ``"neuron"``, or ``"sample"`` (the text).
    figure : str
        The name of the picture.
    terms : tuple of str
        Words of the glossary (``core.report.glossary.GLOSSARY``) that stand here first.
    needs : tuple of str
        The results that it needs beside the contrast: keys of ``Live.more``.
    builds_on : tuple of str
        The names of the earlier steps whose lines its own lines go on from.
    guess : callable
        From a spec to what may be guessed.
    reveal : callable
        From a ``Live`` to its ``Reveal``.
    code : callable
        From a ``Live`` to the step's few lines of plain Python, which print ``Reveal.number`` at their end.
        ``core.lesson.program`` puts those of ``builds_on`` before them. UserError if the settings have no plain lines.
    """

    name: str
    title: str
    idea: tuple[str, ...]
    look_for: str
    question: str
    hint: str
    page: str
    controls: tuple[str, ...]
    figure: str
    terms: tuple[str, ...]
    guess: Callable[[ContrastSpec], Options]
    reveal: Callable[[Live], Reveal]
    code: Callable[[Live], str]
    needs: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
