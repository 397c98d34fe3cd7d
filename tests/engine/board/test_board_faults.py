"""What a database refuses or cannot do is one sentence, which names nobody and no password; afterwards it goes on."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import Timeout
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.errors import UserError
from core.records.replication import SeatEffect
from engine.board import connecting
from engine.board.connecting import reach
from engine.board.database import Board
from engine.board.failures import refusal
from tests.support import postgresql

STUDY = "0123abcd-3-40"
EFFECT = SeatEffect(1, 0.5, 0.04, 0.7, 50, 60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "board" / "board.sqlite3"


@pytest.fixture
def kept(path: Path) -> Board:
    """A board in SQLite with one effect."""
    board = Board(reach("", "", str(path.parent.parent)))
    board.put("meadow", STUDY, EFFECT)
    return board


def said_by(work) -> str:
    with pytest.raises(UserError) as caught:
        work()
    assert caught.value.about == "board" and postgresql.PASSWORD not in str(caught.value)
    return str(caught.value)


# --- SQLite ---


def test_the_file_and_its_folder_are_for_this_user_alone(kept: Board, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o666)
    path.parent.chmod(0o777)
    kept.put("meadow", STUDY, EFFECT)
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_of_others_or_a_link_is_not_used(kept: Board, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))
    refused = "The class board is not used: other users of this computer may write to its file or folder."
    assert said_by(lambda: kept.put("meadow", STUDY, EFFECT)) == refused
    assert said_by(lambda: kept.effects("meadow", STUDY)) == refused
    path.unlink()
    monkeypatch.setattr(connecting, "is_trusted", lambda owner: False)
    assert said_by(lambda: kept.put("meadow", STUDY, EFFECT)) == refused


def test_a_locked_file_is_waited_for_and_then_one_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_BUSY_SECONDS", 0.1)
    board = Board(reach("", "", str(path.parent.parent)))
    board.put("meadow", STUDY, EFFECT)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert said_by(lambda: board.put("meadow", STUDY, EFFECT)) == (
            "The class board is busy: others have held it for some seconds."
        )
        assert len(board.effects("meadow", STUDY)) == 1  # who reads does not wait
    board.put("meadow", STUDY, EFFECT)


@pytest.mark.parametrize(
    ("pragma", "sentence"),
    [
        ("max_page_count = 1", "The class board takes nothing more: the disk that it is on is full."),
        ("query_only = ON", "The class board cannot be written: this server has no right to write where it is kept."),
    ],
)
def test_a_full_disk_and_one_that_is_read_only(kept: Board, pragma: str, sentence: str) -> None:
    """SQLite's own errors, brought about by SQLite's own limits: root has every right."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    def post_many() -> None:
        for seat in range(2, 80):
            kept.put("meadow", STUDY, SeatEffect(seat, 0.5, 0.04, 0.7, 50, 60))

    event.listen(kept._reached.engine, "connect", limit)
    assert said_by(post_many) == sentence
    assert kept.effects("meadow", STUDY)
    event.remove(kept._reached.engine, "connect", limit)
    kept.put("meadow", STUDY, SeatEffect(200, 0.5, 0.04, 0.7, 50, 60))


def test_a_damaged_file_is_one_sentence_and_a_new_one_begins_when_it_is_moved_away(kept: Board, path: Path) -> None:
    path.write_bytes(b"no database " * 1000)
    sentence = "The class board's file is damaged or is none: whoever runs this server has to move it away."
    assert said_by(lambda: kept.effects("meadow", STUDY)) == sentence
    assert said_by(lambda: kept.put("meadow", STUDY, EFFECT)) == sentence
    path.unlink()
    assert kept.effects("meadow", STUDY) == ()
    kept.put("meadow", STUDY, EFFECT)
    assert len(kept.effects("meadow", STUDY)) == 1


def test_a_cache_folder_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    board = Board(reach("", "", str(tmp_path / "cache")))
    assert board.studies("meadow") == ()
    assert said_by(lambda: board.put("meadow", STUDY, EFFECT)) == (
        "The class board cannot be written: this server has no right to write where it is kept."
    )


# --- PostgreSQL ---


