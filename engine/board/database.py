"""The board in its database: every question is one transaction, and every failure one sentence."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.errors import UserError
from core.records.replication import SeatEffect
from engine.board import ABOUT, Class, Kept, StudyOnBoard, tables
from engine.board.connecting import Reached, reach
from engine.board.failures import Unreachable, is_missing_table, refusal
from engine.board.paces import Paces
from engine.board.tables import MILLISECONDS, rows
from engine.limits import limits
from engine.visitors import Visitor

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # where nobody collects logs, the sentence of the error is enough
_T = TypeVar("_T")
_Begin = Callable[[], AbstractContextManager[Connection]]
_DAY = 24 * 3600 * MILLISECONDS
# A class of fewer seats that has got nothing for a day makes room for a new one, when there is no room.
_SEATS_OF_A_CLASS, _UNUSED = 3, _DAY
# Who cannot be reached is not asked again for so long: a class of sixty would wait one after the other.
_REST_SECONDS = 5.0


class Board:
    """The board of one database.

    Parameters
    ----------
    reached : Reached
        From ``engine.board.connecting.reach``.
    now : callable
        The time in seconds since 1970.
    """

    def __init__(self, reached: Reached, now: Callable[[], float] = time.time) -> None:
        self._reached, self._now = reached, now
        self._paces, self._lock = Paces(), threading.Lock()
        self._rests_until, self._resting = 0.0, ""
        self.n_writes = 0  # of this process

    def put(self, code: str, study: str, effect: SeatEffect, visitor: Visitor | None = None) -> None:
        """As ``engine.board.put``, of what was checked there."""
        self._paces.post(visitor)
        values = {name: getattr(effect, name) for name in ("seat", "g", "variance", "auc", "n_target", "n_baseline")}

        def work(connection: Connection) -> None:
            of_class = _digest(tables.keep_key(connection, secrets.token_hex(32)), code)
            row = {"of_class": of_class, "study": study, **values, "at": self._time()}
            tables.remove_older(connection, self._cutoff())
            if not tables.has(connection, row):
                self._make_room(connection, of_class, study, visitor)
            tables.upsert(connection, row)

        self._write(work)

    def effects(self, code: str, study: str) -> tuple[SeatEffect, ...]:
        """The effects of a study that are not too old, by seat."""

        def work(connection: Connection) -> tuple[SeatEffect, ...]:
            of_class = self._class(connection, code)
            same = rows.c.of_class == of_class, rows.c.study == study, rows.c.at >= self._cutoff()
            found = connection.execute(select(rows).where(*same).order_by(rows.c.seat))
            return tuple(_effect(values) for _, _, *values in found)

        return self._read(work, ())

    def studies(self, code: str) -> tuple[StudyOnBoard, ...]:
        """The studies of a class, the newest first."""

        def work(connection: Connection) -> tuple[StudyOnBoard, ...]:
            found = tables.studies(connection, self._class(connection, code), self._cutoff())
            return tuple(StudyOnBoard(study, n, at / MILLISECONDS) for study, n, at in found)

        return self._read(work, ())

    def clear(self, code: str | None, until: float = math.inf) -> int:
        """Remove the effects of a class, or with None all, that came until a time. How many there were."""
        latest = self._time() if until == math.inf else round(until * MILLISECONDS)

        def work(connection: Connection) -> int:
            of_class = None if code is None else self._class(connection, code)
            return tables.remove_class(connection, of_class, latest)

        return self._write(work)

    def classes(self) -> tuple[Class, ...]:
        """All classes, those of the newest effect first."""

        def work(connection: Connection) -> tuple[Class, ...]:
            found = tables.classes(connection, self._cutoff())
            return tuple(Class(digest, *counts, at / MILLISECONDS) for digest, counts, at in found)

        return self._read(work, ())

    def kept(self, code: str | None) -> tuple[Kept, ...]:
        """All effects of a class, or with None of all classes."""

        def work(connection: Connection) -> tuple[Kept, ...]:
            of_class = () if code is None else (rows.c.of_class == self._class(connection, code),)
            asked = select(rows).where(rows.c.at >= self._cutoff(), *of_class).order_by(*rows.primary_key.columns)
            found = connection.execute(asked)
            return tuple(Kept(digest, study, _effect(values)) for digest, study, *values in found)

        return self._read(work, ())

    # --- What there is room for ---

    def _make_room(self, connection: Connection, of_class: str, study: str, visitor: Visitor | None) -> None:
        """UserError if there is no room for one more row. Classes that nobody took up go before it is refused."""
        allowed = limits()
        studies = [each for each, _, _ in tables.studies(connection, of_class, 0)]
        if study not in studies and len(studies) >= allowed.board_studies:
            raise UserError(
                f"The class has {len(studies):,} studies on the board; at most {allowed.board_studies:,} are allowed.",
                about=ABOUT,
            )
        n_rows, n_classes = tables.count(connection)
        is_full = n_rows >= allowed.board_rows or (not studies and n_classes >= allowed.board_classes)
        if is_full:
            now = self._time()
            for unused in tables.least_used(connection, _SEATS_OF_A_CLASS, now - _UNUSED):
                if unused != of_class:
                    n_rows, n_classes = n_rows - tables.remove_class(connection, unused, now), n_classes - 1
        if not studies and n_classes >= allowed.board_classes:
            raise UserError(
                f"The board has {n_classes:,} classes; at most {allowed.board_classes:,} are allowed.", about=ABOUT
            )
        if n_rows >= allowed.board_rows:
            raise UserError(
                f"The board has {n_rows:,} effects; at most {allowed.board_rows:,} are allowed.", about=ABOUT
            )
        if not studies:
            self._paces.begin_class(visitor)

    def _time(self) -> int:
        return int(self._now() * MILLISECONDS)

    def _cutoff(self) -> int:
        return self._time() - limits().board_days * _DAY

    def _class(self, connection: Connection, code: str) -> str:
        """The digest of a class code, under which its rows are; of no class, if no class has begun."""
        key = tables.key(connection)
        return "" if key is None else _digest(key, code)

    # --- One transaction ---

    def _read(self, work: Callable[[Connection], _T], nothing: _T) -> _T:
        """What ``work`` finds; ``nothing`` if nothing was ever kept."""
        if not self._reached.place.may_exist():
            return nothing
        return self._ask(work, self._reached.reading, nothing)

    def _write(self, work: Callable[[Connection], _T]) -> _T:
        self._reached.place.make()
        try:
            return self._ask(work, self._reached.writing)
        finally:
            with self._lock:
                self.n_writes += 1

    def _ask(self, work: Callable[[Connection], _T], begin: _Begin, *nothing: _T) -> _T:
        """Do the work in a transaction. Where a table is missing, it is made, or ``nothing`` is the answer."""
        with self._lock:
            if time.monotonic() < self._rests_until:
                raise UserError(self._resting, about=ABOUT)
        try:
            try:
                with begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not is_missing_table(error):
                    raise
                if nothing:
                    return nothing[0]
            with self._reached.writing() as connection:
                tables.create(connection)
            with begin() as connection:
                return work(connection)
        except (SQLAlchemyError, OSError) as error:
            raise self._failed(error) from None

    def _failed(self, error: SQLAlchemyError | OSError) -> UserError:
        found = refusal(error)
        _log.warning("the class board does not answer", extra={"_fields": {"reason": found.reason}})
        if isinstance(found, Unreachable):
            with self._lock:
                self._rests_until, self._resting = time.monotonic() + _REST_SECONDS, found.sentence
        return UserError(found.sentence, about=ABOUT)


def board() -> Board:
    """The board of this server: in the database of ``GRAMMAR_NEURONS_BOARD_URL``, else in the cache folder."""
    from engine.folders import cache_folder

    names = ("GRAMMAR_NEURONS_BOARD_URL", "GRAMMAR_NEURONS_BOARD_PASSWORD_FILE")
    url, password_file = (os.environ.get(name, "").strip() for name in names)
    with _opening:  # else each of the first threads would have a board, and connections, of its own
        return _board_at(url, password_file, "" if url else str(cache_folder()))


_opening = threading.Lock()


@lru_cache(maxsize=4)
def _board_at(url: str, password_file: str, folder: str) -> Board:
    return Board(reach(url, password_file, folder))


def _effect(values: Sequence[Any]) -> SeatEffect:
    """An effect from the columns of its row, from the seat on."""
    seat, g, variance, auc, n_target, n_baseline, at = values
    return SeatEffect(seat, g, variance, auc, n_target, n_baseline, at / MILLISECONDS)


def _digest(key: str, code: str) -> str:
    """What is kept of a class code: it cannot be read, and is another in every database."""
    return hashlib.blake2b(code.encode(), key=bytes.fromhex(key), digest_size=16).hexdigest()
