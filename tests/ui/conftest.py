"""Nothing leaves the machine: the word lists' address and the hub's are a loopback port where nobody listens."""

from __future__ import annotations

import pytest
from huggingface_hub import constants

from core import whole_model
from core.experiment import run_contrast
from core.models import load_model
from core.words import forget_failures
from tests.support import fake_checks as fakes
from tests.support.browser import free_port
from tests.support.fake_gold import fake_gold


@pytest.fixture(autouse=True)
def _no_network(monkeypatch, tmp_path):
    dead = f"http://127.0.0.1:{free_port()}/"
    monkeypatch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", dead)
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "words"))
    monkeypatch.setattr(constants, "ENDPOINT", dead.rstrip("/"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    forget_failures()
    yield
    forget_failures()


@pytest.fixture(scope="module")
def contrast():
    """What ``core`` says of a spec, computed once each."""
    results = {}

    def of(spec):
        if spec not in results:
            results[spec] = run_contrast(spec, load_model("bundled"))
        return results[spec]

    return of


@pytest.fixture(autouse=True)
def fake_checks(monkeypatch):
    """Checks of evidence that a test can watch and stop: pages do not know what they compute."""
    return fakes.install(monkeypatch)


@pytest.fixture(autouse=True)
def _quick_gold(monkeypatch):
    """The Layers page reads tagged sentences in the background, which takes long; tests/core computes them."""
    monkeypatch.setattr(whole_model, "gold_layers", fake_gold)
