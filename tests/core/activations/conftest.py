"""One tiny model, loaded as the app loads it and read plainly, for all tests of activations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.models import LoadedModel, load_model
from tests.support.tiny_models import (
    Reference,
)

Folder = Callable[[str], Path]


@pytest.fixture(scope="session")
def lm(tiny_folder: Folder) -> LoadedModel:
    """A tiny GPT-Neo, loaded as the app loads it."""
    return load_model(str(tiny_folder("gpt_neo")))


@pytest.fixture(scope="session")
def reference(tiny_folder: Folder) -> Reference:
    """The same model, read plainly."""
    return Reference(tiny_folder("gpt_neo"))
