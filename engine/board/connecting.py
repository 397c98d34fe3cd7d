"""How the board's database is reached: a file in the cache folder (SQLite), or a server (PostgreSQL)."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url

from core.errors import UserError
from engine.board import ABOUT
from engine.board.failures import refusal
from engine.sealed_files import is_trusted

# How long a page waits for the transactions of others, for a connection, and for an answer: sixty who post at once on a
# busy computer take some seconds.
_BUSY_SECONDS, _CONNECT_SECONDS, _STATEMENT_SECONDS = 15, 5, 15
_READ_SECONDS = 3  # one that reads waits for nobody's transaction: it is asked again soon
_WRITES = "board_writes"
_OTHERS_MAY = 0o077


class _Place:
    """Where rows are kept: a server has a place already."""

    def may_exist(self) -> bool:
        """Whether something can have been kept. UserError if others may have written it."""
        return True

    def make(self) -> None:
        """Make the place, if it is not there. UserError if it cannot be made, or if others may write to it."""

    def queue(self) -> AbstractContextManager[object]:
        """Where the threads of this process wait for each other before they write."""
        return nullcontext()


class _File(_Place):
    """A file of SQLite's, for this user alone, in a folder for this user alone."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()

    def queue(self) -> AbstractContextManager[object]:
        """SQLite lets those who wait try again and again; in a queue of sixty threads, somebody would try in vain."""
        return self._lock

    def may_exist(self) -> bool:
        if not os.path.exists(self.path):
            return False
        self._check()
        return True

    def make(self) -> None:
        try:
            self.path.parent.parent.mkdir(parents=True, exist_ok=True)
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            if not os.path.exists(self.path):
                _new_file(self.path)
        except OSError as error:
            raise UserError(refusal(error).sentence, about=ABOUT) from None
        self._check()

    def _check(self) -> None:
        try:
            ours = _is_ours(self.path.parent) and _is_ours(self.path)
        except OSError as error:
            raise UserError(refusal(error).sentence, about=ABOUT) from None
        if not ours:
            raise UserError(
                "The class board is not used: other users of this computer may write to its file or folder.",
                about=ABOUT,
            )


@dataclass(frozen=True)
class Reached:
    """A database as it is reached: SQLAlchemy's engine, and the place of its rows."""

    engine: Engine
    place: _Place

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that reads."""
        return self.engine.begin()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes. One at a time does, in all processes: what it counts stays true until it ends."""
        with self.place.queue(), self.engine.execution_options(**{_WRITES: True}).begin() as connection:
            yield connection


def reach(url: str, password_file: str, folder: str) -> Reached:
    """The database of a PostgreSQL URL, or if that is empty, the file in a cache folder. Nothing is connected yet."""
    if url:
        return Reached(_of_server(make_url(url), password_file), _Place())
    path = Path(folder) / "board" / "board.sqlite3"
    return Reached(_of_file(path), _File(path))


def _of_file(path: Path) -> Engine:
    """A connection for each transaction: a file that was moved away or brought back is noticed at the next one."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)), poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin as is said below, and not by themselves
        with closing(connection.cursor()) as cursor:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                with FileLock(path.with_suffix(".lock"), timeout=_BUSY_SECONDS):  # SQLite does not wait here
                    cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")  # what was posted survives a power cut

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _of_server(url: URL, password_file: str) -> Engine:
    """A few connections for all visitors. One that the server has ended meanwhile is made anew."""
    engine = create_engine(
        url,
        pool_size=4,
        max_overflow=4,
        pool_timeout=_BUSY_SECONDS,
        pool_pre_ping=True,
        pool_recycle=1_800,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": 1_000 * _STATEMENT_SECONDS,
            "application_name": "grammar-neurons",
            "prepare_threshold": None,  # a pooler between may hand each transaction to another connection
        },
        hide_parameters=True,
    )

    @event.listens_for(engine, "do_connect")
    def connecting(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        # Read each time: it may be changed while the server runs. An empty one leaves what the address has.
        if password_file and (password := Path(password_file).read_text(encoding="utf-8").strip()):
            parameters["password"] = password

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        most = f"{1_000 * (_STATEMENT_SECONDS if writes else _READ_SECONDS):.0f}"  # milliseconds
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {most}; SET LOCAL lock_timeout = {most}")
        if writes:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('grammar-neurons board'))")

    return engine


def _new_file(path: Path) -> None:
    """An empty file for this user alone, which is an empty database; nothing, if another has made one meanwhile.

    It is closed before it gets its name. Whoever closes a file that SQLite has open ends SQLite's locks on it: that is
    how POSIX locks are.
    """
    file, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(file)
    try:
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _is_ours(path: Path) -> bool:
    """Whether nobody but this user may look at a file or folder, or write to it. One of this user's is closed."""
    state = path.lstat()
    if not (stat.S_ISDIR(state.st_mode) or stat.S_ISREG(state.st_mode)):
        return False  # a link, or a pipe that would keep its reader waiting
    if not hasattr(os, "geteuid"):  # Windows: what is in the user's own folder is the user's
        return True
    if state.st_uid == os.geteuid() and state.st_mode & _OTHERS_MAY:
        path.chmod(0o700 if stat.S_ISDIR(state.st_mode) else 0o600)
        state = path.lstat()
    return is_trusted(state.st_uid) and not state.st_mode & 0o022
