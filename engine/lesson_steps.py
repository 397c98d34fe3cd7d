"""What a step of the lesson is about: results that pages use already, computed once and shared.

live(step, spec, neuron, text)                  # in this thread
live(step, spec, neuron, text, get=obtain_it)   # as a page waits: get(step of the pipeline, request)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.lesson import Live, Step
from core.records import ContrastSpec
from engine import pipeline
from engine.evidence_steps import finding
from engine.pipeline import OWN_GOLD, GoldSource, Request, resolve
from engine.steps import conclusion, shuffled, text

Get = Callable[[pipeline.Step[Any], Request], Any]

# The steps of the pipeline, by the names in ``Step.needs``. Any other name is a check of the evidence.
_OF_NEED: dict[str, pipeline.Step[Any]] = {"text": text, "shuffled": shuffled}


def requests(
    step: Step, spec: ContrastSpec, neuron: int, sample: str, gold: GoldSource = OWN_GOLD
) -> dict[str, tuple[pipeline.Step[Any], Request]]:
    """What a step of the lesson needs beside the contrast: for each name, the step of the pipeline and its request."""
    found: dict[str, tuple[pipeline.Step[Any], Request]] = {}
    for name in step.needs:
        if name in _OF_NEED:
            found[name] = _OF_NEED[name], Request(spec, sample if name == "text" else "")
        else:
            found[name] = finding, Request(spec, marked=neuron, check=name, gold=gold)
    return found


def live(
    step: Step,
    spec: ContrastSpec,
    neuron: int,
    sample: str,
    *,
    gold: GoldSource = OWN_GOLD,
    get: Get = resolve,
) -> Live:
    """All that a step of the lesson is about.

    Parameters
    ----------
    step : Step
        Of ``core.lesson.STEPS``.
    spec : ContrastSpec
    neuron : int
        0-based.
    sample : str
        The text that step 5 colours.
    gold : GoldSource
        The tagged text of the checks.
    get : callable
        ``get(step of the pipeline, request)`` returns its result. By default it is computed in this thread.

    Raises
    ------
    UserError
        As the steps of the pipeline; a check that cannot be run is a finding that says so.
    """
    result = get(conclusion, Request(spec))
    more = {name: get(*needed) for name, needed in requests(step, spec, neuron, sample, gold).items()}
    return Live(spec, neuron, result, sample, more)
