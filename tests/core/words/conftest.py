"""What the tests of word lists share: a server of a small list, and no memory of another test's failures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import core.words.download as downloading
from core.words import Downloads, forget_failures
from tests.support.word_server import NOUN_SHA256, WordServer


@pytest.fixture(autouse=True)
def own_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's list is every class's, one try each, no proxy, and no failure remembered from another test."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in downloading.SHA256:
        monkeypatch.setitem(downloading.SHA256, name, NOUN_SHA256)
    monkeypatch.setattr(downloading, "RETRIES", 0)
    forget_failures()
    yield
    forget_failures()


@pytest.fixture
def server() -> Iterator[WordServer]:
    with WordServer() as running:
        yield running


@pytest.fixture
def online(server: WordServer, tmp_path: Path) -> Downloads:
    """An empty cache, and the server."""
    return Downloads(tmp_path / "cache", base_url=server.url)
