"""What a class server allows, and a watch on connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.class_server import ClassServer, class_server


@pytest.fixture
def class_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a class server allows: the bundled model, no folders."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that this process asks to connect to; none of them is reached."""
    asked: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        asked.append(address)
        raise OSError("refused by the test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return asked


@pytest.fixture(scope="module")
def server() -> Iterator[ClassServer]:
    limits = {"MODELS": "bundled", "MAX_WORDS": "100", "MAX_CHARACTERS": "2000", "MAX_UPLOAD_MB": "1"}
    with class_server({f"GRAMMAR_NEURONS_{name}": value for name, value in limits.items()}) as running:
        running.until_ready()
        yield running
