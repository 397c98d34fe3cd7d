"""A board in each of both databases, with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.board import database, tables
from engine.board.connecting import reach
from engine.board.database import Board
from tests.support import postgresql


class Clock:
    """A time that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    with postgresql.server() as one:
        yield one


@pytest.fixture
def postgresql_url(server: postgresql.Server) -> str:
    """The address of an empty database."""
    engine = reach(server.url(), "", "").engine
    with engine.begin() as connection:
        tables._metadata.drop_all(connection)
    engine.dispose()
    return server.url()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of a server with an empty board. It is this process's, too."""
    environment = {"GRAMMAR_NEURONS_CACHE": str(tmp_path / "cache")}
    if request.param == "postgresql":
        environment["GRAMMAR_NEURONS_BOARD_URL"] = request.getfixturevalue("postgresql_url")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    database._board_at.cache_clear()
    yield environment
    database._board_at.cache_clear()


@pytest.fixture
def board(place: dict[str, str], clock: Clock) -> Iterator[Board]:
    reached = reach(place.get("GRAMMAR_NEURONS_BOARD_URL", ""), "", place["GRAMMAR_NEURONS_CACHE"])
    yield Board(reached, clock)
    reached.engine.dispose()
