"""A store, and an engine that has kept nothing yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.pipeline import forget_everything
from engine.store import ArrayStore
from tests.support import fake_checks as fakes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


@pytest.fixture
def store(folder: Path) -> ArrayStore:
    return ArrayStore(folder, max_bytes=1e9, max_entries=100)


@pytest.fixture
def own_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is kept yet, neither in memory nor on disk, neither before nor after."""
    forget_everything()
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "cache"))
    yield
    forget_everything()


@pytest.fixture
def fake_checks(monkeypatch: pytest.MonkeyPatch) -> fakes.FakeChecks:
    """All checks of evidence are fake ones, and none was asked for yet."""
    return fakes.install(monkeypatch)
