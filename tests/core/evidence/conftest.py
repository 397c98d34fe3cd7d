"""Subjects of the bundled model, read once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from core.evidence import Subject, read_subject
from core.models import load_model
from core.records import ContrastSpec

NOUN_NEURON, VERB_NEURON = 120, 375  # of the bundled model's layer 3


@cache
def _subject(neuron: int, spec: ContrastSpec) -> Subject:
    return read_subject(spec, neuron, load_model(spec.model))


@pytest.fixture(scope="session")
def subject_of() -> Callable[..., Subject]:
    """subject_of(neuron, **changes of the careful spec): layer 3 unless changed."""
    return lambda neuron=NOUN_NEURON, **changes: _subject(neuron, ContrastSpec.careful(**changes))