def test_a_wrong_password_is_one_sentence_and_a_file_may_have_the_right_one(
    postgresql_url: str, server: postgresql.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "password"
    file.write_text("amber-quince-1\n")
    board = Board(reach(server.url("ignored"), str(file), ""))
    refused = "The class board's database refuses the user or the password of this server."
    assert said_by(lambda: board.put("meadow", STUDY, EFFECT)) == refused
    assert said_by(lambda: board.effects("meadow", STUDY)) == refused
    (line,) = caplog.records  # it was not asked again at once
    assert line.message == "the class board does not answer" and line._fields == {"reason": "password"}
    file.write_text(f"{postgresql.PASSWORD}\n")
    board._rests_until = 0.0
    board.put("meadow", STUDY, EFFECT)
    board._reached.engine.dispose()


def test_a_database_that_is_away_is_one_sentence_and_is_not_waited_for_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        board = Board(reach(f"postgresql+psycopg://a:b@127.0.0.1:{nobody.getsockname()[1]}/c", "", ""))
        away = "The class board's database cannot be reached now."
        assert said_by(lambda: board.effects("meadow", STUDY)) == away
        monkeypatch.setattr(board._reached.engine, "begin", lambda: pytest.fail("it was asked again at once"))
        assert said_by(lambda: board.effects("meadow", STUDY)) == away


def test_a_database_that_has_restarted_goes_on(postgresql_url: str, server: postgresql.Server) -> None:
    board = Board(reach(postgresql_url, "", ""))
    board.put("meadow", STUDY, EFFECT)
    server.stop()
    assert said_by(lambda: board.effects("meadow", STUDY)) == "The class board's database cannot be reached now."
    server.start()
    board._rests_until = 0.0
    assert len(board.effects("meadow", STUDY)) == 1
    board._reached.engine.dispose()


def test_a_transaction_of_others_is_waited_for_and_then_one_sentence(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board(reach(postgresql_url, "", ""))
    board.put("meadow", STUDY, EFFECT)
    with board._reached.writing():
        monkeypatch.setattr(connecting, "_STATEMENT_SECONDS", 0.1)
        assert said_by(lambda: board.put("meadow", STUDY, EFFECT)) == (
            "The class board is busy: others have held it for some seconds."
        )
        monkeypatch.undo()
        assert len(board.effects("meadow", STUDY)) == 1
    board._reached.engine.dispose()


def test_a_user_without_rights_is_one_sentence(postgresql_url: str, server: postgresql.Server) -> None:
    owner = reach(postgresql_url, "", "").engine
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS reader")
        connection.exec_driver_sql(f"CREATE ROLE reader LOGIN PASSWORD '{postgresql.PASSWORD}'")
    owner.dispose()
    board = Board(reach(server.url(user="reader"), "", ""))
    assert board.effects("meadow", STUDY) == ()  # nothing was ever kept
    assert said_by(lambda: board.put("meadow", STUDY, EFFECT)) == (
        "The class board cannot be written: this server has no right to write where it is kept."
    )
    board._reached.engine.dispose()


# --- Whatever else ---


def test_who_waits_for_a_lock_in_vain_hears_that_it_is_busy() -> None:
    """The lock of a new file, and the pool of connections."""
    assert refusal(Timeout("board.lock")).sentence == refusal(PoolTimeoutError()).sentence
    assert "busy" in refusal(PoolTimeoutError()).sentence


@pytest.mark.parametrize(
    ("attributes", "word", "reason"),
    [
        ({"sqlstate": "53100"}, "is full", "SQLSTATE 53100"),
        ({"sqlstate": "57P01"}, "cannot be reached", "SQLSTATE 57P01"),
        ({"sqlstate": "XX000"}, "does not answer as it should", "SQLSTATE XX000"),
        ({"sqlite_errorname": "SQLITE_CORRUPT_INDEX"}, "is damaged", "SQLITE_CORRUPT_INDEX"),
        ({"sqlite_errorname": "SQLITE_IOERR_WRITE"}, "is full", "SQLITE_IOERR_WRITE"),
        ({"sqlite_errorname": "SQLITE_ERROR"}, "does not answer as it should", "SQLITE_ERROR"),
    ],
)
def test_each_kind_of_error_has_its_sentence(attributes: dict[str, str], word: str, reason: str) -> None:
    found = refusal(DBAPIError("SELECT", {}, SimpleNamespace(**attributes)))  # type: ignore[arg-type]
    assert word in found.sentence and found.reason == reason


def test_only_the_database_of_this_server_needs_its_driver(tmp_path: Path) -> None:
    """In a fresh process: neither SQLAlchemy before the board is used, nor psycopg with SQLite."""
    code = (
        "import sys; from core.records.replication import SeatEffect; from engine import board, variables\n"
        "print('sqlalchemy' in sys.modules)\n"
        "board.put('meadow', '0123abcd', SeatEffect(1, 0.5, 0.04, 0.7, 50, 60))\n"
        "print('sqlalchemy' in sys.modules, 'psycopg' in sys.modules)"
    )
    environment = os.environ | {"GRAMMAR_NEURONS_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
